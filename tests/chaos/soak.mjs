// What the attacks do to the latency of others: CHAOS_PAIRS times, well-behaved clients edit without the attacks, with
// them, and with the same attacks on another, otherwise idle server of the machine. The last tells what part of the
// change is that attackers, servers and editors share the cores: an attacker has no cores of the victim's elsewhere.
// Fails as chaos.test.mjs does for what is lost or answered wrongly; latency is only reported.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { eventually } from "../integration/server.mjs";
import { attack, edit, limitsFor, lowestPriority, startServer } from "./arena.mjs";

const number = (name, byDefault) => Number(process.env[name] ?? byDefault);
const pairs = number("CHAOS_PAIRS", 5);
const good = number("CHAOS_CONNECTIONS", 1_000);
const opsPerSecond = number("CHAOS_OPS_PER_SECOND", 300);
const seconds = number("CHAOS_SECONDS", 20);

const limits = limitsFor(good);
const [server, other] = [await startServer(limits), await startServer(limits)];
const ways = { without: null, with: server, control: other };
const roundsOf = {};
const runs = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));

/** CPU seconds of a process so far; 0 if it is gone. */
function cpuSeconds({ pid }) {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100; // USER_HZ is 100 on Linux
}

async function run(way, isLast) {
  const attackers = ways[way] && (await attack(ways[way], limits, { priority: lowestPriority }));
  const cpuBefore = cpuSeconds(server.process);
  const { code, output, result } = await edit(server, { good, documents: good / 10, opsPerSecond, seconds });
  const cpu = cpuSeconds(server.process) - cpuBefore;
  const cpuOfAttackers = attackers ? cpuSeconds(attackers.process) : 0;
  if (attackers && isLast) {
    // On a busy machine some attack may not have got through a round while the others edited.
    const tookPlace = ([name, { rounds }]) => rounds + (roundsOf[name] ?? 0) > 0;
    await eventually(async () => Object.entries(await attackers.report()).every(tookPlace), "every attack took place", 120_000);
  }
  const report = attackers ? await attackers.stop() : {};
  assert.equal(code, 0, output);
  for (const [name, { rounds, wrong }] of Object.entries(report)) {
    assert.deepEqual(wrong, [], name);
    if (way === "with") roundsOf[name] = (roundsOf[name] ?? 0) + rounds;
  }
  const { deliveryLatency: { p50Ms, p95Ms }, ackLatency } = result;
  runs[way].push({ delivery: p95Ms, ack: ackLatency.p95Ms });
  console.log(`  ${way.padEnd(8)} delivery p50 ${p50Ms.toFixed(1)} p95 ${p95Ms.toFixed(1)} ms, ack p95 ` +
    `${ackLatency.p95Ms.toFixed(1)} ms; CPU: server ${cpu.toFixed(1)} s, attackers ${cpuOfAttackers.toFixed(1)} s; ` +
    `server ${(server.residentBytes() / 2 ** 20).toFixed(0)} MiB`);
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

for (let pair = 0; pair < pairs; ++pair) {
  console.log(`pair ${pair + 1} of ${pairs}`);
  const order = Object.keys(ways);
  for (const way of pair % 2 === 0 ? order : order.reverse()) {
    await run(way, pair === pairs - 1);
  }
}
console.log("rounds " + Object.entries(roundsOf).map(([name, rounds]) => `${name} ${rounds}`).join(", "));
for (const what of ["delivery", "ack"]) {
  const [without, withThem, control] = Object.keys(ways).map((way) => median(runs[way].map((each) => each[what])));
  console.log(`${what} p95, medians of ${pairs}: ${without.toFixed(1)} ms without, ${withThem.toFixed(1)} with the attacks ` +
    `(ratio ${(withThem / without).toFixed(2)}), ${control.toFixed(1)} with them elsewhere on the machine ` +
    `(${(control / without).toFixed(2)}); with against elsewhere ${(withThem / control).toFixed(2)}`);
}
await Promise.all([server.dispose(), other.dispose()]);
