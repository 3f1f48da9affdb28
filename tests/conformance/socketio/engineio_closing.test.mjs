// How connections end: close codes of WebSocket, and the server's own closing (shown by Socket.IO).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { errors, PollingSession, separator } from "./polling.mjs";
import { frame, noStatus, opcodes, RawWebSocket, textFrame } from "./raw_websocket.mjs";
import { eventually, Server } from "./server.mjs";

const maxPayload = 100_000;
let echo, socketio;
before(async () => {
  echo = await Server.start("engineio_echo", { "max-payload": maxPayload });
  socketio = await Server.start("socketio_reference");
});
after(() => Promise.all([echo.stop(), socketio.stop()]));

async function openSocket() {
  const socket = await RawWebSocket.open(echo);
  await socket.next();
  return socket;
}

async function closeCodeOf(...bytes) {
  const socket = await openSocket();
  for (const chunk of bytes) socket.write(chunk);
  return socket.ended();
}

const halfText = frame(opcodes.text, "4ha", { fin: false });
const violations = [
  ["reserved bit 1", 1002, frame(opcodes.text, "4x", { rsv: 4 })],
  ["reserved bit 2", 1002, frame(opcodes.text, "4x", { rsv: 2 })],
  ["reserved bit 3", 1002, frame(opcodes.text, "4x", { rsv: 1 })],
  ["no mask", 1002, frame(opcodes.text, "4x", { masked: false })],
  ["an empty frame without a mask", 1002, frame(opcodes.text, "", { masked: false })],
  ["reserved opcode 3", 1002, frame(3, "4x")],
  ["reserved opcode 15", 1002, frame(15, "")],
  ["a ping above 125 bytes", 1002, frame(opcodes.ping, "x".repeat(126))],
  ["a close above 125 bytes", 1002, frame(opcodes.close, "x".repeat(126))],
  ["a ping in fragments", 1002, frame(opcodes.ping, "x", { fin: false })],
  ["a close in fragments", 1002, frame(opcodes.close, "", { fin: false })],
  ["a continuation of nothing", 1002, frame(opcodes.continuation, "x")],
  ["a message inside another", 1002, halfText, textFrame("4x")],
  ["a close frame of one byte", 1002, frame(opcodes.close, "x")],
  ["a close code that may not be sent", 1002, frame(opcodes.close, Buffer.from([1005 >> 8, 1005 & 255]))],
  ["a close code that does not exist", 1002, frame(opcodes.close, Buffer.from([0, 1]))],
  ["a close reason that is not UTF-8", 1007, frame(opcodes.close, Buffer.from([3, 232, 0xff]))],
  ["text that is not UTF-8", 1007, frame(opcodes.text, Buffer.from([0x34, 0xc3, 0x28]))],
  ["text that is cut off in a character", 1007, frame(opcodes.text, Buffer.from([0x34, 0xe2, 0x82]))],
  ["an encoded surrogate", 1007, frame(opcodes.text, Buffer.from([0x34, 0xed, 0xa0, 0x80]))],
  ["an overlong encoding", 1007, frame(opcodes.text, Buffer.from([0x34, 0xc0, 0x80]))],
  ["bytes in fragments that are not UTF-8", 1007, halfText, frame(opcodes.continuation, Buffer.from([0xff]))],
  ["a message above maxPayload", 1009, frame(opcodes.text, "4".padEnd(maxPayload + 1, "x"))],
  ["a declared length above maxPayload", 1009, frame(opcodes.text, "4x", { length: maxPayload + 1 })],
  ["a declared length of a terabyte", 1009, frame(opcodes.binary, "", { length: 2n ** 40n })],
  ["fragments that together are above maxPayload", 1009,
    frame(opcodes.text, "4".padEnd(maxPayload, "x"), { fin: false }), frame(opcodes.continuation, "x")],
];
for (const [what, code, ...bytes] of violations) {
  test(`${what} closes with ${code}`, async () => {
    assert.equal(await closeCodeOf(...bytes), code);
  });
}

test("a length that no double can hold closes with 1002 or 1009", async () => {
  assert.ok([1002, 1009].includes(await closeCodeOf(frame(opcodes.binary, "", { length: 2n ** 64n - 1n }))));
});

test("a message without end, of one byte a fragment, closes with 1008 (CVE-2026-48779)", async () => {
  const fragments = Buffer.concat(Array.from({ length: 20_000 }, () => frame(opcodes.continuation, "x", { fin: false })));
  assert.equal(await closeCodeOf(halfText, fragments), 1008);
});

