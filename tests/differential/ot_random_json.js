'use strict';
// Random JSON documents and operations for ot_compare.js. Strings are edited in both encodings that
// the wire has, si/sd and the subtype text0.

const { type: jsonType } = require('ot-json0');
const { randomText } = require('./ot_random.js');

const KEYS = ['a', 'b', 'k', '', 'é', '💩', '0'];

function randomValue(random, depth) {
  switch (random.below(depth > 0 ? 8 : 5)) {
    case 0: return random.below(7) - 3;
    case 1: return random.pick([true, false, null, 0.5, -0.1, 1e21, 2 ** 53]);
    case 2: case 3: case 4: return random.chance(0.15) ? '' : randomText(random, 5);
    case 5: case 6: return Array.from({ length: random.below(5) }, () => randomValue(random, depth - 1));
    default: return randomObject(random, depth);
  }
}

function randomObject(random, depth) {
  const object = {};
  for (let i = random.below(4); i > 0; i--) object[random.pick(KEYS)] = randomValue(random, depth - 1);
  return object;
}

function randomJsonDocument(random) {
  if (random.chance(0.1)) return randomValue(random, 3);
  return random.chance(0.5) ? randomObject(random, 3) : [randomValue(random, 2), randomValue(random, 2), randomObject(random, 2)];
}

// Everything in a document with its path.
function* places(value, path = []) {
  yield { value, path };
  if (value === null || typeof value !== 'object') return;
  for (const [key, child] of Object.entries(value)) {
    yield* places(child, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

function textComponent(random, path, text) {
  const points = Array.from(text);
  const from = random.below(points.length + 1);
  const offset = points.slice(0, from).join('').length;
  const erased = random.chance(0.5) ? points.slice(from, from + 1 + random.below(3)).join('') : '';
  const subtype = random.chance(0.3);
  if (erased !== '') {
    return subtype ? { p: path, t: 'text0', o: [{ p: offset, d: erased }] } : { p: [...path, offset], sd: erased };
  }
  const inserted = randomText(random, 3);
  if (!subtype) return { p: [...path, offset], si: inserted };
  const second = random.chance(0.3) ? [{ p: offset + inserted.length, i: 'z' }, { p: 0, i: 'é' }] : [];
  return { p: path, t: 'text0', o: [{ p: offset, i: inserted }, ...second] };
}

function listComponent(random, path, list) {
  const at = random.below(list.length);
  if (list.length === 0 || random.chance(0.35)) {
    return { p: [...path, random.below(list.length + 1)], li: randomValue(random, 1) };
  }
  const p = [...path, at];
  return random.pick([
    { p, ld: list[at] },
    { p, ld: list[at], li: randomValue(random, 1) },
    { p, lm: random.below(list.length) },
    { p, lm: random.below(list.length) },
  ]);
}

function objectComponent(random, path, object) {
  const key = random.pick(KEYS);
  const p = [...path, key];
  if (!Object.hasOwn(object, key)) return { p, oi: randomValue(random, 1) };
  return random.chance(0.5) ? { p, od: object[key] } : { p, od: object[key], oi: randomValue(random, 1) };
}

function randomComponent(random, doc) {
  const all = Array.from(places(doc)).filter(
    ({ value }) => typeof value === 'string' || Number.isSafeInteger(value) || (value && typeof value === 'object'));
  if (all.length === 0) return null;
  const { value, path } = random.pick(all);
  if (typeof value === 'string') return textComponent(random, path, value);
  if (typeof value === 'number') return { p: path, na: random.below(7) - 3 };
  return Array.isArray(value) ? listComponent(random, path, value) : objectComponent(random, path, value);
}

function randomJsonOp(random, doc) {
  let current = structuredClone(doc);
  const op = [];
  for (let steps = random.below(5); steps > 0; steps--) {
    const component = randomComponent(random, current);
    if (component === null) break;
    op.push(structuredClone(component));
    current = jsonType.apply(current, [component]);
  }
  return op;
}

// A cursor in one of the document's strings, if there is one.
function randomJsonCursor(random, doc) {
  const strings = Array.from(places(doc)).filter(({ value }) => typeof value === 'string');
  if (strings.length === 0) return null;
  const { value, path } = random.pick(strings);
  return { path, index: Array.from(value).slice(0, random.below(9)).join('').length, length: 0 };
}

module.exports = { randomJsonDocument, randomJsonOp, randomJsonCursor, places };
