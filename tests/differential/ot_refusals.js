'use strict';
// Operations that we refuse. Each class says whether the reference takes it (docs/ot.md lists them):
// a class that stops being taken there, or here, is news.

const { cutPoints } = require('./ot_random.js');
const { text, rich, json, textType, richType, jsonType } = require('./ot_types.js');

const past = (type, doc, random) => type.length(doc) + 1 + random.below(50);
const length = (random) => 1 + random.below(3);
const nested = (key) => JSON.parse(`{"a": [{"${key}": 1}]}`);
const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];

// [name, taken by the reference, (random, doc) => op, our code if not op_invalid]; 'not run': the reference walks one by one over
// the length, or what it does depends on the document.
const TEXT = [
  ['delete past the end', true, (r, doc) => [{ d: past(text, doc, r) }]],
  ['skip past the end', false, (r, doc) => [past(text, doc, r), 'x']],
  ['fractional skip', true, (r, doc) => (doc ? [0.5, 'x'] : null)],
  ['fractional delete', true, () => ['x', { d: 0.5 }]],
  ['zero skip', false, () => [0, 'x']],
  ['negative skip', false, (r) => [-length(r), 'x']],
  ['negative delete', false, (r) => [{ d: -length(r) }]],
  ['empty insert', false, () => ['']],
  ['empty delete', false, (r) => [{ d: r.pick([0, '']) }]],
  ['other key beside d', true, (r, doc) => (doc ? [{ d: 1, e: 1 }] : [{ d: 5, e: 1 }])],
  ['boolean component', true, (r) => ['x', r.chance(0.5)]],
  ['null component', false, () => [null]],
  ['adjacent skips', false, () => [1, 1, 'x']],
  ['skip at the end', false, () => ['x', 1]],
  ['not an array', false, (r) => r.pick([{ ops: ['x'] }, 'x', 1, null])],
  ['length above 2^53', 'not run', () => [{ d: 2 ** 53 }]],
  ['total above 2^53', 'not run', () => [{ d: 2 ** 53 - 1 }, 'x', { d: 1 }]],
];

const cutInside = (doc, random) => {
  const units = doc.map(({ insert }) => (typeof insert === 'string' ? insert : '.')).join('');
  const cuts = new Set(cutPoints(doc));
  const inside = Array.from(units, (_, i) => i).filter((i) => i <= units.length && !cuts.has(i));
  return inside.length > 0 ? random.pick(inside) : null;
};

const RICH = [
  ['delete past the end', true, (r, doc) => [{ delete: past(rich, doc, r) }]],
  ['retain past the end', true, (r, doc) => [{ retain: past(rich, doc, r) }, { insert: 'x' }]],
  ['formatting past the end', true, (r, doc) => [{ retain: past(rich, doc, r), attributes: { b: 1 } }]],
  ['empty component', true, () => [{}]],
  ['unknown key', true, (r) => [r.pick([{ foo: 1 }, { insert: 'x', foo: 1 }])]],
  ['two actions', true, (r) => [r.pick([{ insert: 'x', delete: 1 }, { insert: 'x', retain: 1 }])]],
  ['zero length', true, (r) => [r.pick([{ retain: 0 }, { delete: 0 }])]],
  ['negative length', true, (r) => [r.pick([{ retain: -length(r) }, { delete: -length(r) }])]],
  ['fractional length', true, (r) => [r.pick([{ retain: 0.5 }, { delete: 1.5 }])]],
  ['length that is a string', true, (r) => [r.pick([{ retain: '1' }, { delete: '1' }])]],
  ['empty insert', true, () => [{ insert: '' }]],
  ['insert of neither text nor object', true, (r) => [{ insert: r.pick([1, true, null, []]) }]],
  ['empty embed', true, () => [{ insert: {} }]],
  ['attributes that are no object', true, (r) => [{ insert: 'x', attributes: r.pick([1, 'b', null, []]) }]],
  ['attributes of a delete', true, () => [{ delete: 1, attributes: { bold: true } }]],
  ['object retain', 'not run', () => [{ retain: { image: 'x' } }]],
  ['forbidden attribute', true, (r) => [{ insert: 'x', attributes: nested(r.pick(FORBIDDEN)).a[0] }]],
  ['forbidden key inside an attribute', true, (r) => [{ insert: 'x', attributes: nested(r.pick(FORBIDDEN)) }]],
  ['forbidden key inside an embed', true, (r) => [{ insert: { e: nested(r.pick(FORBIDDEN)) } }]],
  ['component that is no object', 'not run', (r) => [r.pick(['x', 1, null, []])]],
  ['neither array nor ops', true, (r) => r.pick(['x', 1, {}, { ops: 1 }, { ops: [], x: 1 }])],
  ['length above 2^53', true, () => [{ delete: 2 ** 53 }]],
  ['attributes above 8 KiB', true, () => [{ insert: 'x', attributes: { link: 'x'.repeat(8192) } }]],
  ['surrogate pair cut by a delete', true, (r, doc) => {
    const at = cutInside(doc, r);
    return at === null ? null : [{ delete: at }];
  }],
  ['surrogate pair cut by an insert', true, (r, doc) => {
    const at = cutInside(doc, r);
    return at === null ? null : [{ retain: at }, { insert: 'x' }];
  }],
  ['surrogate pair cut by formatting', true, (r, doc) => {
    const at = cutInside(doc, r);
    return at === null ? null : [{ retain: at, attributes: { bold: true } }];
  }],
];

