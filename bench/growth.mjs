// How cost grows with what there is more of: `node bench/growth.mjs [connections,documents,members,history]`.
// One node with one loop and the generator on the same machine; a table for each. As little else as possible should
// run; `bench/quiet_network.sh node bench/growth.mjs` as root takes the network's settings out of it.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cpuSeconds, residentBytes, serve, startServer } from "./running.mjs";

const kSeconds = 10;
const kEngine = ["--io-engine", "auto"];
const work = mkdtempSync(join(tmpdir(), "cloudsync-growth-"));
process.once("exit", () => rmSync(work, { recursive: true, force: true }));

/** The generator's command line for that load on the server, with the result in a file. */
function generator(server, load) {
  const options = { connections: load.connections, documents: load.documents, "ops-per-second": load.operations,
    duration: kSeconds, "warm-up": 2, settle: 60, "server-pid": server.pid, target: server.url,
    json: join(work, "result.json"), ...load.options };
  return [...kEngine, ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])];
}

const result = () => JSON.parse(readFileSync(join(work, "result.json"), "utf8"));
const fixed = (value, digits = 1) => value.toFixed(digits);
const row = (cells) => console.log(`| ${cells.join(" | ")} |`);

function heading(...cells) {
  console.log("");
  row(cells);
  row(cells.map(() => "---"));
}

async function measure(load) {
  const server = await startServer(serve(kEngine));
  const empty = residentBytes(server.pid);
  let resident = 0;
  const watch = setInterval(() => (resident = Math.max(resident, residentBytes(server.pid))), 200);
  try {
    await new Promise((resolve, reject) =>
      execFile("build/release/cloudsync-loadtest", generator(server, load), (error, stdout, stderr) =>
        error ? reject(new Error(stdout + stderr)) : resolve()));
  } finally {
    clearInterval(watch);
    await server.stop();
  }
  return { ...result(), bytes: resident - empty };
}

/** One table: `loads` by what grows. */
async function table(name, loads) {
  heading(name, "edits/s", "deliveries/s", "server, µs a delivery", "µs an edit", "ack p50, ms", "p95", "delivery p95",
    "server, MiB more");
  for (const [size, load] of loads) {
    const { serverCpu: cpu, ackLatency: ack, deliveryLatency: delivery, bytes } = await measure(load);
    const perEdit = 1e6 * cpu.seconds / cpu.operations;
    row([size.toLocaleString("en-US"), fixed(cpu.operations / kSeconds, 0), fixed(cpu.deliveries / kSeconds, 0),
      fixed(cpu.microsPerDelivery), fixed(perEdit, 0), fixed(ack.p50Ms), fixed(ack.p95Ms), fixed(delivery.p95Ms),
      fixed(bytes / 2 ** 20, 0)]);
  }
}

/** One document that is edited and edited: a row whenever its history is ten times as long. */
async function history(rate = 6000, most = 1_000_000) {
  heading("operations before", "edits/s", "server, µs an edit", "ack p50, ms", "p95", "server, MiB more");
  const unlimited = ["submit-ops-per-second", "events-per-second", "user-rate-factor"]
    .flatMap((limit) => [`--limits.${limit}`, "0"]);
  const server = await startServer(serve([...kEngine, ...unlimited]));
  const empty = residentBytes(server.pid);
  const rungs = Math.ceil(most / rate / kSeconds) + 1;
  const load = { connections: 16, documents: 1, operations: rate,
    options: { ladder: Array(rungs).fill(1).join(), "warm-up": 0 } };
  const running = spawn("build/release/cloudsync-loadtest", generator(server, load),
    { stdio: ["ignore", "pipe", "inherit"] });
  const seconds = [];
  for await (const line of createInterface({ input: running.stdout })) {
    const [, acks, ack95] = /acks\/s +(\d+) .*ack p95 ([\d.]+)/.exec(line) ?? [];
    if (acks === undefined) continue;
    seconds.push({ acks: Number(acks), ack95: Number(ack95), cpu: cpuSeconds(server.pid),
      bytes: residentBytes(server.pid) });
  }
  const { ladder } = result();
  let total = 0;
  for (let i = 1, due = 1000; i < seconds.length; i++) {
    total += seconds[i - 1].acks;
    const next = seconds.slice(i, i + 3);
    if (total < due || next.length < 3) continue;
    const acks = next.reduce((sum, { acks }) => sum + acks, 0);
    const rung = ladder[Math.min(Math.floor(i / kSeconds), ladder.length - 1)];
    const perEdit = 1e6 * (next[2].cpu - seconds[i - 1].cpu) / acks;
    row([due.toLocaleString("en-US"), fixed(acks / 3, 0), fixed(perEdit, 0), fixed(rung.ack.p50Ms),
      fixed(Math.max(...next.map(({ ack95 }) => ack95))), fixed((next[2].bytes - empty) / 2 ** 20, 0)]);
    due *= 10;
  }
  await server.stop();
}

const tables = {
  connections: () => table("connections, documents of ten", [100, 1000, 5000, 10_000, 17_000]
    .map((connections) => [connections, { connections, documents: connections / 10, operations: 300 }])),
  documents: () => table("documents of one member", [10, 100, 1000, 5000, 17_000]
    .map((documents) => [documents, { connections: documents, documents, operations: 500 }])),
  members: () => table("members of one document", [2, 10, 100, 1000, 10_000].map((members) =>
    [members, { connections: members, documents: 1, operations: Math.min(200, 10_000 / (members - 1)) }])),
  history,
};
for (const name of (process.argv[2] ?? Object.keys(tables).join()).split(",")) await tables[name]();
process.exit(0);
