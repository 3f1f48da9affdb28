// Engine.IO v4: what each request of a polling session is answered.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ask, errors, PollingSession, separator, settled, start } from "./polling.mjs";
import { eventually, perServer, Server } from "./server.mjs";

const maxPayload = 100_000;
let server;
before(async () => { server = await Server.start("engineio_echo", { "max-payload": maxPayload }); });
after(() => server.stop());

const gone = (session) => eventually(async () => !(await session.isKnown()), "the session's end");

function assertPoll({ status, headers, body }, expected) {
  assert.equal(status, 200);
  assert.equal(headers["content-type"].toLowerCase(), "text/plain; charset=utf-8");
  assert.equal(headers["content-length"], String(Buffer.byteLength(body)));
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(body, expected);
}

function assertOk({ status, headers, body }) {
  assert.equal(status, 200);
  assert.equal(headers["content-type"], "text/html");
  assert.equal(headers["content-length"], "2");
  assert.equal(body, "ok");
}

test("a POST is answered ok, a GET takes everything that is buffered", async () => {
  const session = await PollingSession.open(server);
  assertOk(await session.post("4one"));
  assertOk(await session.post(["4two €", "bAQI="].join(separator)));
  assertPoll(await session.get(), ["4one", "4two €", "bAQI="].join(separator));
});

test("a GET without data is held until there is a packet", async () => {
  const session = await PollingSession.open(server);
  for (const packet of ["4one", "4two", "4three"]) {
    const held = await session.hold();
    assertOk(await session.post(packet));
    assertPoll(await held.answer, packet);
  }
});

test("a packet waits for the next GET, none is lost between two", async () => {
  const session = await PollingSession.open(server);
  const sent = Array.from({ length: 50 }, (_, i) => `4${i}`);
  const received = [];
  const reading = (async () => { while (received.length < sent.length) received.push(...await session.packets()); })();
  for (const packet of sent) await session.post(packet);
  await reading;
  assert.deepEqual(received, sent);
});

test("requests may share one connection, or come each on its own", async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const session = await PollingSession.open(server);
  for (let i = 0; i < 3; ++i) {
    assertOk(await ask(server, { agent, method: "POST", query: session.query, body: `4${i}` }));
    assertPoll(await ask(server, { agent, query: session.query }), `4${i}`);
    await session.post("4own");
    assertPoll(await session.get(), "4own");
  }
  agent.destroy();
});

test("a POST may come in chunks, in pieces and without a type", async () => {
  const session = await PollingSession.open(server);
  const { request, answer } = start(server, {
    method: "POST", query: session.query, headers: { "Transfer-Encoding": "chunked" }, open: true });
  const bytes = Buffer.from("4in €urópä");
  for (const byte of bytes) request.write(Buffer.from([byte]));
  request.end();
  assertOk(await answer);
  assertPoll(await session.get(), bytes.toString());
});

test("of two GETs at once the first gets a close packet, the second 400, the session ends", async () => {
  const session = await PollingSession.open(server);
  const held = await session.hold();
  const { status } = await session.get();
  assert.equal(status, 400);
  assertPoll(await held.answer, "1");
  await gone(session);
});

test("a GET that its client aborts ends the session", async () => {
  const session = await PollingSession.open(server);
  const held = await session.hold();
  held.abort();
  await gone(session);
  const { status, body } = await session.get();
  assert.equal(status, 400);
  assert.deepEqual(JSON.parse(body), errors.sessionUnknown);
});

async function halfPost(session) {
  const post = start(server, { method: "POST", query: session.query, headers: { "Content-Length": 10 }, open: true });
  post.request.write("4half");
  await once(post.request, "socket");
  await settled(server);
  return post;
}

test("a second POST while one is read is refused and ends the session", async () => {
  const session = await PollingSession.open(server);
  const first = await halfPost(session);
  assert.equal((await session.post("4x")).status, 400);
  await first.answer.then(({ status }) => assert.equal(status, 400), () => {}); // refused, or cut off
  await gone(session);
});

test("a POST that its client aborts is not processed", async () => {
  const session = await PollingSession.open(server);
  (await halfPost(session)).abort();
  await settled(server);
  // npm ends the session, too; one that stays has lost nothing.
  if ((await session.post("4whole")).status === 200) assertPoll(await session.get(), "4whole");
});

test("an octet stream is refused with a complete answer and ends the session (CVE-2026-59725)", async () => {
  const session = await PollingSession.open(server);
  const { status } = await session.post(Buffer.from([4, 1, 2]), { "Content-Type": "application/octet-stream" });
  assert.equal(status, 400);
  await gone(session);
});

test("a body of maxPayload bytes is taken, one more is 413 without a body", async () => {
  const session = await PollingSession.open(server);
  assertOk(await session.post("4".padEnd(maxPayload, "x")));
  assert.equal((await session.get()).body.length, maxPayload);
  const refused = await session.post("4".padEnd(maxPayload + 1, "x"));
  assert.deepEqual([refused.status, refused.body], [413, ""]);
});

test("maxPayload counts bytes, not characters", async () => {
  const session = await PollingSession.open(server);
  assert.equal((await session.post(`4${"€".repeat(Math.ceil(maxPayload / 3))}`)).status, 413);
});

test("a body that has no end is 413 as soon as it is too long", async () => {
  const session = await PollingSession.open(server);
  const { request, answer } = start(server, {
    method: "POST", query: session.query, headers: { "Transfer-Encoding": "chunked" }, open: true });
  request.on("error", () => {}); // the server may well close on what is still being written
  request.write("4".padEnd(maxPayload * 2, "x"));
  assert.equal((await answer).status, 413);
  request.destroy();
});

for (const method of ["PUT", "DELETE", "PATCH"]) {
  test(`${method} with a sid is refused and leaves the session alone`, async () => {
    const session = await PollingSession.open(server);
    const { status } = await ask(server, { method, query: session.query });
    const allowed = perServer({ cloudsync: [400, 405], node: [500], reason: "npm answers other methods with 500" });
    assert.ok(allowed.includes(status), `${status}`);
    assertOk(await session.post("4x"));
    assertPoll(await session.get(), "4x");
  });
}

test("a close packet frees the held GET with a noop and ends the session", async () => {
  const session = await PollingSession.open(server);
  const held = await session.hold();
  assertOk(await session.post("1"));
  assertPoll(await held.answer, "6");
  const { status, body } = await session.get();
  assert.equal(status, 400);
  assert.deepEqual(JSON.parse(body), errors.sessionUnknown);
});

test("what is before a close packet is processed, what is behind is not", async () => {
  const session = await PollingSession.open(server);
  const held = await session.hold();
  assertOk(await session.post(["4before", "1", "4behind"].join(separator)));
  assertPoll(await held.answer, "4before");
  await gone(session);
});

test("a large answer may be compressed for who accepts it, and says how", async () => {
  const session = await PollingSession.open(server);
  const packet = "4".padEnd(5000, "compressible ");
  await session.post(packet);
  const { status, headers, bytes } = await ask(server, { query: session.query, headers: { "Accept-Encoding": "gzip" } });
  assert.equal(status, 200);
  assert.equal(headers["cache-control"], "no-store");
  assert.equal((headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString(), packet);
  await session.post(packet);
  assertPoll(await session.get(), packet);
});

test("a session does not notice another one's end", async () => {
  const [one, other] = [await PollingSession.open(server), await PollingSession.open(server)];
  const held = await other.hold();
  await one.post("1");
  await gone(one);
  await other.post("4x");
  assertPoll(await held.answer, "4x");
});
