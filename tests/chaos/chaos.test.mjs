// 24 attacks at once on the real server while others edit: each attack gets its documented answer and counts in
// /metrics, the others lose nothing, and afterwards nothing is left of it. bench/README.md has what it does to latency.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { eventually } from "../integration/server.mjs";
import { attack, edit, limitsFor, metrics, startServer } from "./arena.mjs";
import { scenarios } from "./scenarios.mjs";

const good = 300;
const MiB = 1024 * 1024;

/** What may be held in addition while the attacks last. Most of it is theirs: 20 unread answers of 4 MB, messages of
    1 MB, queues of 1 MiB, and what the allocator keeps for them. */
const whileMax = 256 * MiB;
/** What may be more after a second run than after a first: runs differ by half of it, to either side. */
const afterMax = 32 * MiB;

const limits = limitsFor(good);
const server = await startServer(limits);
after(() => server.dispose());

const sample = (samples, name) => samples.get(name.startsWith("cloudsync_") ? name : `cloudsync_limit_reached_total{limit="${name}"}`) ?? 0;

/** The attacks that did not take place yet. */
const missing = (report) => Object.entries(report).filter(([name, { rounds, counts }]) =>
  rounds === 0 || Object.values(scenarios[name].counted ?? {}).some((what) => !counts[what])).map(([name]) => name);

/** Attacks and edits for so long; the report of the attackers, the result of the editors, and the largest size. */
async function run(seconds) {
  const attackers = await attack(server, limits);
  let largest = 0;
  const watch = setInterval(() => { largest = Math.max(largest, server.residentBytes()); }, 50);
  const editors = await edit(server, { good, documents: good / 10, opsPerSecond: 100, seconds });
  // On a busy machine a round may take longer than the editors do.
  let report;
  await eventually(async () => (report = await attackers.report()) && missing(report).length === 0,
    () => `rounds of ${missing(report)}: ${JSON.stringify(report)}`, 60_000).finally(async () => {
    clearInterval(watch);
    report = await attackers.stop();
  });
  return { report, editors, largest };
}

/** All that the attackers opened is gone; how large the process is then. */
async function calm() {
  const open = (samples) => ["connections", "sessions", "rooms", "send_queue_bytes", "http_answer_bytes"]
    .map((name) => samples.get(`cloudsync_${name}`));
  // The connection over which this asks is open.
  await eventually(async () => open(await metrics(server)).join() === "1,0,0,0,0",
    () => "the attackers' connections and sessions are gone", 40_000);
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  return server.residentBytes();
}

test("24 attacks at once get their answers and hurt nobody", async (t) => {
  assert.equal(Object.keys(scenarios).length, 24);
  await run(4);
  const sizeBefore = await calm();
  const before = await metrics(server);
  const { report, editors, largest } = await run(12);
  await calm();
  const mib = (bytes) => `${(bytes / MiB).toFixed(1)} MiB`;
  // Caches and the allocator give back some seconds later what nobody uses.
  const more = () => server.residentBytes() - sizeBefore;
  await eventually(() => more() < afterMax, () => `${mib(more())} more afterwards`, 60_000);
  const sizeAfter = server.residentBytes();
  const counted = await metrics(server);

  const least = {};
  for (const [name, { rounds, counts, wrong, late }] of Object.entries(report)) {
    t.diagnostic(`${name}: ${rounds} rounds ${JSON.stringify(counts)}${late ? `, ${late} late` : ""}`);
    assert.deepEqual(wrong, [], name);
    const add = (sampled, count) => { least[sampled] = (least[sampled] ?? 0) + count; };
    for (const [sampled, perRound] of Object.entries(scenarios[name].counts)) add(sampled, rounds * perRound);
    for (const [sampled, what] of Object.entries(scenarios[name].counted ?? {})) add(sampled, counts[what]);
  }
  for (const [name, count] of Object.entries(least)) {
    const delta = sample(counted, name) - sample(before, name);
    assert.ok(delta >= count, `${name} counted ${delta}, ${count} at least were met`);
  }

  assert.equal(editors.code, 0, editors.output);
  assert.equal(editors.result.connections.disconnects, 0);
  assert.deepEqual(editors.result.errors, {});
  assert.ok(editors.result.edits.made > 500, "they did edit");
  t.diagnostic(`ack p95 ${editors.result.ackLatency.p95Ms} ms, delivery p95 ${editors.result.deliveryLatency.p95Ms} ms`);

  t.diagnostic(`resident: ${mib(sizeBefore)} before, ${mib(largest)} meanwhile, ${mib(sizeAfter)} after`);
  assert.ok(largest - sizeBefore < whileMax, `${mib(largest - sizeBefore)} more meanwhile`);
});
