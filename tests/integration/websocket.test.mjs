// The product's WebSocket layer with compression on: stock clients use it, bombs and endless messages are closed
// and counted.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CONTINUATION, BINARY, RawClient, TEXT, deflated, frame, inflated } from "../conformance/websocket/raw_client.mjs";
import { call, connect, connected, Reader } from "./client.mjs";
import { eventually, Server } from "./server.mjs";

const PATH = "/socket.io/?EIO=4&transport=websocket";
const servers = [];
after(() => Promise.all(servers.map((server) => server.dispose())));

async function start(...args) {
  const server = await Server.start({ args: ["--threads", "1", ...args] });
  servers.push(server);
  return server;
}

test("stock clients with and without compression edit one document", async () => {
  const server = await start("--websocket-compression", "on");
  const documentId = await server.createDocument("text");
  const sockets = [true, false].map((perMessageDeflate) =>
    connect(server.url, { transports: ["websocket"], perMessageDeflate }));
  await Promise.all(sockets.map(connected));
  assert.deepEqual(sockets.map((socket) => socket.io.engine.transport.ws.extensions), ["permessage-deflate", ""]);
  const readers = await Promise.all(sockets.map((socket) => Reader.join(socket, documentId)));
  const text = "All work and no play. ".repeat(2_000);
  for (const [index, socket] of sockets.entries()) {
    assert.ok((await call(socket, "submit-op", { documentId, revision: index, seq: 1, op: [text] })).ok);
    await eventually(() => readers.every(({ revision }) => revision === index + 1), "both have it");
  }
  assert.deepEqual(readers[0].log, readers[1].log);
  assert.equal((await server.document(documentId)).content, text + text);
  for (const socket of sockets) socket.disconnect();
});

test("a broadcast comes compressed to those that asked for it", async () => {
  const server = await start("--websocket-compression", "on");
  const documentId = await server.createDocument("text");
  const writer = connect(server.url, { transports: ["websocket"] });
  await connected(writer);
  await Reader.join(writer, documentId);
  const raw = await RawClient.open(server.port, { path: PATH, extensions: "permessage-deflate" });
  await raw.next();
  await raw.send(frame(TEXT, "40"));
  await raw.next();
  await raw.send(frame(TEXT, `421["join-document",${JSON.stringify({ documentId })}]`));
  await raw.next();
  const text = "All work and no play. ".repeat(2_000);
  assert.ok((await call(writer, "submit-op", { documentId, revision: 0, seq: 1, op: [text] })).ok);
  let got;
  do got = await raw.next(); while (got.rsv === 0);
  assert.ok(got.payload.length < 1_000, `${got.payload.length} B`);
  assert.ok(String(inflated(got.payload)).startsWith('42["ops",'));
  raw.socket.destroy();
  writer.disconnect();
});

test("no compression is agreed upon by default", async () => {
  const server = await start();
  const raw = await RawClient.open(server.port, { path: PATH, extensions: "permessage-deflate" });
  assert.equal(raw.extensions, undefined);
  await raw.next();
  await raw.send(frame(TEXT, deflated("40"), { rsv: 4 }));
  await raw.expectClosed(1002);
});

test("a bomb is 1009 and counts as payload_bytes", async () => {
  const server = await start("--websocket-compression", "on");
  const packed = frame(BINARY, deflated(Buffer.alloc(64 * 1024 * 1024)), { rsv: 4 });
  const before = server.residentBytes();
  for (let i = 0; i < 20; ++i) {
    const raw = await RawClient.open(server.port, { path: PATH, extensions: "permessage-deflate" });
    await raw.next();
    await raw.send(packed);
    await raw.expectClosed(1009);
  }
  assert.equal(await server.limit("payload_bytes"), 20);
  assert.ok(server.residentBytes() - before < 4 * 1024 * 1024, `${server.residentBytes() - before} B`);
});

test("131,000 fragments without an end: 1008 at their limit, or when their time is over", async () => {
  const flood = [frame(TEXT, "a", { fin: false }), ...Array(131_000).fill(frame(CONTINUATION, "a", { fin: false }))];
  const counted = await start();
  const first = await RawClient.open(counted.port, { path: PATH });
  await first.next();
  await Promise.all([first.send(flood), first.expectClosed(1008)]);
  assert.equal(await counted.limit("websocket_fragments"), 1);
  const timed = await start("--limits.websocket-fragments", "200000", "--limits.idle-http-timeout-ms", "1000");
  const second = await RawClient.open(timed.port, { path: PATH });
  await second.next();
  const before = timed.residentBytes();
  await second.send(flood);
  await second.expectClosed(1008);
  assert.equal(await timed.limit("slow_message"), 1);
  assert.ok(timed.residentBytes() - before < 4 * 1024 * 1024, `${timed.residentBytes() - before} B`);
});
