// Starts the server under test: CS_REFERENCE=node is npm's own (which proves the suite), cloudsync
// the C++ twins, from the folder CS_EXAMPLES. The twins share names, command line and behaviour.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const reference = process.env.CS_REFERENCE ?? "node";
if (reference !== "node" && reference !== "cloudsync") throw new Error(`CS_REFERENCE=${reference}?`);

const here = fileURLToPath(new URL(".", import.meta.url));
const examples = process.env.CS_EXAMPLES ?? join(here, "../../../build/release/examples");

/** What the server under test is to do where npm's deviates from the contract; `reason` says how. */
export function perServer({ cloudsync, node, reason }) {
  if (!reason) throw new Error("a deviation needs a reason");
  return reference === "node" ? node : cloudsync;
}

/** Test options of a promise that npm's server does not make. */
export const cloudsyncOnly = (reason) => ({ skip: reference === "node" && `cloudsync only: ${reason}` });

function command(name) {
  return reference === "node"
    ? [process.execPath, join(here, "reference_servers", `${name}.mjs`)]
    : [join(examples, name)];
}

const running = new Set();
process.on("exit", () => running.forEach((server) => server.process.kill("SIGKILL")));

export class Server {
  /** `settings` are the long options without their dashes; true stands for a flag. */
  static async start(name, settings = {}) {
    const server = new Server();
    const options = Object.entries({ listen: "127.0.0.1:0", ...settings })
      .flatMap(([option, value]) => (value === true ? [`--${option}`] : [`--${option}`, String(value)]));
    const [program, ...args] = [...command(name), ...options];
    server.log = "";
    server.process = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    running.add(server);
    server.process.stderr.on("data", (chunk) => (server.log += chunk));
    server.exited = once(server.process, "exit");
    const [first] = await Promise.race([
      once(createInterface({ input: server.process.stdout }), "line"),
      server.exited.then(() => { throw new Error(`${name} ended at start:\n${server.log}`); }),
    ]);
    const url = /^listening on (http:\S+)$/.exec(first)?.[1];
    if (!url) throw new Error(`unexpected first line: ${first}`);
    server.url = url;
    server.hostname = new URL(url).hostname;
    server.port = Number(new URL(url).port);
    server.ref("unref");
    server.path = name === "engineio_echo" ? "/engine.io/" : "/socket.io/";
    return server;
  }

  get isRunning() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** A running server does not keep the tests' process alive: a test that fails may forget it. */
  ref(how) {
    for (const handle of [this.process, this.process.stdout, this.process.stderr]) handle[how]();
  }

  async stop() {
    this.ref("ref");
    running.delete(this);
    if (this.isRunning) this.process.kill("SIGKILL");
    await this.exited;
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves once `condition` holds; rejects with `what` after a generous time. */
export async function eventually(condition, what, timeoutMs = 15_000) {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`timed out: ${what}`);
    await sleep(10);
  }
}

/** `promise`, or a rejection that says what did not come: a test fails then, it does not hang. */
export function within(promise, what, timeoutMs = 15_000) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`timed out: ${what}`)), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
