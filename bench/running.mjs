// Servers under measurement: started on a free port with data of their own, watched, and gone with this process.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const kTickSeconds = 0.01; // USER_HZ, proc(5)
const kPageBytes = 4096;

/** The running ones, with their data. */
const all = new Map();
process.once("exit", () => {
  for (const [server, data] of all) {
    server.kill("SIGKILL");
    rmSync(data, { recursive: true, force: true });
  }
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/**
 * Starts what `command(data, listen)` says, given a new folder in `dataRoot` and where to listen; the server is ready
 * when this resolves.
 */
export async function startServer(command, dataRoot = tmpdir()) {
  const data = mkdtempSync(join(dataRoot, "cloudsync-bench-"));
  const server = { url: "", pid: 0, stop, restart };
  let running;
  let ended;

  async function start(listen) {
    const [file, ...args] = command(data, listen);
    running = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
    all.set(running, data);
    let said = "";
    for (const stream of [running.stdout, running.stderr]) {
      stream.on("data", (text) => (said = (said + text).slice(-4000)));
    }
    ended = new Promise((resolve) => running.once("close", resolve)); // when all that it said was read
    server.pid = running.pid;
    server.url = await new Promise((resolve, reject) => {
      createInterface({ input: running.stdout }).on("line", (line) => {
        const found = /(?:listening on|ready at) (http:\S+)$/.exec(line);
        if (found) resolve(found[1]);
      });
      ended.then(() => reject(new Error(`${file} ended at its start:\n${said}`)));
    });
  }
  async function end(signal) {
    running.kill(signal);
    await ended;
    all.delete(running);
  }
  async function stop() {
    await end("SIGTERM");
    rmSync(data, { recursive: true, force: true });
  }
  /** Ends it by `signal`, and starts it again where it listened, on its data: if its command heeds `listen`. */
  async function restart(signal) {
    await end(signal);
    await start(new URL(server.url).host);
  }
  try {
    await start("127.0.0.1:0");
  } catch (error) {
    await stop();
    throw error;
  }
  return server;
}

/** `serve` of a binary of cloudsync, with one loop and `options`. */
export const serve = (options = [], binary = "build/release/cloudsync") => (data, listen) =>
  [binary, "serve", "--listen", listen, "--threads", "1", "--data-dir", data, ...options];

/** Seconds of the processors that the process has had, with threads that have ended. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /, "").split(" ");
  return kTickSeconds * (Number(fields[11]) + Number(fields[12]));
}

/** Bytes of the process in memory. */
export function residentBytes(pid) {
  return kPageBytes * Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
}
