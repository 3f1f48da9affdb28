// The stock npm socket.io-client joins, edits and reads, over each transport.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, connect, connected, Reader } from "./client.mjs";
import { eventually, Server } from "./server.mjs";

let server;
before(async () => { server = await Server.start(); });
after(() => server.dispose());

for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
  test(`two clients edit one text over ${transports.join(" and ")}`, async () => {
    const id = await server.createDocument("text");
    const sockets = [connect(server.url, { transports }), connect(server.url, { transports })];
    await Promise.all(sockets.map(connected));
    const [ann, ben] = await Promise.all(sockets.map((socket) => Reader.join(socket, id)));
    assert.equal(ann.reply.snapshot, "");
    const acks = await Promise.all([
      call(sockets[0], "submit-op", { documentId: id, revision: 0, seq: 1, op: ["Hello"] }),
      call(sockets[1], "submit-op", { documentId: id, revision: 0, seq: 1, op: [" world 🌍"] }),
    ]);
    assert.deepEqual(acks.map((ack) => ack.ok), [true, true]);
    assert.deepEqual(acks.map((ack) => ack.revision).sort(), [1, 2]);
    await eventually(() => ann.revision === 2 && ben.revision === 2, "both see both operations");
    assert.deepEqual(ann.log, ben.log);
    const { content, revision } = await server.document(id);
    assert.equal(revision, 2);
    // The later of two inserts at one place lands in front (left wins).
    const texts = ["Hello", " world 🌍"];
    assert.equal(content, acks[0].revision === 1 ? texts[1] + texts[0] : texts[0] + texts[1]);
    const late = connect(server.url, { transports });
    await connected(late);
    assert.equal((await Reader.join(late, id)).reply.snapshot, content);
    for (const socket of [...sockets, late]) socket.disconnect();
  });
}

test("a polling client is upgraded to WebSocket and loses nothing on the way", async () => {
  const id = await server.createDocument("text");
  const socket = connect(server.url, { transports: ["polling", "websocket"] });
  await connected(socket);
  const reader = await Reader.join(socket, id);
  for (let seq = 1; seq <= 50; ++seq) {
    const ack = await call(socket, "submit-op", { documentId: id, revision: reader.revision, seq, op: ["x"] });
    assert.equal(ack.revision, seq);
  }
  await eventually(() => socket.io.engine.transport.name === "websocket", "the upgrade");
  assert.equal(reader.log.length, 50);
  socket.disconnect();
});

test("the ack is behind the frame that holds its revision", async () => {
  const id = await server.createDocument("rich-text");
  const socket = connect(server.url, { transports: ["websocket"] });
  await connected(socket);
  const reader = await Reader.join(socket, id);
  assert.deepEqual(reader.reply.snapshot, [{ insert: "\n" }]);
  const ack = await call(socket, "submit-op",
    { documentId: id, revision: 0, seq: 1, op: { ops: [{ insert: "A", attributes: { bold: true } }] } });
  assert.equal(ack.revision, 1);
  assert.equal(reader.revision, 1);
  assert.deepEqual(reader.log[0].op, [{ insert: "A", attributes: { bold: true } }]);
  assert.deepEqual((await server.document(id)).content,
    [{ insert: "A", attributes: { bold: true } }, { insert: "\n" }]);
  socket.disconnect();
});

test("members come and go, presence is transformed to the head", async () => {
  const id = await server.createDocument("text");
  const sockets = [1, 2].map(() => connect(server.url, { transports: ["websocket"], auth: { name: "Ann" } }));
  await Promise.all(sockets.map(connected));
  const ann = await Reader.join(sockets[0], id);
  const ben = await Reader.join(sockets[1], id);
  assert.equal(ben.reply.memberCount, 2);
  assert.equal(ben.reply.members[0].clientId, ann.reply.client.id);
  assert.equal(ben.reply.members[0].name, "Ann");
  await call(sockets[0], "submit-op", { documentId: id, revision: 0, seq: 1, op: ["abc"] });
  sockets[1].emit("presence", { documentId: id, revision: 1, state: { selection: { index: 1, length: 1 } } });
  await eventually(() => ann.presence.length === 1, "presence arrives");
  assert.deepEqual(ann.presence[0].state.selection, { index: 1, length: 1 });
  assert.equal(ben.presence.length, 0);
  sockets[1].disconnect();
  await eventually(() => ann.events.some(([name]) => name === "user-left"), "user-left arrives");
  sockets[0].disconnect();
});

test("a client resumes by revision with the same identity, and a resend is applied once", async () => {
  const id = await server.createDocument("text");
  const first = connect(server.url, { transports: ["websocket"] });
  await connected(first);
  const { reply } = await Reader.join(first, id);
  const submission = { documentId: id, revision: 0, seq: 1, op: ["once"] };
  const ack = await call(first, "submit-op", submission);
  first.disconnect();
  const second = connect(server.url, { transports: ["websocket"], auth: { client: reply.client } });
  await connected(second);
  const resumed = await Reader.join(second, id, { revision: 0, hash: reply.hash });
  assert.equal(resumed.reply.ops.length, 1);
  assert.equal(resumed.reply.client.id, reply.client.id);
  assert.deepEqual(await call(second, "submit-op", submission), ack);
  assert.equal((await server.document(id)).content, "once");
  second.disconnect();
});

test("a connection is one client in all its documents, also when it joins them at once", async () => {
  const ids = await Promise.all([1, 2, 3].map(() => server.createDocument("text")));
  const socket = connect(server.url, { transports: ["websocket"] });
  await connected(socket);
  const readers = await Promise.all(ids.map((id) => Reader.join(socket, id)));
  assert.equal(new Set(readers.map(({ reply }) => reply.client.id)).size, 1);
  const submit = (documentId) => call(socket, "submit-op", { documentId, revision: 0, seq: 1, op: ["a"] });
  assert.ok((await call(socket, "leave-document", { documentId: ids[1] })).ok);
  assert.equal((await submit(ids[1])).error.code, "not_joined");
  assert.ok((await submit(ids[0])).ok);
  assert.ok((await submit(ids[2])).ok);
  assert.equal((await Reader.join(socket, ids[1])).reply.client.id, readers[0].reply.client.id);
  assert.ok((await submit(ids[1])).ok);
  socket.disconnect();
});

test("SIGTERM drains: clients are told, everything acknowledged is there, exit code 0", async () => {
  const draining = await Server.start();
  const id = await draining.createDocument("text");
  const socket = connect(draining.url, { transports: ["websocket"] });
  await connected(socket);
  const reader = await Reader.join(socket, id);
  await call(socket, "submit-op", { documentId: id, revision: 0, seq: 1, op: ["kept"] });
  const gone = new Promise((resolve) => socket.once("disconnect", resolve));
  assert.deepEqual(await draining.stop(), { code: 0, signal: null });
  await gone;
  assert.ok(reader.events.some(([name, hint]) => name === "server-draining" && hint.reconnectInMs > 0));
  await draining.launch();
  assert.equal((await draining.document(id)).content, "kept");
  await draining.dispose();
});
