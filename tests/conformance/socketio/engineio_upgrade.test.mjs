// Engine.IO v4: the way from polling to WebSocket, and that a failed one harms nobody.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ask, errors, PollingSession, separator } from "./polling.mjs";
import { RawWebSocket, textFrame } from "./raw_websocket.mjs";
import { eventually, perServer, Server } from "./server.mjs";

let server;
before(async () => { server = await Server.start("engineio_echo"); });
after(() => server.stop());

const attach = (session, options = {}) => RawWebSocket.open(server, { query: session.query, ...options });

/** A session with a WebSocket that has been probed. */
async function probed() {
  const session = await PollingSession.open(server);
  const socket = await attach(session);
  socket.send("2probe");
  assert.equal(await socket.next("the answer to the probe"), "3probe");
  return { session, socket };
}

async function upgraded() {
  const { session, socket } = await probed();
  socket.send("5");
  await assertEchoes(socket);
  return { session, socket };
}

async function assertEchoes(socket, message = "4over WebSocket") {
  socket.send(message);
  assert.equal(await socket.next(), message);
}

async function assertPolls(session, message = "4over polling") {
  assert.equal((await session.post(message)).body, "ok");
  let packets = await session.packets();
  while (packets.every((packet) => packet === "6")) packets = await session.packets();
  assert.deepEqual(packets, [message]);
}

