// Engine.IO v4 packets, over WebSocket and over polling.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PollingSession, separator } from "./polling.mjs";
import { RawWebSocket, noStatus } from "./raw_websocket.mjs";
import { eventually, perServer, Server } from "./server.mjs";

let server;
before(async () => { server = await Server.start("engineio_echo"); });
after(() => server.stop());

async function openSocket() {
  const socket = await RawWebSocket.open(server);
  assert.match(await socket.next("the handshake"), /^0\{/);
  return socket;
}

test("on WebSocket a text message is the digit 4 and its data, in UTF-8", async () => {
  const socket = await openSocket();
  for (const message of ["4hello", "4", "4héllo €uro 👋", `4with ${separator} inside`, `4${"long ".repeat(20_000)}`, "4\0"]) {
    socket.send(message);
    assert.equal(await socket.next(), message);
  }
  await socket.close();
});

test("on WebSocket a binary message has no type byte", async () => {
  const socket = await openSocket();
  for (const bytes of [[1, 2, 3, 4], [], [0x34], [0x36], [0, 255, 0x1e], Array.from({ length: 70_000 }, (_, i) => i & 255)]) {
    socket.send(Buffer.from(bytes));
    assert.deepEqual(await socket.next(), Buffer.from(bytes));
  }
  await socket.close();
});

test("text and binary keep their order", async () => {
  const socket = await openSocket();
  const sent = ["4a", Buffer.from("b"), "4c", "4d", Buffer.from("e")];
  for (const message of sent) socket.send(message);
  for (const message of sent) assert.deepEqual(await socket.next(), message);
  await socket.close();
});

test("polling joins packets with 0x1E, both ways", async () => {
  const session = await PollingSession.open(server);
  assert.equal((await session.post(["4one", "4two", "4drei €"].join(separator))).body, "ok");
  assert.equal((await session.get()).body, ["4one", "4two", "4drei €"].join(separator));
});

test("polling sends binary as b and padded base64, both ways", async () => {
  const session = await PollingSession.open(server);
  const payload = ["bAQIDBA==", "4text", "bAQI=", "bAQID", "b/+8="].join(separator);
  assert.equal((await session.post(payload)).body, "ok");
  assert.equal((await session.get()).body, payload);
});

test("a polling message may hold any character but the separator", async () => {
  const session = await PollingSession.open(server);
  const message = "4\0\n\r\t\"\\ \u2028 👋 \u001f";
  await session.post(message);
  assert.equal((await session.get()).body, message);
});

for (const message of ["", "7", "9", "x", "b", "bAQI=", "-", " 4x", "\x1e", "٤"]) {
  test(`on WebSocket ${JSON.stringify(message)} is no packet and closes the session`, async () => {
    // On WebSocket 'b' is no packet type; npm's decoder takes it on any transport.
    const isTaken = message.startsWith("b") && perServer({
      cloudsync: false, node: true, reason: "npm's decoder knows no transport, and takes base64 on WebSocket" });
    const socket = await openSocket();
    socket.send(message);
    if (isTaken) {
      assert.ok(Buffer.isBuffer(await socket.next()));
      return socket.close();
    }
    assert.equal(await socket.ended(), noStatus);
  });
}

for (const [what, payload] of Object.entries({
  "an empty payload": "", "a trailing separator": `4a${separator}`, "a leading separator": `${separator}4a`,
  "two separators": `4a${separator}${separator}4b`, "an unknown digit": "7", "no digit": "hello", "a separator": separator,
})) {
  test(`in a polling payload ${what} is a parse error and closes the session`, async () => {
    const session = await PollingSession.open(server);
    const { status } = await session.post(payload);
    // npm answers "ok" and closes; refusing is as good, and tells more.
    assert.ok(status === 200 || status === 400, `${status}`);
    await eventually(async () => !(await session.isKnown()), "the session's end");
  });
}

for (const base64 of ["b!!!!", "bAQI", "bA", "bAQIDBA", "bAQ=D"]) {
  test(`base64 that is not standard (${base64}) closes the session`, async () => {
    const session = await PollingSession.open(server);
    await session.post(base64);
    const isKnown = perServer({
      cloudsync: false, node: true, reason: "Buffer.from(…, 'base64') skips what it can't read" });
    await eventually(async () => (await session.isKnown()) === isKnown, "the session's end");
  });
}

test("the packets before a bad one are processed", async () => {
  const session = await PollingSession.open(server);
  const held = await session.hold();
  await session.post(["4a", "X", "4b"].join(separator));
  assert.equal((await held.answer).body.split(separator)[0], "4a");
  await eventually(async () => !(await session.isKnown()), "the session's end");
});

test("a client that pings is closed: version 4 pings the other way", async () => {
  for (const ping of ["2", "2probe"]) {
    const socket = await openSocket();
    socket.send(ping);
    assert.equal(await socket.ended(), noStatus, ping);
    const session = await PollingSession.open(server);
    await session.post(ping);
    await eventually(async () => !(await session.isKnown()), "the session's end");
  }
});

test("open, upgrade, noop and a pong that nobody asked for are ignored", async () => {
  const socket = await openSocket();
  for (const packet of ["0", "0{}", "5", "6", "6x", "3", "3probe"]) socket.send(packet);
  socket.send("4still here");
  assert.equal(await socket.next(), "4still here");
  await socket.close();
  const session = await PollingSession.open(server);
  await session.post(["0{}", "5", "6", "3", "4still here"].join(separator));
  assert.equal((await session.get()).body, "4still here");
});

test("a close packet on WebSocket ends the session at once", async () => {
  const socket = await openSocket();
  socket.send("1");
  socket.send("4x");
  const isIgnored = perServer({
    cloudsync: false, node: true, reason: "npm ignores it on WebSocket and waits for the close frame" });
  if (!isIgnored) return assert.equal(await socket.ended(), noStatus);
  assert.equal(await socket.next(), "4x");
  await socket.close();
});
