// Servers under measurement: started on a free port with data of their own, watched, and gone with this process.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const kPageBytes = 4096;
const kTickSeconds = 0.01; // USER_HZ, proc(5)

/** The running ones, with their data. */
const all = new Map();
process.once("exit", () => {
  for (const [server, data] of all) {
    server.kill("SIGKILL");
    rmSync(data, { recursive: true, force: true });
  }
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** Starts what `command(data)` says, given a new folder in `dataRoot`; the server is ready when this resolves. */
export async function startServer(command, dataRoot = tmpdir()) {
  const data = mkdtempSync(join(dataRoot, "cloudsync-bench-"));
  const [file, ...args] = command(data);
  const running = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
  all.set(running, data);
  let errors = "";
  running.stderr.on("data", (text) => (errors = (errors + text).slice(-4000)));
  const ended = new Promise((resolve) => running.once("exit", resolve));
  const stop = async () => {
    running.kill("SIGTERM");
    await ended;
    all.delete(running);
    rmSync(data, { recursive: true, force: true });
  };
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: running.stdout }).on("line", (line) => {
      const found = /(?:listening on|ready at) (http:\S+)$/.exec(line);
      if (found) resolve(found[1]);
    });
    ended.then(() => reject(new Error(`${file} ended at its start:\n${errors}`)));
  }).catch(async (error) => {
    await stop();
    throw error;
  });
  return { url, pid: running.pid, stop };
}

/** `cloudsync serve` with one loop and `options`. */
export const serve = (options = []) => (data) =>
  ["build/release/cloudsync", "serve", "--listen", "127.0.0.1:0", "--threads", "1", "--data-dir", data, ...options];

/** Seconds of the processors that the process has had. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /, "").split(" ");
  return kTickSeconds * (Number(fields[11]) + Number(fields[12]));
}

/** Bytes of the process in memory. */
export function residentBytes(pid) {
  return kPageBytes * Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
}
