// Limits of a node that need a server of their own: each is met on purpose, its answer is the documented one,
// and it counts in /metrics.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, test } from "node:test";
import { call, connect, connected, Reader } from "./client.mjs";
import { eventually, Server } from "./server.mjs";

const servers = [];
after(() => Promise.all(servers.map((server) => server.dispose())));

async function start(limits) {
  const args = Object.entries(limits).flatMap(([name, value]) => [`--limits.${name}`, String(value)]);
  const server = await Server.start({ args: ["--threads", "1", ...args] });
  servers.push(server);
  return server;
}

/** A text document with `ops`, each behind the other, and the connection that wrote them. */
async function written(server, ops) {
  const documentId = await server.createDocument("text");
  const socket = connect(server.url, { transports: ["websocket"] });
  await connected(socket);
  await Reader.join(socket, documentId);
  for (const [revision, op] of ops.entries()) {
    assert.ok((await call(socket, "submit-op", { documentId, revision, seq: revision + 1, op })).ok);
  }
  return { documentId, socket };
}

test("who is further behind than rebase_ops is revision_too_old", async () => {
  const server = await start({ "rebase-ops": 3 });
  const { documentId, socket } = await written(server, Array(4).fill(["x"]));
  const submit = (revision, seq) => call(socket, "submit-op", { documentId, revision, seq, op: ["y"] });
  assert.equal((await submit(0, 10)).error.code, "revision_too_old");
  assert.equal(await server.limit("rebase_ops"), 1);
  const other = connect(server.url, { transports: ["websocket"] });
  await connected(other);
  assert.equal((await call(other, "join-document", { documentId, revision: 0 })).error.code, "revision_too_old");
  assert.equal(await server.limit("rebase_ops"), 2);
  assert.ok((await call(other, "join-document", { documentId, revision: 1 })).ok);
  assert.ok((await submit(1, 11)).ok);
  assert.equal(await server.limit("rebase_ops"), 2);
  for (const each of [socket, other]) each.disconnect();
});

test("connections above the limit are closed at once, and there is room again when others go", async () => {
  const server = await start({ connections: 4 });
  const { hostname, port, host } = new URL(server.url);
  let refused = 0;
  const sockets = Array.from({ length: 8 }, () => {
    const socket = net.connect(Number(port), hostname).on("error", () => {});
    return socket.on("close", () => { refused++; });
  });
  await eventually(() => refused === 4, () => `${refused} of 8 are closed`);
  const kept = sockets.filter((socket) => !socket.destroyed);
  kept[0].write(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  assert.match(String((await once(kept[0], "data"))[0]), /^HTTP\/1.1 200 /);
  for (const socket of kept) socket.destroy();
  await eventually(() => fetch(`${server.url}/healthz`).then(({ ok }) => ok, () => false), "there is room");
  assert.ok(await server.limit("connections") >= 4);
});

test("a session above the limit of connections is asked to come later", async () => {
  const server = await start({ connections: 4 });
  const handshake = () => fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
  for (let i = 0; i < 4; ++i) {
    const response = await handshake();
    assert.equal(response.status, 200);
    await response.text();
  }
  const refused = await handshake();
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  assert.equal((await refused.json()).error.code, "overloaded");
  assert.equal(await server.limit("connections"), 1);
});

test("documents without members leave memory above idle_documents, and come back whole", async () => {
  const server = await start({ "idle-documents": 1 });
  const { documentId, socket } = await written(server, [["kept"]]);
  socket.disconnect();
  await eventually(async () => (await server.document(documentId)).content === "kept", "it is read");
  const before = await server.limit("idle_documents");
  for (let i = 0; i < 3; ++i) await server.document(await server.createDocument());
  await eventually(async () => (await server.limit("idle_documents")) === before + 3, "three had to go");
  assert.equal(await server.metric("cloudsync_documents_open"), 1);
  assert.equal(await server.limit("idle_document_bytes"), 0);
  assert.equal((await server.document(documentId)).content, "kept");
});

test("large documents without members leave memory above idle_document_bytes", async () => {
  const server = await start({ "idle-document-bytes": 1_000 });
  const text = "x".repeat(2_000);
  const { documentId, socket } = await written(server, [[text]]);
  assert.equal(await server.metric("cloudsync_documents_open"), 1);
  socket.disconnect();
  await eventually(async () => (await server.limit("idle_document_bytes")) === 1, "it had to go");
  assert.equal(await server.metric("cloudsync_documents_open"), 0);
  assert.equal(await server.limit("idle_documents"), 0);
  assert.equal((await server.document(documentId)).content, text);
});

test("an answer that nobody reads ends with idle_http_timeout; a quiet connection ends uncounted", async () => {
  const server = await start({});
  // 12 MB are more than the buffers of both sockets.
  const { documentId, socket } = await written(server, Array(24).fill(["x".repeat(500_000)]));
  socket.disconnect();
  await server.stop();
  server.args = ["--limits.idle-http-timeout-ms", "1000"];
  await server.launch();
  const { hostname, port, host } = new URL(server.url);
  const request = (path) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const quiet = net.connect(Number(port), hostname, () => quiet.write(request("/healthz")));
  await once(quiet.resume(), "close");
  assert.equal(await server.limit("idle_http_timeout"), 0);
  const lazy = net.connect(Number(port), hostname, () => lazy.write(request(`/api/v1/documents/${documentId}`)));
  lazy.on("error", () => {}).pause();
  await eventually(async () => (await server.limit("idle_http_timeout")) === 1, "the reader that does not read is closed");
  lazy.destroy();
});
