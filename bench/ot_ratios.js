'use strict';
// Runs each case of bench/ot_bench and then the same with the npm packages, and prints operations per
// CPU second of both and their ratio as a Markdown table: on a busy machine only the ratio of two
// neighbours in time means something.
// Usage: node bench/ot_ratios.js build/release/bench/ot_bench [regular expression of cases]
// (after tools/npm_ci.sh tests/differential). Environment: CS_SECONDS a case takes (default 0.5).

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const packages = path.join(__dirname, '../tests/differential/node_modules');
const text = require(path.join(packages, 'ot-text-unicode')).type;
const Delta = require(path.join(packages, 'quill-delta'));
const json = require(path.join(packages, 'ot-json0')).type;

const seconds = Number(process.env.CS_SECONDS || 0.5);
const SIZES = { '10k': 1e4, '1M': 1e6, '10M': 1e7 };

// std::minstd_rand, so that both sides edit the same places.
function places(isRandom, length) {
  let state = 1;
  let at = Math.floor(length / 2);
  return () => {
    if (!isRandom) return (at = (at + 1) % length);
    state = (state * 48271) % 2147483647;
    return state % length;
  };
}

function ascii(size) {
  let letters = '';
  for (let i = 0; i < size; i++) letters += i % 60 === 59 ? '\n' : String.fromCharCode(97 + (i % 26));
  return Buffer.from(letters).toString(); // flat, as text that was received is
}

const astral = (characters) =>
  Buffer.from(Array.from({ length: characters }, (_, i) => (i % 16 === 0 ? '💩' : 'é')).join('')).toString();

function formatted(size) {
  const delta = new Delta();
  for (let i = 0; i < size; i += 80) delta.insert(ascii(40)).insert(ascii(40), { bold: true });
  return delta;
}

const textKind = {
  length: (doc) => Array.from(doc).length,
  insert: (at) => (at === 0 ? ['x'] : [at, 'x']),
  erase: (at) => (at === 0 ? [{ d: 1 }] : [at, { d: 1 }]),
  apply: text.apply,
};
const richKind = {
  length: (doc) => doc.length(),
  insert: (at) => new Delta().retain(at).insert('x'),
  erase: (at) => new Delta().retain(at).delete(1),
  apply: (doc, op) => doc.compose(op),
};

// Each case is a function that returns { work, operations }: what to repeat, and what it counts for.
function applying(kind, make, size, isRandom) {
  return () => {
    let doc = make(size);
    const next = places(isRandom, kind.length(doc));
    const work = () => {
      const at = next();
      doc = kind.apply(doc, kind.insert(at));
      doc = kind.apply(doc, kind.erase(at));
    };
    return { work, operations: 2 };
  };
}

function inverting(make, size) {
  return () => {
    const doc = make(size);
    const next = places(true, doc.length() - 20);
    return { work: () => new Delta().retain(next()).delete(20).invert(doc), operations: 1 };
  };
}

function textOp(components, offset) {
  const op = [];
  for (let i = 0; i < components; i += 2) op.push(offset + 5, 'x');
  return op;
}

function richOp(components, offset, change) {
  const op = new Delta();
  for (let i = 0; i < components; i += 2) change(op.retain(offset + 5));
  return op;
}

// One change and its inverse, as in ot_bench. The reference changes the document in place as well.
function applyingJson(make, length, change, back) {
  return () => {
    let doc = make();
    const next = places(true, length);
    const work = () => {
      const at = next();
      doc = json.apply(doc, [change(at)]);
      doc = json.apply(doc, [back(at)]);
    };
    return { work, operations: 2 };
  };
}

const task = (number) => ({ title: 'task', number });
const components = (count, make) => Array.from({ length: count }, (_, i) => make(i));

