// What a run of the attacks needs: the real server with its limits in force for loopback, the attackers and the
// well-behaved clients as processes of their own.
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { setPriority, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { binary, Server } from "../integration/server.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const generator = join(dirname(binary), "cloudsync-loadtest");

/** The limits of a server with `good` well-behaved clients, who all have one address: room for these, shorter times
    than by default, so that a short run sees them, and the rest as it comes. */
export const limitsFor = (good) => ({
  "limit-loopback": 1,
  "connections-per-ip": good + 100,
  "unjoined-sessions-per-ip": Math.min(good, 512) + 50, // the generator begins 512 at a time
  "handshakes-per-second": Math.ceil(good / 6),
  "rate-burst-ms": 10_000, // of handshakes: all of them, and for a second run that begins five seconds later
  "handshake-timeout-ms": 5_000,
  "connect-timeout-ms": 5_000,
  "idle-http-timeout-ms": 5_000,
  "send-queue-timeout-ms": 3_000,
  "event-flood-ms": 2_000,
  "joins-per-second": 10,
  "presence-per-second": 20,
  "websocket-fragments": 4_096,
  "idle-documents": 1, // what is left afterwards shall not be what the documents hold
});

export async function startServer(limits) {
  const args = Object.entries(limits).flatMap(([name, value]) => [`--limits.${name}`, String(value)]);
  return Server.start({ args: ["--websocket-compression", "on", "--log-level", "warning", ...args] });
}

export const lowestPriority = 19;

/** The 24 attacks under way; stop() ends them. With the lowest priority they take the processor time that nobody else
    wants, as an attacker does who has machines of his own; on a busy machine few rounds end then. Both functions resolve with the report of attack.mjs. */
export async function attack(server, limits, { priority = 0 } = {}) {
  const child = fork(join(here, "attack.mjs"), [JSON.stringify({ port: server.port, limits })]);
  const [word] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => { throw new Error("the attackers ended at their start"); }),
  ]);
  setPriority(child.pid, priority);
  if (word !== "ready") throw new Error(`unexpected: ${word}`);
  return {
    process: child,
    async report() {
      child.send("report");
      return (await once(child, "message"))[0];
    },
    async stop() {
      child.send("stop");
      const [report] = await once(child, "message");
      if (child.exitCode === null) await once(child, "exit");
      return report;
    },
  };
}

/** Well-behaved clients who edit; resolves with {code, output, result}: the generator's exit code, which is 0 if all
    converged and none was lost, and what it measured. */
export async function edit(server, { good, documents, opsPerSecond, seconds, type = "text" }) {
  const folder = await mkdtemp(join(tmpdir(), "cloudsync-chaos-"));
  const json = join(folder, "result.json");
  const args = ["--target", server.url, "--connections", good, "--documents", documents, "--ops-per-second", opsPerSecond,
    "--duration", seconds, "--type", type, "--json", json].map(String);
  const { code, output } = await new Promise((resolve) => execFile(generator, args, (error, stdout, stderr) =>
    resolve({ code: error?.code ?? 0, output: stdout + stderr })));
  const result = JSON.parse(await readFile(json, "utf8").catch(() => "null"));
  await rm(folder, { recursive: true, force: true });
  return { code, output, result };
}

/** All samples of /metrics: name with its labels → value. */
export async function metrics(server) {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return new Map(text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
    const space = line.lastIndexOf(" ");
    return [line.slice(0, space), Number(line.slice(space + 1))];
  }));
}