// A document that has everything; what its operations delete is written out in them.
const JSON_DOC = { n: 1, half: 0.5, list: [1, 2], text: 'a💩b', object: { k: 1 } };
const number = (component) => ({ p: ['n'], ...component });
const element = (at, component) => [{ p: ['list', at], ...component }];
const member = (key, component) => [{ p: ['object', key], ...component }];
const text0 = (at, component) => [{ p: ['text', at], ...component }];
const levels = (count) => JSON.parse('['.repeat(count) + ']'.repeat(count));

const JSON0 = [
  ['list delete of another value', true, () => element(0, { ld: 2 })],
  ['list replace of another value', true, () => element(0, { ld: '1', li: 5 })],
  ['object delete of another value', true, () => member('k', { od: 2 })],
  ['object replace of another value', true, () => member('k', { od: { k: 1 }, oi: 2 })],
  ['object insert over a value that is not named', true, () => member('k', { oi: 2 })],
  ['object delete of a key that is not there', true, () => member('x', { od: 1 })],
  ['string delete of another text', false, () => text0(0, { sd: 'b' })],
  ['list insert past the end', true, (r) => element(3 + r.below(9), { li: 1 })],
  ['list delete past the end', true, (r) => element(2 + r.below(9), { ld: 1 })],
  ['list move from past the end', true, (r) => element(2 + r.below(9), { lm: 0 })],
  ['list move to past the end', true, (r) => element(0, { lm: 2 + r.below(9) })],
  ['string insert past the end', true, (r) => text0(5 + r.below(9), { si: 'x' })],
  ['string insert inside a surrogate pair', true, () => text0(2, { si: 'x' })],
  ['string delete of half a surrogate pair', true, () => text0(1, { sd: '\ud83d' }), 'bad_request'],
  ['negative index', true, (r) => element(-length(r), r.pick([{ li: 1 }, { ld: 1 }, { lm: 0 }]))],
  ['negative target of a move', true, (r) => element(0, { lm: -length(r) })],
  ['fractional index', true, () => element(0.5, { li: 1 })],
  ['index that is a string', true, () => element('0', { ld: 1 })],
  ['offset that is a string', false, () => text0('1', { si: 'x' })],
  ['key that is a number', true, () => member(0, { oi: 1 })],
  ['path through nothing', false, () => [{ p: ['x', 'y', 'z'], oi: 1 }]],
  ['wrong container', false, (r) => r.pick([element('x', { oi: 1 }), member('x', { li: 1 }), [{ p: ['text'], na: 1 }]])],
  ['addition of a string', true, () => [number({ na: '1' })]],
  ['addition of a fraction', true, () => [number({ na: 0.5 })]],
  ['addition of more than 2^53', true, () => [number({ na: 2 ** 53 + 2 })]],
  ['addition beyond 2^53', true, () => [number({ na: 2 ** 53 })]],
  ['addition to a fraction', true, () => [{ p: ['half'], na: 1 }]],
  ['unknown field', true, (r) => [number({ na: 1, [r.pick(['x', 'd', 'op'])]: 1 })]],
  ['two actions', true, () => element(0, { li: 1, lm: 1 })],
  ['string insert and delete in one', false, () => text0(0, { si: 'x', sd: 'a' })],
  ['no action', false, () => [number({})]],
  ['no path', false, () => [{ na: 1 }]],
  ['not an array', true, (r) => r.pick([{}, number({ na: 1 }), 1])],
  ['empty string insert or delete', true, (r) => text0(0, r.pick([{ si: '' }, { sd: '' }]))],
  ['replacement of the root', true, () => [{ p: [], od: JSON_DOC, oi: 1 }]],
  ['unknown subtype', false, () => [number({ t: 'x', o: [] })]],
  ['unknown field in a subtype', true, () => [{ p: ['text'], t: 'text0', o: [{ p: 0, i: 'x', x: 1 }] }]],
  ['forbidden key in a path', true, (r) => member(r.pick(FORBIDDEN), { oi: 1 })],
  ['forbidden key in a value', true, (r) => member('x', { oi: nested(r.pick(FORBIDDEN)) })],
  ['more than 48 levels', true, () => member('x', { oi: levels(47) })],
];

const takes = (apply) => (doc, op) => {
  try {
    apply(structuredClone(doc), structuredClone(op));
    return true;
  } catch {
    return false;
  }
};

module.exports = [
  { type: text, classes: TEXT, referenceTakes: takes((doc, op) => textType.apply(doc, op)) },
  { type: rich, classes: RICH, referenceTakes: takes((doc, op) => richType.apply(doc, op)) },
  {
    type: { ...json, document: () => JSON_DOC },
    classes: JSON0,
    referenceTakes: takes((doc, op) => jsonType.apply(doc, op)),
  },
];