function addJsonCases(found) {
  for (const [name, size] of Object.entries(SIZES)) {
    found[`json/apply-text/${name}`] = applyingJson(() => ({ body: ascii(size) }), size,
      (at) => ({ p: ['body', at], si: 'x' }), (at) => ({ p: ['body', at], sd: 'x' }));
  }
  for (const count of [200, 20000]) {
    found[`json/apply-list/${count}`] = applyingJson(() => ({ tasks: components(count, task) }), count,
      (at) => ({ p: ['tasks', at], li: task(-1) }), (at) => ({ p: ['tasks', at], ld: task(-1) }));
  }
  const keys = () => Object.fromEntries(components(100, (i) => [`key${i}`, 0]));
  found['json/apply-key/100'] = applyingJson(keys, 100,
    (at) => ({ p: [`key${at}`], od: 0, oi: 1 }), (at) => ({ p: [`key${at}`], od: 1, oi: 0 }));
  const kinds = {
    'json-text': (at) => ({ p: ['tasks', 7, 'title', at], si: 'x' }),
    'json-list': (at, i) => ({ p: ['tasks', at], li: task(i) }),
    'json-move': (at) => ({ p: ['tasks', at], lm: at + 4 }),
    'json-apart': (at) => ({ p: ['tasks', at, 'done'], od: false, oi: true }),
  };
  for (const [kind, make] of Object.entries(kinds)) {
    const op = (count, offset) => components(count, (i) => make(offset + 10 * i, i));
    for (const [own, others] of [[1, 1], [2, 20], [1000, 1000]]) {
      const [a, b] = [op(own, 3), op(others, 0)];
      found[`${kind}/transform/${own}x${others}`] = () => ({ work: () => json.transform(a, b, 'left'), operations: 1 });
      found[`${kind}/compose/${own}x${others}`] = () => ({ work: () => json.compose(a, b), operations: 1 });
    }
    const inverted = op(20, 0);
    found[`${kind}/invert/20`] = () => ({ work: () => json.invert(inverted), operations: 1 });
  }
}

function cases() {
  const found = {};
  addJsonCases(found);
  const documents = {
    text: [textKind, ascii],
    'text-astral': [textKind, (size) => astral(size / 2)],
    'rich-plain': [richKind, (size) => new Delta().insert(ascii(size))],
    'rich-formatted': [richKind, formatted],
  };
  for (const [name, [kind, make]] of Object.entries(documents)) {
    for (const [sizeName, size] of Object.entries(SIZES)) {
      found[`${name}/apply-cursor/${sizeName}`] = applying(kind, make, size, false);
      found[`${name}/apply-random/${sizeName}`] = applying(kind, make, size, true);
      if (kind === richKind) found[`${name}/invert/${sizeName}`] = inverting(make, size);
    }
  }
  const insert = (op) => op.insert('x');
  const format = (op) => op.retain(1, { bold: true });
  for (const components of [2, 20, 2000]) {
    const add = (name, work) => (found[`${name}/2x${components}`] = () => ({ work, operations: 1 }));
    const [a, b] = [textOp(2, 3), textOp(components, 0)];
    add('text/transform', () => text.transform(a, b, 'left'));
    const behind = textOp(2, 10 * components);
    add('text/transform-behind', () => text.transform(behind, b, 'left'));
    add('text/compose', () => text.compose(a, b));
    for (const [name, change] of [['rich', insert], ['rich-format', format]]) {
      const [ra, rb] = [richOp(2, 3, change), richOp(components, 0, change)];
      add(`${name}/transform`, () => rb.transform(ra, true));
      const richBehind = richOp(2, 10 * components, change);
      add(`${name}/transform-behind`, () => rb.transform(richBehind, true));
      add(`${name}/compose`, () => ra.compose(rb));
    }
  }
  return found;
}

// Operations per CPU second. The first run of the work is not counted: it compiles.
function measure(make) {
  const { work, operations } = make();
  work();
  const start = process.cpuUsage();
  let runs = 0;
  let spent = 0;
  while (spent < seconds) {
    for (const end = runs + Math.max(1, runs >> 2); runs < end; runs++) work();
    const { user, system } = process.cpuUsage(start);
    spent = (user + system) / 1e6;
  }
  return (runs * operations) / spent;
}

function run(tool, ...options) {
  const { status, stdout, stderr } = spawnSync(tool, options, { maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${tool} failed: ${stderr}`);
  return stdout.toString();
}

function measureOurs(tool, name) {
  const options = [`--benchmark_filter=^${name}$`, `--benchmark_min_time=${seconds}`];
  return JSON.parse(run(tool, '--benchmark_format=json', ...options)).benchmarks[0];
}

const short = (rate) => (rate >= 1e6 ? `${(rate / 1e6).toFixed(2)} M` : Math.round(rate).toLocaleString('en'));

const [, , tool, pattern = ''] = process.argv;
const references = cases();
const names = run(tool, '--benchmark_list_tests=true').split('\n').filter((name) => name && name.match(pattern));
console.log('| case | ours, operations/s | allocations | npm, operations/s | ratio |\n| --- | --- | --- | --- | --- |');
for (const name of names) {
  const { items_per_second: ours, allocations } = measureOurs(tool, name);
  const theirs = name in references ? measure(references[name]) : null;
  const ratio = theirs === null ? '' : (ours / theirs).toPrecision(2);
  const cells = [name, short(ours), allocations.toFixed(2), theirs === null ? '' : short(theirs), Number(ratio) || ''];
  console.log(`| ${cells.join(' | ')} |`);
}
