'use strict';
// Writes tests/conformance/vectors: calls of the three types and the answers of the reference
// implementations, which the engine and the TypeScript SDK must both give. Run it when a rule changes, and
// read what it changed. Usage: node make_vectors.js

const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { makeCase } = require('./ot_cases.js');
const { makeRandom } = require('./ot_random.js');
const types = require('./ot_types.js');

const SEED = 20;
const CASES = 40; // a type, each of six or seven calls
const BYTES_MAX = 700; // a line: long ones show nothing more, and nobody reads them

const folder = join(__dirname, '../conformance/vectors');
for (const type of [types.text, types.rich, types.json]) {
  const random = makeRandom(SEED);
  const lines = [];
  while (lines.length < CASES * 6) {
    for (const { request, expected } of makeCase(type, random)) {
      const line = JSON.stringify({ ...request, result: expected });
      if (line.length <= BYTES_MAX) lines.push(line);
    }
  }
  writeFileSync(join(folder, `${type.name}.jsonl`), lines.map((line) => `${line}\n`).join(''));
}
