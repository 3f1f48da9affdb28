// Many sessions on one machine: `node bench/fleet.mjs SESSIONS [LADDER] [SECONDS]`, such as
//   node bench/fleet.mjs 500000 0,1,5,8,10 20
// Each node is a process with its own data directory, since a process may have 20,000 descriptors; documents have
// ten members, all on one node. LADDER is in thousands of deliveries a second. Prints the memory that a session
// takes, in the servers and in the kernel, what the servers' processors do without edits, and a row for each rung.
// MEMBERS, NODE_SESSIONS, SERVER_OPTIONS, LOAD_OPTIONS and DATA_ROOT (of the data directories; on /dev/shm a commit
// waits for no disk) change what their names say. RESTART=SIGKILL (or SIGTERM) ends all nodes at once ten seconds
// behind the last one's joining, and starts them again: how long is it until everybody is back? LOAD_OPTIONS must have
// --reconnect then. With BINARIES=path,path nodes take these in turn: what each takes without edits is told, so that two
// are compared in one run. As root, without other load.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cpuSeconds, residentBytes, serve, startServer } from "./running.mjs";

const sessions = Number(process.argv[2] ?? 100_000);
const ladder = (process.argv[3] ?? "0,1,5").split(",").map(Number);
const seconds = Number(process.argv[4] ?? 20);
const members = Number(process.env.MEMBERS ?? 10);
const nodes = Math.ceil(sessions / Number(process.env.NODE_SESSIONS ?? 17_500));
const serverOptions = (process.env.SERVER_OPTIONS ?? "").split(" ").filter(Boolean);
const loadOptions = (process.env.LOAD_OPTIONS ?? "--io-engine auto").split(" ").filter(Boolean);
/** Under way at a time, in all: more would only wait longer, out of the caches. */
const kHandshakes = 2048;
/** For each worker, whose sessions are all on one node: the kernel looks for a free port longer and longer from
    half of an address's 28,000 on (17,500 of one address took three times as long to connect). */
const kSourceAddresses = 4;
const restartSignal = process.env.RESTART;
const binaries = (process.env.BINARIES ?? "build/release/cloudsync").split(",");
const directory = mkdtempSync(join(tmpdir(), "cloudsync-fleet-"));
const servers = [];

function fieldsOf(path) {
  const lines = readFileSync(path, "utf8").matchAll(/^(\w+):\s+(\d+)/gm);
  return Object.fromEntries([...lines].map(([, key, value]) => [key, 1024 * value]));
}

/** Bytes and seconds, of all servers; of the kernel's memory only what cannot be reclaimed, which is where sockets are. */
function sample() {
  let rss = 0;
  const cpus = servers.map(({ pid }) => cpuSeconds(pid));
  for (const { pid } of servers) rss += residentBytes(pid);
  const cpu = cpus.reduce((sum, seconds) => sum + seconds, 0);
  const { SUnreclaim, MemAvailable } = fieldsOf("/proc/meminfo");
  return { at: performance.now() / 1000, rss, cpu, cpus, slab: SUnreclaim, available: MemAvailable };
}

/** What each server has sent so far: without edits these are pings. */
async function sends() {
  const pages = await Promise.all(servers.map(async ({ url }) => (await fetch(new URL("/metrics", url))).text()));
  return pages.map((page) => Number(page.match(/^cloudsync_loop_sends_total (\d+)/m)[1]));
}

const per = (bytes) => Math.round(bytes / sessions).toLocaleString("en-US");