describe("upgrade", { concurrency: 4 }, () => {
  test("probe, upgrade, and the session is on WebSocket", async () => {
    const { session, socket } = await upgraded();
    for (const method of ["GET", "POST"]) {
      const { status, body } = await ask(server, { method, query: session.query, ...(method === "POST" && { body: "4x" }) });
      assert.equal(status, 400);
      assert.deepEqual(JSON.parse(body), errors.badRequest);
    }
    await assertEchoes(socket);
    await socket.close();
    await eventually(async () => !(await session.isKnown()), "the session ends with its WebSocket");
  });

  test("a GET that is held at the probe is freed by a noop", async () => {
    const session = await PollingSession.open(server);
    const held = await session.hold();
    const socket = await attach(session);
    socket.send("2probe");
    assert.equal(await socket.next(), "3probe");
    assert.equal((await held.answer).body, "6");
    await socket.close();
  });

  test("so is every further GET until the upgrade, not only the first", async () => {
    const { session, socket } = await probed();
    for (let i = 0; i < 4; ++i) assert.deepEqual(await session.packets(), ["6"]);
    socket.send("5");
    await assertEchoes(socket);
    await socket.close();
  });

  test("until the upgrade polling carries the data", async () => {
    const { session, socket } = await probed();
    for (const message of ["4one", "4two"]) await assertPolls(session, message);
    socket.send("5");
    await assertEchoes(socket);
    assert.deepEqual(socket.messages, []);
    await socket.close();
  });

  test("what is buffered goes over WebSocket, in order and before what is new", async () => {
    const { session, socket } = await probed();
    await session.post(["4one", "4two", "bAQI="].join(separator));
    await session.post("4three");
    socket.send("5");
    socket.send("4four");
    for (const expected of ["4one", "4two", Buffer.from([1, 2]), "4three", "4four"]) {
      assert.deepEqual(await socket.next(), expected);
    }
    await socket.close();
  });

  test("a GET that is held at the upgrade is answered", async () => {
    const { session, socket } = await probed();
    const held = session.startGet();
    socket.send("5");
    const { status, body } = await held.answer;
    assert.ok((status === 200 && body === "6") || status === 400, `${status} ${body}`);
    await assertEchoes(socket);
    await socket.close();
  });

  test("frames may be glued to the upgrade request", async () => {
    const session = await PollingSession.open(server);
    const socket = await attach(session, { glued: Buffer.concat([textFrame("2probe"), textFrame("5"), textFrame("4glued")]) });
    assert.equal(await socket.next(), "3probe");
    assert.equal(await socket.next(), "4glued");
    await socket.close();
  });

  test("frames may be glued to a handshake over WebSocket", async () => {
    const socket = await RawWebSocket.open(server, { glued: textFrame("4early") });
    assert.match(await socket.next(), /^0\{/);
    socket.send("4late");
    const isLost = perServer({
      cloudsync: false, node: true, reason: "npm listens only after it awaited the session's id" });
    if (!isLost) assert.equal(await socket.next(), "4early");
    assert.equal(await socket.next(), "4late");
    await socket.close();
  });

  for (const [what, packet] of Object.entries({
    "a message": "4x", "a bare ping": "2", "a pong": "3probe", "no packet": "x", "a binary message": Buffer.from("2probe"),
  })) {
    test(`${what} instead of the probe ends the WebSocket alone`, async () => {
      const session = await PollingSession.open(server);
      const socket = await attach(session);
      socket.send(packet);
      await socket.ended();
      await assertPolls(session);
    });

    test(`${what} instead of the upgrade ends the WebSocket alone`, async () => {
      const { session, socket } = await probed();
      socket.send(packet);
      await socket.ended();
      await assertPolls(session);
    });
  }

  for (const [what, lose] of Object.entries({
    closed: (socket) => socket.close(), dropped: (socket) => socket.drop(), reset: (socket) => socket.reset(),
  })) {
    test(`polling survives a WebSocket that is ${what} before or behind the probe, and may try again`, async () => {
      const session = await PollingSession.open(server);
      await lose(await attach(session));
      await assertPolls(session);
      let socket;
      // Until the server has noticed the loss it refuses another attempt.
      const tried = (query) => RawWebSocket.open(server, { query }).then(async (candidate) => {
        candidate.send("2probe");
        return (await candidate.next()) === "3probe" && (socket = candidate);
      }).catch(() => false);
      await eventually(() => tried(session.query), "a second attempt");
      await lose(socket);
      await assertPolls(session);
      await eventually(() => tried(session.query), "a third attempt");
      socket.send("5");
      await assertEchoes(socket);
      await socket.close();
    });
  }

  /** A second WebSocket of a session gets nowhere, whether by a refusal or a close. */
  async function assertRefused(session) {
    const second = await attach(session).catch((refusal) => refusal);
    if (second instanceof RawWebSocket) {
      second.send("2probe");
      await second.ended();
      assert.deepEqual(second.messages, []);
    } else {
      assert.equal(second.status, 400);
    }
  }

  test("a second attempt while one is under way is refused and disturbs nothing", async () => {
    const { session, socket } = await probed();
    await assertRefused(session);
    await assertPolls(session);
    socket.send("5");
    await assertEchoes(socket);
    await socket.close();
  });

  test("an upgraded session is not upgraded again", async () => {
    const { session, socket } = await upgraded();
    await assertRefused(session);
    await assertEchoes(socket);
    await socket.close();
  });

  test("an attempt on a WebSocket session leaves it as it was", async () => {
    const socket = await RawWebSocket.open(server);
    const { sid } = JSON.parse((await socket.next()).slice(1));
    const second = await RawWebSocket.open(server, { query: `&sid=${sid}` }).catch(() => null);
    await assertEchoes(socket);
    await second?.drop();
    await assertEchoes(socket);
    await socket.close();
  });

  test("a session that is closed meanwhile takes its WebSocket along", async () => {
    const { session, socket } = await probed();
    assert.equal((await session.post("1")).body, "ok");
    await socket.ended();
    assert.ok(!(await session.isKnown()));
  });

  test("an attempt of another protocol version is refused (engine.io 6.6.10)", async () => {
    const session = await PollingSession.open(server);
    for (const version of ["EIO=3&", ""]) {
      const target = `${server.path}?${version}transport=websocket${session.query}`;
      await assert.rejects(RawWebSocket.open(server, { target }), { status: 400, body: "Bad request" });
    }
    await assertPolls(session);
  });

  test("an attempt that is not completed is given up after ten seconds, polling goes on", async () => {
    const { session, socket } = await probed();
    await socket.ended();
    await assertPolls(session);
  });
});
