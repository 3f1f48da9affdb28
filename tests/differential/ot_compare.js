'use strict';
// Runs random cases through the reference implementations and through cloudsync-ot-lines and compares
// apply, compose, transform and cursors. Usage: node ot_compare.js path/to/cloudsync-ot-lines
// Environment: CS_SEED (default 1), CS_CASES (per type, default 20000).

const { spawnSync } = require('node:child_process');
const { isDeepStrictEqual } = require('node:util');
const { makeRandom } = require('./ot_random.js');
const { text, rich } = require('./ot_types.js');
const refusals = require('./ot_refusals.js');

const tool = process.argv[2];
const seed = Number(process.env.CS_SEED || 1);
const cases = Number(process.env.CS_CASES || 20000);
const BATCH = 2000; // cases a run of the tool, to bound memory
const REFUSALS = 200; // operations of each refused class
const FAILURES_SHOWN = 5;

let failures = 0;

function report(what, detail) {
  failures += 1;
  if (failures <= FAILURES_SHOWN) console.error(`MISMATCH ${what}: ${JSON.stringify(detail)}`);
}

function ask(requests) {
  const input = requests.map((request) => JSON.stringify(request) + '\n').join('');
  const { status, signal, stdout, stderr } = spawnSync(tool, [], { input, maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`${tool} ended with ${status ?? signal}: ${stderr}`);
  const replies = stdout.toString().split('\n').filter(Boolean).map((line) => JSON.parse(line));
  if (replies.length !== requests.length) throw new Error('a reply is missing');
  return replies;
}

// What one random case asks, each with the answer of the reference. Operations are sent as generated;
// the reference gets them in normal form, as we bring them into it first.
function makeCase(type, random) {
  const doc = type.document(random);
  const a = type.operation(random, doc);
  const b = type.operation(random, doc);
  const [na, nb] = [type.normalise(a), type.normalise(b)];
  const after = type.apply(doc, na);
  const next = type.operation(random, after);
  const nextNormal = type.normalise(next);
  const index = random.below(type.length(doc) + 1);
  const length = random.below(type.length(doc) - index + 1);
  const own = random.chance(0.5);
  const start = type.position(index, na, own, doc);
  const end = type.position(index + length, na, own, doc);
  const ask = (fields, expected) => ({ request: { type: type.name, ...fields }, expected });
  const sent = (op) => (type === rich && random.chance(0.5) ? { ops: op } : op);
  return [
    ask({ do: 'normalise', op: sent(a) }, na),
    ask({ do: 'apply', doc: sent(doc), op: sent(a) }, after),
    ask({ do: 'compose', a, b: next }, type.compose(na, nextNormal)),
    ask({ do: 'transform', a, b, side: 'left' }, type.transform(na, nb, 'left')),
    ask({ do: 'transform', a, b, side: 'right' }, type.transform(na, nb, 'right')),
    ask({ do: 'range', op: sent(a), range: [index, length], own }, [start, end - start]),
  ];
}

function compareType(type, random) {
  for (let done = 0; done < cases; done += BATCH) {
    const asked = [];
    for (let i = Math.min(BATCH, cases - done); i > 0; i--) asked.push(...makeCase(type, random));
    const replies = ask(asked.map(({ request }) => request));
    asked.forEach(({ request, expected }, i) => {
      // Through JSON, as the answer came: the reference leaves keys with the value undefined.
      const wanted = JSON.parse(JSON.stringify(expected));
      if (!isDeepStrictEqual(replies[i].ok, wanted)) report('result', { request, wanted, got: replies[i] });
    });
  }
  console.log(`${type.name}: ${cases} cases compared`);
}

function checkRefusals({ type, classes, referenceTakes }, random) {
  for (const [name, taken, make] of classes) {
    const asked = [];
    while (asked.length < REFUSALS) {
      const doc = type.document(random);
      const op = make(random, doc);
      if (op === null) continue; // the class needs another document
      if (taken !== 'not run' && referenceTakes(doc, op) !== taken) report(`reference, ${name}`, { doc, op });
      asked.push({ type: type.name, do: 'apply', doc, op });
    }
    ask(asked).forEach((reply, i) => {
      if (!reply.error?.startsWith('op_invalid')) report(`not refused, ${name}`, { asked: asked[i], reply });
    });
  }
  console.log(`${type.name}: ${classes.length} classes of invalid operations refused`);
}

console.log(`seed ${seed} (set CS_SEED for another)`);
const random = makeRandom(seed);
for (const type of [text, rich]) compareType(type, random);
for (const set of refusals) checkRefusals(set, random);
console.log(`${failures} mismatches`);
process.exitCode = failures === 0 ? 0 : 1;
