// The clients that people use, as npm has them, against the server under test.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Socket as EngineSocket } from "engine.io-client";
import { io } from "socket.io-client";
import WebSocket from "ws";
import { eventually, Server, sleep, within } from "./server.mjs";

let socketio, echo, recovering;
before(async () => {
  [socketio, echo, recovering] = await Promise.all([
    Server.start("socketio_reference"), Server.start("engineio_echo"), Server.start("socketio_reference", { recovery: true })]);
});
after(() => Promise.all([socketio, echo, recovering].map((server) => server.stop())));

const once = (emitter, event) => within(new Promise((resolve) => emitter.once(event, (...args) => resolve(args))), `the event ${event}`);
const ways = { websocket: ["websocket"], polling: ["polling"], upgrade: ["polling", "websocket"] };

const connect = (transports, { server = socketio, namespace = "", ...options } = {}) => io(`${server.url}${namespace}`,
  { transports, forceNew: true, reconnection: false, ...options });

async function connected(...args) {
  const socket = connect(...args);
  const auth = once(socket, "auth");
  await once(socket, "connect");
  socket.authSeen = (await auth)[0];
  return socket;
}

for (const [way, transports] of Object.entries(ways)) {
  describe(`socket.io-client by ${way}`, { concurrency: 3 }, () => {
    test("connects, sends auth, and ends on the transport it should", async () => {
      const socket = await connected(transports, { auth: { token: "t" } });
      assert.deepEqual(socket.authSeen, { token: "t" });
      assert.equal(socket.id.length, 20);
      await eventually(() => socket.io.engine.transport.name === transports.at(-1), "the upgrade");
      socket.emit("message", "behind", { it: [1] });
      assert.deepEqual(await once(socket, "message-back"), ["behind", { it: [1] }]);
      socket.disconnect();
    });

    test("sends events without a loss while it upgrades", async () => {
      const socket = await connected(transports);
      const seen = [];
      socket.on("message-back", (i) => seen.push(i));
      for (let i = 0; i < 100; ++i) {
        socket.emit("message", i);
        if (i % 10 === 0) await sleep(5);
      }
      await eventually(() => seen.length >= 100, "all events");
      assert.deepEqual(seen, Array.from({ length: 100 }, (_, i) => i));
      socket.disconnect();
    });

    test("acknowledgements, both ways, and their timeout", async () => {
      const socket = await connected(transports);
      assert.equal(await socket.timeout(10_000).emitWithAck("message-with-ack", "x"), "x");
      socket.on("question", (n, ack) => ack(n + 1));
      socket.on("silence", () => {});
      assert.deepEqual(await socket.emitWithAck("emit-with-ack", 10_000, "question", 41), { answer: 42 });
      assert.deepEqual(await socket.emitWithAck("emit-with-ack", 50, "silence"), { error: "timeout" });
      await assert.rejects(socket.timeout(100).emitWithAck("no-such-event"));
      socket.disconnect();
    });

    test("binary, at any depth and of any size", async () => {
      const socket = await connected(transports);
      for (const size of [0, 1, 3, 200_000]) {
        const bytes = Buffer.alloc(size, 9);
        socket.emit("message", "text", { list: [bytes, new Uint8Array([1, 2]).buffer] });
        const [text, { list: [first, second] }] = await once(socket, "message-back");
        assert.equal(text, "text");
        assert.deepEqual([Buffer.from(first), Buffer.from(second)], [bytes, Buffer.from([1, 2])]);
      }
      socket.disconnect();
    });

    test("namespaces share a connection", async () => {
      const main = await connected(transports);
      const custom = main.io.socket("/custom", { auth: { a: 1 } });
      assert.deepEqual(await once(custom, "auth"), [{ a: 1 }]);
      assert.notEqual(custom.id, main.id);
      custom.disconnect();
      assert.equal(await main.timeout(10_000).emitWithAck("message-with-ack", "still"), "still");
      main.disconnect();
    });

    test("is told why it is refused", async () => {
      const refused = connect(transports, { auth: { refuse: true } });
      const [error] = await once(refused, "connect_error");
      assert.deepEqual([error.message, error.data], ["refused", { code: "refused" }]);
      refused.disconnect();
      const lost = connect(transports, { namespace: "/nowhere" });
      assert.equal((await once(lost, "connect_error"))[0].message, "Invalid namespace");
      lost.disconnect();
    });

    test("is told who ended the connection", async () => {
      const socket = await connected(transports);
      socket.emit("close-me", false);
      assert.equal((await once(socket, "disconnect"))[0], "io server disconnect");
      socket.disconnect();
      const closed = await connected(transports);
      closed.emit("close-me", true);
      assert.ok(["io server disconnect", "transport close"].includes((await once(closed, "disconnect"))[0]));
    });

    test("rooms and broadcasts", async () => {
      const [one, two] = [await connected(transports, { namespace: "/dynamic-5" }), await connected(transports, { namespace: "/dynamic-5" })];
      const room = `room ${way}`;
      await one.emitWithAck("join", room);
      await two.emitWithAck("join", room);
      const heard = Promise.all([once(one, "hello"), once(two, "hello")]);
      one.emit("room-emit", [room], [], "hello", { from: "one" });
      assert.deepEqual(await heard, [[{ from: "one" }], [{ from: "one" }]]);
      one.on("sum", (n, ack) => ack(n + 1));
      two.on("sum", (n, ack) => ack(n + 2));
      const { answers } = await one.emitWithAck("broadcast-ack", room, 10_000, "sum", 10);
      assert.deepEqual(answers.sort(), [11, 12]);
      [one, two].forEach((socket) => socket.disconnect());
    });

    test("recovers what it missed", async () => {
      const options = { server: recovering, reconnection: true, reconnectionDelay: 300, reconnectionDelayMax: 300, randomizationFactor: 0 };
      const socket = await connected(transports, options);
      const other = await connected(["websocket"], { server: recovering });
      const room = `recovery ${way}`;
      await socket.emitWithAck("join", room);
      assert.equal(socket.recovered, false);
      const { id } = socket;
      const heard = once(socket, "missed");
      socket.io.engine.close();
      await eventually(async () => (await other.emitWithAck("fetch-sockets", id)).length === 0, "the loss is noticed");
      other.emit("room-emit", [room], [], "missed", { n: 1 });
      assert.deepEqual((await heard)[0], { n: 1 });
      await eventually(() => socket.connected, "the connection");
      assert.deepEqual([socket.recovered, socket.id], [true, id]);
      assert.deepEqual(await socket.emitWithAck("rooms"), [room]);
      [socket, other].forEach((client) => client.disconnect());
    });
  });
}

