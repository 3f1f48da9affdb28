// Socket.IO with the msgpack parser: each packet is one binary Engine.IO message, a map of type (0 to
// 4), nsp, data and id.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { io } from "socket.io-client";
import parser from "socket.io-msgpack-parser";
import { noStatus, RawWebSocket } from "./raw_websocket.mjs";
import { eventually, Server, within } from "./server.mjs";

const types = { connect: 0, disconnect: 1, event: 2, ack: 3, connectError: 4 };
let server;
before(async () => { server = await Server.start("socketio_reference", { parser: "msgpack" }); });
after(() => server.stop());

const encode = (packet) => new parser.Encoder().encode(packet)[0];

function decode(bytes) {
  let packet;
  const decoder = new parser.Decoder();
  decoder.on("decoded", (decoded) => (packet = decoded));
  decoder.add(bytes);
  return packet;
}

async function open() {
  const socket = await RawWebSocket.open(server);
  await socket.next();
  return Object.assign(socket, {
    put: (type, data, fields) => socket.send(encode({ type, nsp: "/", ...(data !== undefined && { data }), ...fields })),
    take: async () => {
      const message = await socket.next();
      assert.ok(Buffer.isBuffer(message), "a packet is binary");
      return decode(message);
    },
  });
}

async function join(auth) {
  const socket = await open();
  socket.put(types.connect, auth);
  const answer = await socket.take();
  assert.equal(answer.type, types.connect);
  assert.match(answer.data.sid, /^[A-Za-z0-9_-]{20}$/);
  const event = await socket.take();
  assert.deepEqual([event.type, event.nsp, event.data], [types.event, "/", ["auth", auth ?? {}]]);
  return socket;
}

test("CONNECT and its payload", async () => {
  for (const auth of [undefined, {}, { token: "123", n: [1, 2.5, null] }]) await (await join(auth)).close();
});

test("an unknown namespace is refused, the connection stays", async () => {
  const socket = await join();
  socket.put(types.connect, undefined, { nsp: "/random" });
  const { type, nsp, data } = await socket.take();
  assert.deepEqual([type, nsp, data], [types.connectError, "/random", { message: "Invalid namespace" }]);
  socket.put(types.event, ["message", "x"]);
  assert.deepEqual((await socket.take()).data, ["message-back", "x"]);
  await socket.close();
});

test("events with values of every kind come back as they are", async () => {
  const socket = await join();
  for (const value of [null, true, false, 0, 1, -1, 127, 128, -32, -33, 255, 256, 65535, 65536, -128, -129, -32768, -32769,
    2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53 - 1, 1.5, -0.1, 1.5e-300, "", "x".repeat(31), "x".repeat(32),
    "x".repeat(255), "x".repeat(256), "x".repeat(70_000), "€👋\0", [], {}, Array(15).fill(1), Array(16).fill(1), Array(70_000).fill(0),
    { a: { b: [{ c: null }] } }, Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i]))]) {
    socket.put(types.event, ["message", value]);
    assert.deepEqual((await socket.take()).data, ["message-back", value]);
  }
  await socket.close();
});

test("binary needs no attachments", async () => {
  const socket = await join();
  for (const size of [0, 4, 255, 256, 70_000]) {
    socket.put(types.event, ["message", { bytes: [Buffer.alloc(size, 7)] }], { id: size });
    const { type, data } = await socket.take();
    assert.equal(type, types.event);
    assert.deepEqual(Buffer.from(data[1].bytes[0]), Buffer.alloc(size, 7));
  }
  await socket.close();
});

test("acknowledgements, both ways", async () => {
  const socket = await join();
  socket.put(types.event, ["message-with-ack", 1, { two: Buffer.from([2]) }], { id: 456 });
  const answer = await socket.take();
  assert.deepEqual([answer.type, answer.nsp, answer.id], [types.ack, "/", 456]);
  assert.deepEqual(Buffer.from(answer.data[1].two), Buffer.from([2]));
  socket.put(types.event, ["emit-with-ack", 60_000, "question"], { id: 7 });
  const { id, data } = await socket.take();
  assert.deepEqual(data, ["question"]);
  socket.put(types.ack, ["yes"], { id });
  assert.deepEqual((await socket.take()).data, [{ answer: "yes" }]);
  await socket.close();
});

test("a client leaves, and is made to leave", async () => {
  const socket = await join();
  socket.put(types.connect, undefined, { nsp: "/custom" });
  assert.equal((await socket.take()).nsp, "/custom");
  assert.deepEqual((await socket.take()).data, ["auth", {}]);
  socket.put(types.disconnect);
  socket.put(types.event, ["close-me", false], { nsp: "/custom" });
  const { type, nsp } = await socket.take();
  assert.deepEqual([type, nsp], [types.disconnect, "/custom"]);
  await socket.close();
});

const noPackets = {
  "text": "40", "text that is JSON": '42["message"]', "nothing": Buffer.alloc(0), "a reserved byte": Buffer.from([0xc1]),
  "a map that is cut off": encode({ type: 2, nsp: "/", data: ["message"] }).subarray(0, -3), "an array": encode([2, "/", ["message"]]),
  "a number": Buffer.from([7]), "null": Buffer.from([0xc0]), "an array of 4 billion elements": Buffer.from([0xdd, 255, 255, 255, 255]),
  "a string of 4 billion bytes": Buffer.from([0xdb, 255, 255, 255, 255]),
  "no type": encode({ nsp: "/", data: ["message"] }), "type 5": encode({ type: 5, nsp: "/", data: ["message"] }),
  "a negative type": encode({ type: -1, nsp: "/" }), "a type that is a string": encode({ type: "2", nsp: "/", data: ["message"] }),
  "no namespace": encode({ type: 2, data: ["message"] }), "a namespace that is a number": encode({ type: 2, nsp: 7, data: ["message"] }),
  "an event without data": encode({ type: 2, nsp: "/" }), "an event that is an object": encode({ type: 2, nsp: "/", data: { 0: "message" } }),
  "an acknowledgement without data": encode({ type: 3, nsp: "/", id: 1 }),
  "an id that is a string": encode({ type: 2, nsp: "/", data: ["message-with-ack"], id: "1" }),
  "an id that is no integer": encode({ type: 2, nsp: "/", data: ["message-with-ack"], id: 1.5 }),
  "a DISCONNECT with data": encode({ type: 1, nsp: "/", data: [] }),
  "bytes behind the packet": Buffer.concat([encode({ type: 2, nsp: "/", data: ["message"] }), Buffer.from([1])]),
};
for (const [what, message] of Object.entries(noPackets)) {
  test(`${what} closes the connection`, async () => {
    const socket = await join();
    socket.send(message);
    assert.equal(await socket.ended(), noStatus);
  });
}

test("a stock client with the parser", async () => {
  for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
    const client = io(`${server.url}/custom`, { parser, transports, forceNew: true, reconnection: false, auth: { a: 1 } });
    const auth = new Promise((resolve) => client.once("auth", resolve));
    assert.deepEqual(await within(auth, "the event auth"), { a: 1 });
    const bytes = Buffer.from([1, 2, 3]);
    const [text, echoed] = await within(new Promise((resolve) => {
      client.once("message-back", (...args) => resolve(args));
      client.emit("message", "text", bytes);
    }), "the event message-back");
    assert.deepEqual([text, Buffer.from(echoed)], ["text", bytes]);
    if (transports.length === 2) await eventually(() => client.io.engine.transport.name === "websocket", "the upgrade");
    client.disconnect();
  }
});
