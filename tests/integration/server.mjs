// Starts the real server on a free port with a data directory of its own, for the tests of the whole
// product. CLOUDSYNC_BIN names the binary.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** USER_HZ of proc(5) is 100 wherever Debian 12 runs. */
const kTickMs = 10;

export const binary = process.env.CLOUDSYNC_BIN ?? "build/release/cloudsync";

/** A port that was free a moment ago; for servers that must come back on the same one. */
export async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export class Server {
  /** Starts a server and waits until it says that it is ready. */
  static async start({ args = [], port = 0, dataDir } = {}) {
    const server = new Server();
    server.args = args;
    server.port = port;
    server.dataDir = dataDir ?? (await mkdtemp(join(tmpdir(), "cloudsync-test-")));
    server.log = "";
    await server.launch();
    return server;
  }

  async launch() {
    this.process = spawn(
      binary,
      ["serve", "--listen", `127.0.0.1:${this.port}`, "--data-dir", this.dataDir, ...this.args],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.process.stderr.on("data", (chunk) => (this.log += chunk));
    this.exited = new Promise((resolve) => this.process.once("exit", (code, signal) => resolve({ code, signal })));
    const lines = createInterface({ input: this.process.stdout });
    const first = await Promise.race([
      new Promise((resolve) => lines.once("line", resolve)),
      this.exited.then(() => { throw new Error(`server ended at start:\n${this.log}`); }),
    ]);
    this.url = /^CloudSync is ready at (http:\S+)$/.exec(first)?.[1];
    if (!this.url) throw new Error(`unexpected first line: ${first}`);
    this.port = Number(new URL(this.url).port);
  }

  /** Resident memory of the process. */
  residentBytes() {
    const pages = readFileSync(`/proc/${this.process.pid}/statm`, "latin1").split(" ")[1];
    return Number(pages) * 4096;
  }

  /** CPU time that the process has taken. */
  cpuMs() {
    const stat = readFileSync(`/proc/${this.process.pid}/stat`, "latin1");
    const [user, system] = stat.slice(stat.lastIndexOf(")")).split(" ").slice(12, 14).map(Number);
    return (user + system) * kTickMs;
  }

  /** kill -9: nothing is flushed, no handler runs. */
  async kill() {
    this.process.kill("SIGKILL");
    await this.exited;
  }

  /** SIGTERM; resolves with {code, signal}. */
  async stop() {
    this.process.kill("SIGTERM");
    return this.exited;
  }

  /** Stops it and removes its data. */
  async dispose() {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  async createDocument(type = "text", title = "Test") {
    const response = await fetch(`${this.url}/api/v1/documents`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ type, title }),
    });
    if (response.status !== 201) throw new Error(`create: ${response.status} ${await response.text()}`);
    return (await response.json()).id;
  }

  async document(id) {
    return (await fetch(`${this.url}/api/v1/documents/${id}`)).json();
  }

  /** The value of one sample of /metrics, 0 if it is not there. */
  async metric(name) {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
    return line === undefined ? 0 : Number(line.slice(name.length + 1));
  }

  limit(name) {
    return this.metric(`cloudsync_limit_reached_total{limit="${name}"}`);
  }
}

/** Resolves once `condition` holds; rejects with `what` after a generous time. */
export async function eventually(condition, what, timeoutMs = 20_000) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (await condition()) return;
    if (Date.now() > deadline) throw new Error(`timed out: ${typeof what === "function" ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