test("socket.io-client lives through many heartbeats", async () => {
  const lively = await Server.start("socketio_reference", { "ping-interval": 50, "ping-timeout": 5000 });
  for (const transports of Object.values(ways)) {
    const socket = await connected(transports, { server: lively });
    for (let i = 0; i < 5; ++i) await once(socket.io, "ping");
    assert.equal(await socket.emitWithAck("message-with-ack", "alive"), "alive");
    socket.disconnect();
  }
  await lively.stop();
});

test("a server that is silent is given up by the client", async () => {
  const server = await Server.start("socketio_reference", { "ping-interval": 100, "ping-timeout": 200 });
  const socket = await connected(["websocket"], { server });
  server.process.kill("SIGSTOP");
  assert.equal((await once(socket, "disconnect"))[0], "ping timeout");
  await server.stop();
});

for (const [way, transports] of Object.entries(ways)) {
  test(`engine.io-client by ${way}`, async () => {
    const socket = new EngineSocket(echo.url, { transports });
    await once(socket, "open");
    for (const message of ["text €", "x".repeat(50_000)]) {
      socket.send(message);
      assert.equal((await once(socket, "message"))[0], message);
    }
    socket.send(new Uint8Array([1, 2, 3]));
    assert.deepEqual(Buffer.from((await once(socket, "message"))[0]), Buffer.from([1, 2, 3]));
    await eventually(() => socket.transport.name === transports.at(-1), "the upgrade");
    const burst = [];
    socket.on("message", (message) => burst.push(message));
    for (let i = 0; i < 100; ++i) socket.send(`${i}`);
    await eventually(() => burst.length === 100, "the echoes");
    assert.deepEqual(burst, Array.from({ length: 100 }, (_, i) => `${i}`));
    const closed = once(socket, "close");
    socket.close();
    assert.equal((await closed)[0], "forced close");
  });
}

test("ws, by hand, with and without permessage-deflate", async () => {
  for (const perMessageDeflate of [false, true]) {
    const socket = new WebSocket(`${echo.url.replace("http", "ws")}/engine.io/?EIO=4&transport=websocket`, { perMessageDeflate });
    assert.match(String((await once(socket, "message"))[0]), /^0\{/);
    for (const message of ["4short", `4${"long ".repeat(10_000)}`]) {
      socket.send(message);
      assert.equal(String((await once(socket, "message"))[0]), message);
    }
    socket.ping("are you there");
    assert.equal(String((await once(socket, "pong"))[0]), "are you there");
    socket.close(1000);
    assert.equal((await once(socket, "close"))[0], 1000);
  }
});