test("a message without end, of empty fragments, is closed", async () => {
  const fragments = Buffer.concat(Array.from({ length: 50_000 }, () => frame(opcodes.continuation, "", { fin: false })));
  assert.equal(await closeCodeOf(halfText, fragments), 1008);
});

test("a message of maxPayload bytes is taken", async () => {
  const socket = await openSocket();
  const message = "4".padEnd(maxPayload, "x");
  socket.send(message);
  assert.equal(await socket.next(), message);
  await socket.close();
});

test("fragments are one message, with control frames between them", async () => {
  const socket = await openSocket();
  socket.write(Buffer.concat([
    frame(opcodes.text, Buffer.from([0x34, 0xe2]), { fin: false }), frame(opcodes.ping, "one"),
    frame(opcodes.continuation, "", { fin: false }), frame(opcodes.pong, "unasked"),
    frame(opcodes.continuation, Buffer.from([0x82]), { fin: false }), frame(opcodes.ping, ""),
    frame(opcodes.continuation, Buffer.from([0xac])),
  ]));
  assert.equal(await socket.next(), "4€");
  assert.deepEqual(socket.pongs, ["one", ""]);
  await socket.close();
});

test("bytes may come one by one", async () => {
  const socket = await openSocket();
  for (const byte of Buffer.concat([textFrame("4slow"), textFrame("4down")])) socket.write(Buffer.from([byte]));
  assert.equal(await socket.next(), "4slow");
  assert.equal(await socket.next(), "4down");
  await socket.close();
});

test("a close frame is answered with its code", async () => {
  for (const code of [1000, 1001, 3000, 4999]) {
    const socket = await openSocket();
    assert.equal(await socket.close(code), code);
  }
  assert.equal(await closeCodeOf(frame(opcodes.close, "")), noStatus);
  assert.equal(await closeCodeOf(frame(opcodes.close, Buffer.from([3, 232, ...Buffer.from("bye")]))), 1000);
});

test("a session ends with its WebSocket, however that ends", async () => {
  for (const end of [(socket) => socket.close(), (socket) => socket.drop(), (socket) => socket.reset()]) {
    const socket = await RawWebSocket.open(echo);
    const session = Object.assign(new PollingSession(), { server: echo, sid: JSON.parse((await socket.next()).slice(1)).sid });
    await end(socket);
    // An upgrade of the session is what a session of its own would refuse otherwise.
    const isUnknown = () => RawWebSocket.open(echo, { query: `&sid=${session.sid}` })
      .then(async (second) => { await second.drop(); return false; }, ({ body }) => body === errors.sessionUnknown.message);
    await eventually(isUnknown, "the session's end");
  }
});

test("the server's own close of a WebSocket has no status", async () => {
  const socket = await RawWebSocket.open(socketio);
  socket.send("40");
  socket.send('42["close-me",true]');
  assert.equal(await socket.ended(), noStatus);
});

test("the server's close of a polling session frees the held GET with a close packet", async () => {
  const session = await PollingSession.open(socketio);
  await session.post("40");
  await session.packets();
  const held = await session.hold();
  await session.post('42["close-me",true]');
  const packets = (await held.answer).body.split(separator);
  if (packets.at(-1) !== "1") packets.push(...await session.packets());
  assert.deepEqual(packets.filter((packet) => packet !== "6"), ["41", "1"]);
  await eventually(async () => !(await session.isKnown()), "the session's end");
});

test("the server's close waits for the next GET if none is held", async () => {
  const session = await PollingSession.open(socketio);
  await session.post("40");
  await session.packets();
  await session.post('42["close-me",true]');
  const packets = await session.packets();
  while (packets.at(-1) !== "1") packets.push(...await session.packets());
  assert.deepEqual(packets.filter((packet) => packet !== "6"), ["41", "1"]);
  const { status, body } = await session.get();
  assert.equal(status, 400);
  assert.deepEqual(JSON.parse(body), errors.sessionUnknown);
});

test("so does its close for a packet that is none", async () => {
  const session = await PollingSession.open(socketio);
  await session.post("40");
  await session.packets();
  await session.post("49");
  const packets = await session.packets();
  while (packets.at(-1) !== "1") packets.push(...await session.packets());
  assert.deepEqual(packets.filter((packet) => packet !== "6"), ["1"]);
  assert.deepEqual(JSON.parse((await session.get()).body), errors.sessionUnknown);
});
