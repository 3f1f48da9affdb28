// How cost grows with what there is more of: `node bench/growth.mjs [connections,documents,members,history,size]`.
// One node with one loop and the generator on the same machine; a table for each. As little else as possible should
// run; `bench/quiet_network.sh node bench/growth.mjs` as root takes the network's settings out of it.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cpuSeconds, residentBytes, serve, startServer } from "./running.mjs";

const kSeconds = 10;
/** Characters that one operation inserts when a document is filled. */
const kFill = 400_000;
const { io } = createRequire(new URL("../clients/typescript/package.json", import.meta.url))("socket.io-client");
const kEngine = ["--io-engine", "auto"];
const kUnlimited = ["submit-ops-per-second", "events-per-second", "user-rate-factor"]
  .flatMap((limit) => [`--limits.${limit}`, "0"]);
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
  const server = await startServer(serve([...kEngine, ...kUnlimited]));
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

/** Joins the document; resolves to the socket, the revision and the milliseconds until the content was there. */
async function joinDocument(url, documentId) {
  const socket = io(url, { transports: ["websocket"], forceNew: true, reconnection: false });
  await new Promise((resolve) => socket.once("connect", resolve));
  const begin = performance.now();
  const reply = await socket.emitWithAck("join-document", { documentId });
  if (reply.snapshotUrl !== undefined) await (await fetch(new URL(reply.snapshotUrl, url))).arrayBuffer();
  return { socket, revision: reply.revision, joinMs: performance.now() - begin };
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

/** A new document and its only writer, each of whose edits waits for the one before. */
async function openWriter(url) {
  const created = await fetch(new URL("/api/v1/documents", url), { method: "POST",
    headers: { "content-type": "application/json" }, body: JSON.stringify({ type: "text", title: "size" }) });
  const { id } = await created.json();
  const joined = await joinDocument(url, id);
  let { revision } = joined;
  const submit = async (op) => {
    const reply = await joined.socket.emitWithAck("submit-op", { documentId: id, revision, seq: revision + 1, op });
    if (!reply.ok) throw new Error(JSON.stringify(reply));
    revision = reply.revision;
  };
  return { id, submit, close: () => joined.socket.disconnect() };
}

/** Edits somewhere in so many characters until the time is over; the milliseconds that each took, in order of size. */
async function editAnywhere(writer, characters) {
  const acks = [];
  for (const end = performance.now() + 1000 * kSeconds; performance.now() < end;) {
    const begin = performance.now();
    await writer.submit([1 + Math.floor(Math.random() * (characters - 1)), "y"]);
    acks.push(performance.now() - begin);
  }
  return acks.sort((a, b) => a - b);
}

/** What ten joins took, likewise. An edit between them sees to it that none finds the content that another was given. */
async function joinAgain(url, writer) {
  const joins = [];
  for (let i = 0; i < 10; i++) {
    const { socket, joinMs } = await joinDocument(url, writer.id);
    joins.push(joinMs);
    socket.disconnect();
    await writer.submit([1, "z"]);
  }
  return joins.sort((a, b) => a - b);
}

/** Documents that get larger. */
async function size() {
  heading("characters", "server, µs an edit", "ack p50, ms", "p95", "join, ms", "server, MiB more");
  const server = await startServer(serve([...kEngine, ...kUnlimited]));
  const empty = residentBytes(server.pid);
  for (const characters of [1_000, 10_000, 100_000, 1_000_000, 10_000_000]) {
    const writer = await openWriter(server.url);
    for (let left = characters; left > 0; left -= kFill) await writer.submit(["x".repeat(Math.min(left, kFill))]);
    const cpu = cpuSeconds(server.pid);
    const acks = await editAnywhere(writer, characters);
    const perEdit = 1e6 * (cpuSeconds(server.pid) - cpu) / acks.length;
    const joins = await joinAgain(server.url, writer);
    row([characters.toLocaleString("en-US"), fixed(perEdit, 0), fixed(quantile(acks, 0.5)), fixed(quantile(acks, 0.95)),
      fixed(quantile(joins, 0.5)), fixed((residentBytes(server.pid) - empty) / 2 ** 20, 0)]);
    writer.close();
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
  size,
};
for (const name of (process.argv[2] ?? Object.keys(tables).join()).split(",")) await tables[name]();
process.exit(0);
