'use strict';
// Random documents and operations for ot_compare.js, from a seed. Operations come in every legal
// spelling, not only in normal form: neighbours that could be one, deletes with their text, retains
// at the end.

// sfc32 (Chris Doty-Humphrey, PractRand, public domain): small, and the same on every machine. A case
// takes over a hundred numbers, so a generator with 32 bits of state would repeat itself within ten
// million cases; this one has 128.
function makeRandom(seed) {
  let [a, b, c, counter] = [0, seed >>> 0, Math.floor(seed / 2 ** 32), 1];
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) next(); // until the seed has reached every bit
  const below = (n) => Math.floor(next() * n);
  return {
    below,
    chance: (p) => next() < p,
    pick: (list) => list[below(list.length)],
  };
}

// ASCII, Latin-1, CJK, combining marks, astral letters and emoji with joiners, controls.
const ALPHABET = [
  'a', 'b', 'c', 'X', ' ', '\n', '"', '\\', '\u0000', 'é', 'ß', 'e\u0301', '\u0301', '中', '文', '\ufffd',
  '\ue000', '\u200d', '𝒳', '💩', '👨‍👩‍👧', '🇩🇪', '\u{10ffff}',
];

function randomText(random, countMax) {
  let text = '';
  for (let i = 1 + random.below(countMax); i > 0; i--) text += random.pick(ALPHABET);
  return text;
}

// --- text: lengths in code points ---

function randomTextDocument(random) {
  return random.chance(0.1) ? '' : randomText(random, random.chance(0.1) ? 60 : 12);
}

function randomTextOp(random, doc) {
  const points = Array.from(doc);
  const op = [];
  let at = 0;
  for (let steps = random.below(7); steps > 0; steps--) {
    const n = Math.min(1 + random.below(4), points.length - at);
    const kind = random.below(3);
    if (kind === 0) {
      op.push(randomText(random, 3));
    } else if (n > 0 && kind === 1) {
      op.push({ d: random.chance(0.3) ? points.slice(at, at + n).join('') : n });
      at += n;
    } else if (n > 0 && typeof op[op.length - 1] !== 'number') {
      op.push(n);
      at += n;
    }
  }
  if (typeof op[op.length - 1] === 'number') op.pop();
  return op;
}

// --- rich text: lengths in UTF-16 units ---

const ATTRIBUTES = {
  bold: [true],
  color: ['red', 'blue', '#00f💩'],
  size: [1, 2.5, 1e21, -0.1, 5e-324],
  nested: [{ a: 1, b: [1, null, { c: 'é' }] }, { b: [1, null, { c: 'é' }], a: 1 }, { a: 2 }, []],
};
const EMBEDS = [{ image: 'x.png' }, { image: 'y.png' }, { formula: { tex: 'e^{i}', list: [1, 2] } }];

function randomAttributes(random, nulls) {
  if (random.chance(0.5)) return undefined;
  const attributes = {};
  for (const key of Object.keys(ATTRIBUTES)) {
    if (random.chance(0.35)) {
      attributes[key] = nulls && random.chance(0.4) ? null : random.pick(ATTRIBUTES[key]);
    }
  }
  return attributes; // maybe {}, which means none
}

function withAttributes(op, attributes) {
  return attributes === undefined ? op : { ...op, attributes };
}

function randomInsert(random, countMax) {
  const insert = random.chance(0.2) ? random.pick(EMBEDS) : randomText(random, countMax);
  return withAttributes({ insert }, randomAttributes(random, false));
}

function randomRichDocument(random) {
  const ops = [];
  for (let runs = random.below(6); runs > 0; runs--) ops.push(randomInsert(random, 6));
  return ops;
}

// The places of a document where an operation may cut, as offsets.
function cutPoints(documentOps) {
  const points = [0];
  for (const { insert } of documentOps) {
    for (const character of typeof insert === 'string' ? Array.from(insert) : ['.']) {
      points.push(points[points.length - 1] + character.length);
    }
  }
  return points;
}

function randomRichOp(random, documentOps) {
  const points = cutPoints(documentOps);
  const ops = [];
  let at = 0;
  for (let steps = random.below(7); steps > 0; steps--) {
    const to = Math.min(at + 1 + random.below(4), points.length - 1);
    const n = points[to] - points[at];
    const kind = random.below(4);
    if (kind === 0) {
      ops.push(randomInsert(random, 3));
    } else if (n > 0 && kind === 1) {
      ops.push({ delete: n });
      at = to;
    } else if (n > 0) {
      ops.push(withAttributes({ retain: n }, kind === 2 ? randomAttributes(random, true) : undefined));
      at = to;
    }
  }
  return ops;
}

module.exports = {
  makeRandom, randomText, randomTextDocument, randomTextOp, randomRichDocument, randomRichOp, cutPoints,
};
