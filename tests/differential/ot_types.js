'use strict';
// The reference implementations behind one face, the same as that of cloudsync-ot.

const textType = require('ot-text-unicode').type;
const richType = require('rich-text').type; // brings quill-delta 4.2.2
const Delta = require('quill-delta'); // 5.1.0
const jsonType = require('ot-json0').type;
const { isDeepStrictEqual } = require('node:util');
const random = require('./ot_random.js');
const randomJson = require('./ot_random_json.js');

// Deletes as counts, neighbours merged. Of a copy: normalize() merges deletes inside its argument.
const textNormal = (op) => textType.normalize(textType.stripInvertible(structuredClone(op)));
const codePoints = (text) => Array.from(text).length;

// An operation's own inserts move a cursor at their place: the mirror image of the reference, which
// never moves one. Before mirroring, an insert goes in front of the deletes beside it.
function ownTextPosition(position, op, doc) {
  const walked = op.reduce((sum, c) => sum + (typeof c === 'number' ? c : c.d || 0), 0);
  const full = [...op, codePoints(doc) - walked].filter((c) => c !== 0);
  const parts = [];
  for (const component of full) {
    let at = parts.length;
    while (typeof component === 'string' && at > 0 && parts[at - 1].d) at--;
    parts.splice(at, 0, component);
  }
  const changed = op.reduce((n, c) => n + (typeof c === 'string' ? codePoints(c) : -(c.d || 0)), 0);
  const mirrored = textType.transformPosition(codePoints(doc) - position, parts.reverse());
  return codePoints(doc) + changed - mirrored;
}

const randomSelection = (lengthOf) => (r, doc) => {
  const index = r.below(lengthOf(doc) + 1);
  return { index, length: r.below(lengthOf(doc) - index + 1) };
};

const movedEnds = (position) => ({ index, length }, op, own, doc) => {
  const start = position(index, op, own, doc);
  return { index: start, length: position(index + length, op, own, doc) - start };
};

const text = {
  name: 'text',
  document: random.randomTextDocument,
  operation: random.randomTextOp,
  length: codePoints,
  normalise: textNormal,
  apply: (doc, op) => textType.apply(doc, op),
  compose: (a, b) => textNormal(textType.compose(structuredClone(a), structuredClone(b))),
  transform: (a, b, side) => textNormal(textType.transform(structuredClone(a), b, side)),
  invert: (op, doc) => textNormal(textType.invertWithDoc(op, doc)),
  cursor: randomSelection(codePoints),
  moved: movedEnds((position, op, own, doc) =>
    own ? ownTextPosition(position, op, doc) : textType.transformPosition(position, op)),
};

function deltaNormal(ops) {
  const delta = new Delta();
  for (const op of ops) {
    if (op.insert !== undefined) delta.insert(op.insert, op.attributes);
    else if (op.retain !== undefined) delta.retain(op.retain, op.attributes);
    else delta.delete(op.delete);
  }
  return delta.chop().ops;
}

// Both versions of quill-delta must say the same, or there is no reference to compare with.
function agreed(one, other) {
  if (!isDeepStrictEqual(one, other)) throw new Error('quill-delta 4.2.2 and 5.1.0 differ');
  return one;
}

const rich = {
  name: 'rich-text',
  document: (r) => deltaNormal(random.randomRichDocument(r)),
  operation: random.randomRichOp,
  length: (ops) => new Delta(ops).length(),
  normalise: deltaNormal,
  apply: (doc, op) => agreed(richType.apply(doc, op).ops, new Delta(doc).compose(new Delta(op)).ops),
  compose: (a, b) => agreed(richType.compose(a, b).ops, new Delta(a).compose(new Delta(b)).ops),
  transform: (a, b, side) =>
    agreed(richType.transform(a, b, side).ops, new Delta(b).transform(new Delta(a), side === 'left').ops),
  invert: (op, doc) => new Delta(op).invert(new Delta(doc)).ops,
  cursor: randomSelection((ops) => new Delta(ops).length()),
  moved: movedEnds((position, op, own) => richType.transformCursor(position, new Delta(op), own)),
};

// Strings are edited by si and sd only.
function withoutSubtypes(op) {
  return op.flatMap((c) => (c.t === undefined
    ? [c]
    : c.o.map(({ p, i, d }) => (i === undefined ? { p: [...c.p, p], sd: d } : { p: [...c.p, p], si: i }))));
}

const changesNothing = (c) => c.na === 0 || (c.lm !== undefined && c.lm === c.p[c.p.length - 1]);

// The reference merges a component into the one before it, once. Until nothing merges any more, and
// without what changes nothing, it is our normal form.
function jsonNormal(op) {
  for (let before = withoutSubtypes(op); ;) {
    const merged = [];
    for (const component of before.filter((c) => !changesNothing(c))) jsonType.append(merged, component);
    if (isDeepStrictEqual(merged, before)) return merged;
    before = merged;
  }
}

// A cursor goes where an insertion at it would go; the reference has no cursors. Nothing if the
// string is gone.
function jsonCursor({ path, index, length }, op, own) {
  const insert = [{ p: [...path, index], si: 'x' }];
  const moved = jsonNormal(jsonType.transform(insert, structuredClone(op), own ? 'right' : 'left'));
  if (moved.length === 0) return undefined;
  const p = moved[0].p;
  return { path: p.slice(0, -1), index: p[p.length - 1], length };
}

const json = {
  name: 'json',
  document: randomJson.randomJsonDocument,
  operation: randomJson.randomJsonOp,
  normalise: jsonNormal,
  apply: (doc, op) => jsonType.apply(structuredClone(doc), op),
  compose: (a, b) => jsonNormal(jsonType.compose(a, b)),
  transform: (a, b, side) => jsonNormal(jsonType.transform(structuredClone(a), structuredClone(b), side)),
  invert: (op) => jsonNormal(jsonType.invert(op)),
  cursor: randomJson.randomJsonCursor,
  moved: jsonCursor,
};

module.exports = { text, rich, json, textType, richType, jsonType };
