// Engine.IO v4: the server pings, who does not answer in time is gone. No test measures time: each
// waits for what must come, and what must not have come yet is asked only where the clock allows it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ask, errors, PollingSession, separator } from "./polling.mjs";
import { noCloseFrame, noStatus, RawWebSocket } from "./raw_websocket.mjs";
import { cloudsyncOnly, Server, sleep } from "./server.mjs";

const interval = 300;
const timeout = 200;
let server;
before(async () => {
  server = await Server.start("engineio_echo", { "ping-interval": interval, "ping-timeout": timeout });
});
after(() => server.stop());

async function openSocket(of = server) {
  const socket = await RawWebSocket.open(of);
  await socket.next();
  return socket;
}

describe("heartbeat", { concurrency: 4 }, () => {
  test("on WebSocket the server pings again after each pong", async () => {
    const socket = await openSocket();
    for (let i = 0; i < 4; ++i) { // longer than interval and timeout: the pongs keep it alive
      assert.equal(await socket.next("a ping"), "2");
      socket.send("3");
    }
    socket.send("4alive");
    assert.equal(await socket.next(), "4alive");
    await socket.close();
  });

  test("a WebSocket that does not answer is closed", async () => {
    const socket = await openSocket();
    assert.equal(await socket.next("a ping"), "2");
    assert.ok([noStatus, noCloseFrame].includes(await socket.ended()));
  });

  test("a busy client is pinged all the same", async () => {
    const socket = await openSocket();
    let pings = 0;
    for (let sent = 0; pings < 3; ++sent) {
      socket.send(`4${sent}`);
      for (let answer = await socket.next(); answer !== `4${sent}`; answer = await socket.next()) {
        assert.equal(answer, "2");
        ++pings;
        socket.send("3");
      }
      await sleep(5);
    }
    await socket.close();
  });

  test("a held GET gets the ping", async () => {
    const session = await PollingSession.open(server);
    for (let i = 0; i < 4; ++i) {
      assert.deepEqual(await session.packets(), ["2"]);
      assert.equal((await session.post("3")).body, "ok");
    }
  });

  test("a ping waits for the next GET", async () => {
    const long = await Server.start("engineio_echo", { "ping-interval": 100, "ping-timeout": 20_000 });
    const session = await PollingSession.open(long);
    await session.post("4before");
    await sleep(300);
    assert.equal((await session.get()).body, ["4before", "2"].join(separator));
    await long.stop();
  });

  test("a polling client that asks nothing is unknown after interval and timeout", async () => {
    const session = await PollingSession.open(server);
    await sleep(interval + timeout + 100);
    const { status, body } = await session.get();
    assert.equal(status, 400);
    assert.deepEqual(JSON.parse(body), errors.sessionUnknown);
  });

  test("so is one that asks, but never answers a ping", async () => {
    const session = await PollingSession.open(server);
    assert.deepEqual(await session.packets(), ["2"]);
    await sleep(timeout + 100);
    assert.equal((await session.get()).status, 400);
  });

  test("a GET that is held at the deadline is answered", async () => {
    const session = await PollingSession.open(server);
    assert.deepEqual(await session.packets(), ["2"]);
    const { status, body } = await session.get();
    assert.ok((status === 200 && body === "1") || status === 400, `${status} ${body}`);
    assert.equal((await session.get()).status, 400);
  });

  test("the first packet that is no pong gives a slow client its timeout once more", async (t) => {
    const patient = await Server.start("engineio_echo", { "ping-interval": 200, "ping-timeout": 1500 });
    t.after(() => patient.stop());
    // Evidence only if this machine woke the test up between the two deadlines.
    for (let i = 0; i < 5; ++i) {
      const socket = await openSocket(patient);
      assert.equal(await socket.next("a ping"), "2");
      const pinged = Date.now();
      await sleep(1000);
      socket.send("4slow");
      await sleep(900);
      socket.send("4upload");
      const isInTime = Date.now() - pinged < 2300;
      const answers = await Promise.all([socket.next(), socket.next()]).catch(() => []);
      await socket.close();
      if (isInTime) return assert.deepEqual(answers, ["4slow", "4upload"]);
    }
    t.skip("the machine is too busy");
  });

  test("a ping that is not answered before an upgrade is due after it",
    cloudsyncOnly("npm forgets the deadline with the transport, and the session may live for ever"), async () => {
      const session = await PollingSession.open(server);
      assert.deepEqual(await session.packets(), ["2"]);
      const socket = await RawWebSocket.open(server, { query: session.query });
      socket.send("2probe");
      assert.equal(await socket.next(), "3probe");
      socket.send("5");
      await socket.ended("the ping timeout");
      const { status, body } = await ask(server, { query: session.query });
      assert.equal(status, 400);
      assert.deepEqual(JSON.parse(body), errors.sessionUnknown);
    });
});
