// Starts examples/websocket_echo on a free port. WEBSOCKET_ECHO_BIN names the binary.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { after } from "node:test";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const binary = process.env.WEBSOCKET_ECHO_BIN ?? `${root}build/release/examples/websocket_echo`;

/** Resident memory of a process. */
export function residentBytes(pid) {
  return Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * 4096;
}

/** A server for the tests of the file; ended when they are through. Returns {port, url, residentBytes()}. */
export async function startEcho(...args) {
  const server = spawn(binary, ["--listen", "127.0.0.1:0", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  server.stderr.on("data", (chunk) => (log += chunk));
  after(async () => {
    server.kill();
    const [code, signal] = server.exitCode === null ? await once(server, "exit") : [server.exitCode, null];
    if (code !== 0) throw new Error(`the server ended with ${signal ?? code}:\n${log}`);
  });
  const [line] = await once(createInterface({ input: server.stdout }), "line");
  const port = Number(/^websocket_echo is ready at ws:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1]);
  if (!port) throw new Error(`unexpected first line: ${line}`);
  return { port, url: `ws://127.0.0.1:${port}`, residentBytes: () => residentBytes(server.pid) };
}
