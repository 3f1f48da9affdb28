// Engine.IO v4: the server pings, who does not answer in time is gone. No test measures time: each
// waits for what must come, and what must not have come yet is asked only where the clock allows it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ask, errors, PollingSession } from "./polling.mjs";
import { noCloseFrame, noStatus, RawWebSocket } from "./raw_websocket.mjs";
import { cloudsyncOnly, Server, sleep } from "./server.mjs";

// A strict server for those who are to be late, a lenient one for those who are not, however busy the
// machine. `cycles` of pings on the lenient one are longer than its deadline: pongs put it off.
const interval = 300;
const timeout = 200;
const cycles = 10;
let strict, lenient;
before(async () => {
  [strict, lenient] = await Promise.all([
    Server.start("engineio_echo", { "ping-interval": interval, "ping-timeout": timeout }),
    Server.start("engineio_echo", { "ping-interval": 150, "ping-timeout": 1200 })]);
});
after(() => Promise.all([strict.stop(), lenient.stop()]));

async function openSocket(server) {
  const socket = await RawWebSocket.open(server);
  await socket.next();
  return socket;
}

describe("heartbeat", { concurrency: 4 }, () => {
  test("on WebSocket the server pings again after each pong", async () => {
    const socket = await openSocket(lenient);
    for (let i = 0; i < cycles; ++i) {
      assert.equal(await socket.next("a ping"), "2");
      socket.send("3");
    }
    socket.send("4alive");
    assert.equal(await socket.next(), "4alive");
    await socket.close();
  });

  test("a WebSocket that does not answer is closed", async () => {
    const socket = await openSocket(strict);
    assert.equal(await socket.next("a ping"), "2");
    assert.ok([noStatus, noCloseFrame].includes(await socket.ended()));
  });

  test("a busy client is pinged all the same", async () => {
    const socket = await openSocket(lenient);
    let pings = 0;
    for (let sent = 0; pings < cycles; ++sent) {
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
    const session = await PollingSession.open(lenient);
    for (let i = 0; i < cycles; ++i) {
      assert.deepEqual(await session.packets(), ["2"]);
      assert.equal((await session.post("3")).body, "ok");
    }
  });

  test("a ping waits for the next GET, and there is one at a time", async () => {
    const session = await PollingSession.open(lenient);
    await session.post("4data");
    await sleep(500);
    assert.deepEqual((await session.packets()).sort(), ["2", "4data"]);
  });

  test("a polling client that asks nothing is unknown after interval and timeout", async () => {
    const session = await PollingSession.open(strict);
    await sleep(interval + timeout + 100);
    const { status, body } = await session.get();
    assert.equal(status, 400);
    assert.deepEqual(JSON.parse(body), errors.sessionUnknown);
  });

  test("so is one that asks, but never answers a ping", async () => {
    const session = await PollingSession.open(strict);
    assert.deepEqual(await session.packets(), ["2"]);
    await sleep(timeout + 100);
    assert.equal((await session.get()).status, 400);
  });

  test("a GET that is held at the deadline is answered", async () => {
    const session = await PollingSession.open(strict);
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
      const session = await PollingSession.open(lenient);
      assert.deepEqual(await session.packets(), ["2"]);
      const socket = await RawWebSocket.open(lenient, { query: session.query });
      socket.send("2probe");
      assert.equal(await socket.next(), "3probe");
      socket.send("5");
      await socket.ended("the ping timeout");
      const { status, body } = await ask(lenient, { query: session.query });
      assert.equal(status, 400);
      assert.deepEqual(JSON.parse(body), errors.sessionUnknown);
    });
});
