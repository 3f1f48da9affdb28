// Measures servers side by side (bench/README.md): in each round every server of a cell gets the cell's load, one right
// after the other, server on core 0, generator on core 1. What is told is the server's CPU time, which depends on what
// else the machine does less than throughput and latencies do; compare ratios, which are of one round.
//
//   node bench/peers/run.mjs [--cells NAME,…] [--servers NAME,…] [--rounds 3] [--seconds 2] [--warm-up 1.5] [--scale 1]
//     [--build build/release] [--commit NAME] [--json FILE]
//
// Ends with 1 if a run failed: a message got lost, copies differ, or a connection broke.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cells, loadOptions, scaled } from "./cells.mjs";
import { onCore, servers, start } from "./servers.mjs";

const { values: options } = parseArgs({
  options: {
    cells: { type: "string", default: Object.keys(cells).join() },
    servers: { type: "string", default: Object.keys(servers).join() },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "2" },
    "warm-up": { type: "string", default: "1.5" },
    scale: { type: "string", default: "1" },
    build: { type: "string", default: "build/release" },
    commit: { type: "string", default: "" },
    json: { type: "string" },
  },
});
const work = mkdtempSync(join(tmpdir(), "cloudsync-peers-results-"));
process.once("exit", () => rmSync(work, { recursive: true, force: true }));

function named(known, names) {
  const list = names.split(",");
  const unknown = list.find((name) => !(name in known));
  if (unknown !== undefined) throw new Error(`there is no ${unknown}: ${Object.keys(known).join(", ")}`);
  return list;
}

/** One run of the generator against a server that was started for it. */
async function measure(cell, name) {
  const server = await start(name, options.build);
  const file = join(work, "result.json");
  const [command, ...args] = onCore(1, [join(options.build, "cloudsync-loadtest"), "--target", server.url,
    "--protocol", servers[name].protocol, "--server-pid", server.pid, ...loadOptions(cell, name),
    "--warm-up", options["warm-up"], "--duration", options.seconds, "--settle", "20", "--json", file].map(String));
  try {
    const output = await new Promise((resolve) =>
      execFile(command, args, (error, stdout, stderr) => resolve(error ? stdout + stderr : "")));
    if (output) throw new Error(output);
    return JSON.parse(readFileSync(file, "utf8"));
  } finally {
    await server.stop();
  }
}

const latency = ({ p50Ms, p99Ms }) => ({ p50Ms, p99Ms });

/** What is kept of a result. */
const figures = ({ serverCpu, edits, ackLatency, deliveryLatency }) => ({
  cpuSeconds: serverCpu.seconds,
  operations: serverCpu.operations,
  deliveries: serverCpu.deliveries,
  perSecond: { operations: Math.round(edits.perSecond), deliveries: Math.round(serverCpu.deliveries / edits.seconds) },
  microseconds: {
    delivery: serverCpu.microsPerDelivery,
    operation: (serverCpu.seconds * 1e6) / serverCpu.operations,
  },
  ack: latency(ackLatency),
  delivery: latency(deliveryLatency),
});

/** The median, of an even number the upper one, with the range. */
function spread(numbers) {
  const order = [...numbers].sort((a, b) => a - b);
  return { median: order[order.length >> 1], min: order[0], max: order[order.length - 1] };
}

const short = (number) => (number >= 100 ? number.toFixed(0) : number.toPrecision(3));
const text = ({ median, min, max }) => `${short(median)} (${short(min)}–${short(max)})`;

/** The figures of all rounds and what they come to. */
function summary(cell, rounds) {
  const cost = (round, name) => round[name]?.microseconds[cell.per];
  return Object.fromEntries(Object.keys(rounds[0]).map((name) => {
    const { ours } = servers[name];
    const of = (pick) => spread(rounds.map(pick));
    return [name, {
      microseconds: of((round) => cost(round, name)),
      ...(rounds[0][ours] && { ratioToOurs: of((round) => cost(round, name) / cost(round, ours)) }),
      perSecond: of((round) => round[name].perSecond[cell.per === "delivery" ? "deliveries" : "operations"]),
      ackP50Ms: of((round) => round[name].ack.p50Ms),
      ackP99Ms: of((round) => round[name].ack.p99Ms),
    }];
  }));
}

function print(cell, result) {
  console.log(`\n${cell.title}: median of ${options.rounds} rounds (range)\n`);
  console.log(`| server | CPU µs per ${cell.per} | times ours | ${cell.per === "delivery" ? "deliveries" : "operations"}` +
    "/s | answer p50 / p99, ms |\n| --- | --- | --- | --- | --- |");
  for (const [name, row] of Object.entries(result)) {
    console.log(`| ${servers[name].title} | ${text(row.microseconds)} | ${row.ratioToOurs ? text(row.ratioToOurs) : ""} | ` +
      `${Math.round(row.perSecond.median)} | ${short(row.ackP50Ms.median)} / ${short(row.ackP99Ms.median)} |`);
  }
}

async function compare(name, wanted) {
  const cell = scaled(cells[name], Number(options.scale));
  const rounds = [];
  for (let round = 0; round < Number(options.rounds); ++round) {
    rounds.push({});
    for (const server of cell.servers.filter((one) => wanted.includes(one))) {
      const result = await measure(cell, server);
      machine = result.machine;
      rounds[round][server] = figures(result);
    }
  }
  const result = summary(cell, rounds);
  print(cell, result);
  const { loadAverage } = machine; // of the last minute
  return { title: cell.title, per: cell.per, rooms: cell.rooms, members: cell.members, loadAverage, servers: result, rounds };
}

let machine;
const results = {};
let failed = false;
const wanted = named(servers, options.servers);
for (const name of named(cells, options.cells)) {
  try {
    results[name] = await compare(name, wanted);
  } catch (error) {
    failed = true;
    console.error(`${name} FAILED: ${error.message}`);
  }
}
if (options.json) {
  const [rounds, seconds, warmUp, scale] = ["rounds", "seconds", "warm-up", "scale"].map((name) => Number(options[name]));
  writeFileSync(options.json, JSON.stringify({
    machine, commit: options.commit, config: { rounds, seconds, warmUp, scale, node: process.version }, cells: results,
  }, null, 1) + "\n");
}
process.exitCode = failed ? 1 : 0;
