'use strict';
const { json, rich } = require('./ot_types.js');

// What one random case asks, each with the answer of the reference. Operations are sent as generated;
// the reference gets them in normal form, as we bring them into it first.
function makeCase(type, random) {
  const doc = type.document(random);
  const a = type.operation(random, doc);
  const b = type.operation(random, doc);
  const [na, nb] = [type.normalise(a), type.normalise(b)];
  const after = type.apply(doc, na);
  const next = type.operation(random, after);
  const cursor = type.cursor(random, doc);
  const own = random.chance(0.5);
  const sent = (value) => (type === rich && random.chance(0.5) ? { ops: value } : value);
  const ask = (call, fields, expected, effect) =>
    ({ request: { type: type.name, call, ...fields }, expected, effect });
  const asked = [
    ask('check', { op: sent(a) }, na),
    ask('apply', { doc: sent(doc), op: sent(a) }, after),
    ask('compose', { op: a, other: next }, type.compose(na, type.normalise(next))),
    // Compared by effect, too: where deletions of a string come to touch, the one that arrives at a place
    // first decides which components merge, and the reference moves them in another order.
    ...['left', 'right'].map((side) => ask('transform', { op: a, other: b, side }, type.transform(na, nb, side),
      type === json && ((op) => json.apply(json.apply(doc, nb), op)))),
    // Compared by effect: the reference also removes attributes that were not there before.
    ask('invert', { op: a, doc: sent(doc) }, type.invert(na, doc), type === rich && ((op) => rich.apply(after, op))),
  ];
  const moved = cursor && type.moved(cursor, na, own, doc);
  if (moved) asked.push(ask('transform-cursor', { op: sent(a), cursor, own }, moved));
  return asked;
}

module.exports = { makeCase };