async function run() {
  for (let i = 0; i < nodes; i++) {
    servers.push(await startServer(serve(serverOptions, binaries[i % binaries.length]), process.env.DATA_ROOT));
  }
  const before = sample();
  const json = join(directory, "result.json");
  const perSecond = 1000 / Math.max(members - 1, 1); // alone: edits instead of deliveries
  const generator = spawn("build/release/cloudsync-loadtest", [
    "--target", servers.map(({ url }) => url).join(), "--connections", sessions, "--documents", Math.floor(sessions / members),
    "--ops-per-second", perSecond, "--ladder", ladder.join(), "--duration", seconds, ...loadOptions,
    "--handshakes", Math.max(16, Math.floor(kHandshakes / nodes)), "--workers", nodes,
    "--source-addresses", kSourceAddresses * nodes, "--settle", 60, "--json", json, "--set-sysctls",
  ].map(String), { stdio: ["ignore", "pipe", "inherit"] });
  let joinedAt = null;
  let joined = null;
  let restarted = null;
  for await (const line of createInterface({ input: generator.stdout })) {
    console.error(line);
    const count = Number(line.match(/joined +(\d+)/)?.[1] ?? 0);
    if (count >= sessions && joinedAt === null) {
      joinedAt = performance.now() / 1000;
      joined = sample();
    }
    if (restartSignal !== undefined && joinedAt !== null) restarted = followRestart(restarted, joinedAt, count);
    // The idle rung, if there is one, comes first; its beginning still has what connecting left to do.
    if (joined !== null && ladder[0] === 0 && restartSignal === undefined && joined.idle === undefined) {
      const now = sample();
      if (now.at > joinedAt + seconds / 2 && joined.half === undefined) {
        const sent = await sends();
        joined.half = { ...sample(), sent };
      }
      if (now.at > joinedAt + seconds - 2) joined.idle = { ...now, sent: await sends() };
    }
  }
  const result = JSON.parse(readFileSync(json, "utf8"));
  report(before, joined, result);
  if (process.env.RESULT !== undefined) writeFileSync(process.env.RESULT, JSON.stringify(result) + "\n");
}

/** Makes the storm when it is time, and says when it is over. */
function followRestart(restarted, joinedAt, joined) {
  const now = performance.now() / 1000;
  if (restarted === null && now > joinedAt + 10) {
    const ready = Promise.all(servers.map((server) => server.restart(restartSignal)));
    ready.then(() => console.log(`all nodes were ended and ready again in ${(performance.now() / 1000 - now).toFixed(1)} s`));
    return { at: now, lowest: joined };
  }
  if (restarted?.lowest === undefined) return restarted;
  if (joined < restarted.lowest) return { ...restarted, lowest: joined };
  if (joined < sessions || restarted.lowest === sessions) return restarted;
  console.log(`all ${sessions} were back ${(now - restarted.at).toFixed(1)} s after the nodes ended`);
  return {};
}

function report(before, joined, { connections, connectLatency, ladder: rungs, errors }) {
  console.log(`${connections.joined} of ${sessions} sessions on ${nodes} nodes in ${connections.seconds.toFixed(1)} s, `
    + `${connections.failed} failed, ${connections.disconnects} disconnected, ${connections.reconnects} came back; connect p50 ${connectLatency.p50Ms.toFixed(0)}, `
    + `p95 ${connectLatency.p95Ms.toFixed(0)}, p99 ${connectLatency.p99Ms.toFixed(0)} ms; errors ${JSON.stringify(errors)}`);
  if (joined !== null) {
    console.log(`a session as soon as all are in: ${per(joined.rss - before.rss)} bytes of the servers (and ${per(before.rss)} that they took empty), `
      + `${per(joined.slab - before.slab)} of the kernel for both ends of it; ${Math.round(joined.available / 2 ** 30)} GiB available`);
  }
  if (joined?.idle !== undefined && joined.half !== undefined) {
    const { half, idle } = joined;
    console.log(`without edits the servers take ${((idle.cpu - half.cpu) / (idle.at - half.at)).toFixed(2)} of a core, `
      + `and a session ${per(idle.rss - before.rss)} bytes of them`);
    for (const [k, binary] of binaries.entries()) {
      const sum = (of) => servers.reduce((total, _, i) => (i % binaries.length === k ? total + of(i) : total), 0);
      const microseconds = 1e6 * sum((i) => idle.cpus[i] - half.cpus[i]) / sum((i) => idle.sent[i] - half.sent[i]);
      console.log(`  ${binary}: ${microseconds.toFixed(1)} us for each ping and its pong, of all that the servers take`);
    }
  }
  console.log("| deliveries/s | p50, ms | p95 | p99 | ack p95 |\n| --- | --- | --- | --- | --- |");
  for (const { deliveriesPerSecond, delivery, ack } of rungs) {
    const row = [Math.round(deliveriesPerSecond).toLocaleString("en-US"),
      ...[delivery.p50Ms, delivery.p95Ms, delivery.p99Ms, ack.p95Ms].map((ms) => ms.toFixed(1))];
    console.log(`| ${row.join(" | ")} |`);
  }
}

process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
await run();
process.exit(0);
