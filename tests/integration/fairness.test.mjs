// One peer that takes too much hurts itself alone: rates, queues and overload, with the real binary. Each
// limit is met on purpose, its answer is the documented one, and it counts in /metrics.
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

async function joined(server, documentId, request) {
  const socket = connect(server.url, { transports: ["websocket"] });
  await connected(socket);
  return { socket, reader: await Reader.join(socket, documentId, request) };
}

/** A handshake from another loopback address. */
function handshakeFrom(server, localAddress) {
  const { hostname, port, host } = new URL(server.url);
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = net.connect({ port: Number(port), host: hostname, localAddress });
    socket.on("error", reject).on("data", (bytes) => { answer += bytes; }).on("close", () => resolve(answer));
    socket.write(`GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  });
}

test("handshakes above the rate are 429 with Retry-After, for their address alone", async () => {
  const server = await start({ "limit-loopback": 1, "handshakes-per-second": 1, "rate-burst-ms": 5_000 });
  const answers = await Promise.all(Array.from({ length: 30 }, () => handshakeFrom(server, "127.0.0.2")));
  const refused = answers.filter((answer) => answer.startsWith("HTTP/1.1 429 "));
  assert.ok(refused.length >= 20, `${refused.length} of 30 are refused`);
  assert.equal(answers.filter((answer) => answer.startsWith("HTTP/1.1 200 ")).length, 30 - refused.length);
  assert.match(refused[0], /\r\nretry-after: [1-9]/);
  assert.match(refused[0], /"code":"rate_limited"/);
  assert.equal(await server.limit("handshakes_per_second"), refused.length);
  assert.equal(await server.metric("cloudsync_sessions"), 30 - refused.length);
  assert.match(await handshakeFrom(server, "127.0.0.3"), /^HTTP\/1.1 200 /);
});

test("events above their rate are rate_limited, presence is dropped, and others notice nothing", async () => {
  const server = await start({ "submit-ops-per-second": 1, "presence-per-second": 1, "rate-burst-ms": 10_000 });
  const documentId = await server.createDocument("text");
  const { socket } = await joined(server, documentId);
  const other = await joined(server, documentId);
  let taken = 0;
  let refusal;
  for (let i = 0; i < 40; ++i) {
    const reply = await call(socket, "submit-op", { documentId, revision: taken, seq: i + 1, op: ["x"] });
    if (reply.ok) taken++;
    else refusal = reply.error;
    socket.emit("presence", { documentId, revision: taken, state: {} });
  }
  assert.ok(taken >= 10 && taken < 30, `${taken} of 40 are taken`);
  assert.equal(refusal.code, "rate_limited");
  assert.ok(refusal.retryAfterMs >= 1_000);
  assert.equal(await server.limit("submit_ops_per_second"), 40 - taken);
  assert.ok(await server.limit("presence_per_second") > 0);
  assert.ok((await call(other.socket, "submit-op", { documentId, revision: taken, seq: 1, op: ["y"] })).ok);
  await eventually(() => other.reader.revision === taken + 1, "the other one has all");
  for (const each of [socket, other.socket]) each.disconnect();
});

test("a connection that heeds no refusal is closed", async () => {
  const server = await start({ "events-per-second": 1, "rate-burst-ms": 1_000, "event-flood-ms": 2_000 });
  const socket = connect(server.url, { transports: ["websocket"] });
  await connected(socket);
  const closed = once(socket, "disconnect");
  const flood = setInterval(() => socket.emit("presence", {}), 10);
  await closed;
  clearInterval(flood);
  assert.equal(await server.limit("event_flood"), 1);
});

test("who does not read is closed at 1 MiB, comes back and has missed nothing", async () => {
  const server = await start({});
  const documentId = await server.createDocument("text");
  const slow = await joined(server, documentId);
  const writer = await joined(server, documentId);
  slow.socket.io.engine.transport.ws._socket.pause();
  const text = "x".repeat(2_000);
  const count = 10_000;
  for (let revision = 0; revision < count; ++revision) {
    // Each replaces the one before: the document stays small.
    const op = revision === 0 ? [text] : [text, { d: text.length }];
    const reply = await call(writer.socket, "submit-op", { documentId, revision, seq: revision + 1, op });
    assert.ok(reply.ok, JSON.stringify(reply));
    if (revision % 500 === 0) assert.ok(await server.metric("cloudsync_send_queue_bytes") <= 1_100_000);
  }
  assert.equal(await server.limit("send_queue_bytes"), 1);
  assert.equal(writer.reader.revision, count);
  slow.socket.disconnect();
  const back = await joined(server, documentId, { revision: 0 });
  const log = [...back.reader.reply.ops];
  while (log.length < count) {
    const page = await call(back.socket, "fetch-ops", { documentId, from: log.length + 1, to: count });
    assert.equal(page.revision, log.length + 1);
    log.push(...page.ops);
  }
  assert.deepEqual(log.map(({ seq }) => seq), Array.from({ length: count }, (_, i) => i + 1));
  for (const each of [back.socket, writer.socket]) each.disconnect();
});

test("a document of 10 MB opens over one connection without meeting the cap", async () => {
  const server = await start({});
  const documentId = await server.createDocument("text");
  const writer = await joined(server, documentId);
  for (let revision = 0; revision < 25; ++revision) {
    const op = ["x".repeat(400_000)];
    assert.ok((await call(writer.socket, "submit-op", { documentId, revision, seq: revision + 1, op })).ok);
  }
  const { socket, reader } = await joined(server, documentId);
  assert.equal(reader.reply.snapshot, undefined);
  const content = await (await fetch(server.url + reader.reply.snapshotUrl)).json();
  assert.equal((content.content ?? content).length, 10_000_000);
  const behind = await joined(server, documentId, { revision: 0 });
  assert.ok(JSON.stringify(behind.reader.reply).length < 1_000_000, "the rest of a catch-up is to be fetched");
  assert.ok(behind.reader.reply.next > 0);
  assert.equal(await server.limit("send_queue_bytes"), 0);
  assert.ok(socket.connected && behind.socket.connected && writer.socket.connected);
  for (const each of [socket, behind.socket, writer.socket]) each.disconnect();
});

test("while too much is queued a handshake is 503, and those who are in go on", async () => {
  const server = await start({ "node-queue-bytes": 100_000 });
  const documentId = await server.createDocument("text");
  const slow = await joined(server, documentId);
  const writer = await joined(server, documentId);
  slow.socket.io.engine.transport.ws._socket.pause();
  const handshake = () => fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
  let refused;
  const text = "x".repeat(100_000);
  for (let revision = 0; refused === undefined && revision < 200; ++revision) {
    const op = revision === 0 ? [text] : [text, { d: text.length }];
    assert.ok((await call(writer.socket, "submit-op", { documentId, revision, seq: revision + 1, op })).ok);
    if (await server.metric("cloudsync_send_queue_bytes") > 100_000) refused = await handshake();
    if (refused?.status === 200) refused = undefined;
  }
  assert.equal(refused?.status, 503);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  assert.equal((await refused.json()).error.code, "overloaded");
  assert.ok(await server.limit("node_queue_bytes") >= 1);
  // Its connection breaks: a farewell would not be read while more than a quarter of its queue is used.
  slow.socket.io.reconnection(false);
  slow.socket.io.engine.transport.ws.terminate();
  await eventually(async () => (await handshake()).status === 200, "there is room again");
  writer.socket.disconnect();
});
