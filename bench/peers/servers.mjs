// The servers that are compared, each as a process of its own on a free port, on one core.
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startServer } from "../running.mjs";

const script = (name) => [process.execPath, fileURLToPath(new URL(name, import.meta.url))];

/**
 * By name: what is told of it, what it speaks (--protocol of cloudsync-loadtest), and its command line, given the
 * folder of the binaries and a new folder for data. `ours` is the server of ours that speaks the same.
 */
export const servers = {
  "cloudsync": {
    title: "CloudSync's gateway", protocol: "socket.io",
    command: (build) => [join(build, "examples/rooms"), "--listen", "127.0.0.1:0", "--io-engine", "auto"],
  },
  "socket.io": {
    title: "socket.io 4.8.4", protocol: "socket.io", ours: "cloudsync", command: () => script("socketio_rooms.mjs"),
  },
  "cloudsync-websocket": {
    title: "CloudSync's gateway, WebSocket alone", protocol: "websocket",
    command: (build) => [join(build, "examples/websocket_rooms"), "--listen", "127.0.0.1:0", "--io-engine", "auto"],
  },
  "ws": { title: "ws 8.23.0", protocol: "websocket", ours: "cloudsync-websocket", command: () => script("ws_rooms.mjs") },
  "beast": {
    title: "Boost.Beast 1.81", protocol: "websocket", ours: "cloudsync-websocket",
    command: (build) => [join(build, "bench/beast_rooms")],
  },
  "cloudsync-sqlite": {
    title: "cloudsync serve, SQLite on disk", protocol: "cloudsync",
    command: (build, data) => [join(build, "cloudsync"), "serve", "--listen", "127.0.0.1:0", "--threads", "1",
      "--data-dir", data],
  },
  "cloudsync-memory": {
    title: "cloudsync serve, SQLite in memory", protocol: "cloudsync", dataIn: "/dev/shm",
    command: (build, data) => servers["cloudsync-sqlite"].command(build, data),
  },
  "sharedb": {
    title: "sharedb 7.0.0, its memory database", protocol: "sharedb", ours: "cloudsync-memory",
    command: () => script("sharedb_server.mjs"),
  },
};

const isPinned = cpus().length > 1;

/** The command line on that core, if there are several, with as many descriptors as a process may have. */
export const onCore = (core, command) =>
  ["sh", "-c", 'ulimit -n "$(ulimit -Hn)" && exec "$@"', "sh", ...(isPinned ? ["taskset", "-c", String(core)] : []),
    ...command];

/** Starts a server on core 0; it is ready when this resolves. */
export function start(name, build) {
  const server = servers[name];
  return startServer((data) => onCore(0, server.command(build, data)), server.dataIn);
}
