// Engine.IO v4: the handshake, the refusals and their order, cookies and CORS.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, errors, PollingSession } from "./polling.mjs";
import { exchange, parseAnswer, RawWebSocket } from "./raw_websocket.mjs";
import { perServer, Server } from "./server.mjs";

const settings = { "ping-interval": 25_000, "ping-timeout": 20_000, "max-payload": 1_000_000 };
let server, polling, websocket;
before(async () => {
  server = await Server.start("engineio_echo", settings);
  polling = await PollingSession.open(server);
  websocket = await RawWebSocket.open(server);
  websocket.sid = JSON.parse((await websocket.next()).slice(1)).sid;
});
after(async () => {
  await websocket.close();
  await server.stop();
});

const sidPattern = /^[A-Za-z0-9_-]{20,}$/;

test("over polling it is one packet with five keys, in a complete answer", async () => {
  const { status, headers, body } = await ask(server);
  assert.equal(status, 200);
  assert.equal(body[0], "0");
  const { sid, ...rest } = JSON.parse(body.slice(1));
  assert.match(sid, sidPattern);
  assert.deepEqual(rest, { upgrades: ["websocket"], pingInterval: 25000, pingTimeout: 20000, maxPayload: 1000000 });
  assert.equal(headers["content-type"].toLowerCase(), "text/plain; charset=utf-8");
  assert.equal(headers["content-length"], String(body.length));
  assert.equal(headers["cache-control"], "no-store");
});

test("over WebSocket it is the first message, without upgrades", async () => {
  const socket = await RawWebSocket.open(server);
  const { sid, ...rest } = JSON.parse((await socket.next()).slice(1));
  assert.match(sid, sidPattern);
  assert.deepEqual(rest, { upgrades: [], pingInterval: 25000, pingTimeout: 20000, maxPayload: 1000000 });
  await socket.close();
});

test("it tells the server's settings", async () => {
  const other = await Server.start("engineio_echo", { "ping-interval": 1234, "ping-timeout": 567, "max-payload": 8901 });
  const { handshake } = await PollingSession.open(other);
  await other.stop();
  assert.deepEqual({ ...handshake, sid: "" },
    { sid: "", upgrades: ["websocket"], pingInterval: 1234, pingTimeout: 567, maxPayload: 8901 });
});

test("each session has another id (CVE-2017-16031)", async () => {
  const sids = new Set();
  for (let i = 0; i < 100; ++i) sids.add((await PollingSession.open(server)).sid);
  assert.equal(sids.size, 100);
});

test("other keys of the query don't matter, and the last of a repeated key wins", async () => {
  for (const query of ["&sid=", "&t=abc123", "&b64=1", "&room=x&__proto__=1&constructor=2&toString=3", "&x=%FF%00&&=&x"]) {
    assert.equal((await ask(server, { query })).status, 200, query);
  }
  for (const query of ["?EIO=3&transport=polling&EIO=4", "?EIO=4&transport=none&transport=polling", "?EIO=4&sid=no&transport=polling&sid="]) {
    assert.equal((await ask(server, { target: server.path + query })).status, 200, query);
  }
});

test("JSONP is not spoken", async () => {
  const { body } = await ask(server, { query: "&j=0" });
  assert.equal(body[0], perServer({ cloudsync: "0", node: "_", reason: "npm still answers version 3's JSONP" }));
});

test("the path ends with a slash", async () => {
  assert.equal((await ask(server, { target: `${server.path.slice(0, -1)}?EIO=4&transport=polling` })).status, 404);
});

// What is refused: [what, query, error, options]. `S` is a polling session's sid, `W` a WebSocket one's.
const refusals = [
  ["no transport", "?EIO=4", "transportUnknown"],
  ["an unknown transport", "?EIO=4&transport=tcp", "transportUnknown"],
  ["transport=__proto__", "?EIO=4&transport=__proto__", "transportUnknown"],
  ["transport=constructor", "?EIO=4&transport=constructor", "transportUnknown"],
  ["webtransport over HTTP", "?EIO=4&transport=webtransport", "transportUnknown"],
  ["an unknown sid", "?EIO=4&transport=polling&sid=unknown", "sessionUnknown"],
  ["sid=__proto__", "?EIO=4&transport=polling&sid=__proto__", "sessionUnknown"],
  ["sid=constructor", "?EIO=4&transport=polling&sid=constructor", "sessionUnknown"],
  ["a sid with another case", "?EIO=4&transport=polling&sid=S!", "sessionUnknown"],
  ["a POST without sid", "?EIO=4&transport=polling", "badMethod", { method: "POST" }],
  ["a PUT without sid", "?EIO=4&transport=polling", "badMethod", { method: "PUT" }],
  ["WebSocket without an upgrade", "?EIO=4&transport=websocket", "badRequest"],
  ["a polling session over another transport", "?EIO=4&transport=websocket&sid=S", "badRequest"],
  ["a WebSocket session over polling", "?EIO=4&transport=polling&sid=W", "badRequest"],
  ["another version than the session's", "?EIO=3&transport=polling&sid=S", "badRequest"],
  ["no version, with a session", "?transport=polling&sid=S", "badRequest"],
  ["version 3", "?EIO=3&transport=polling", "versionUnsupported"],
  ["no version", "?transport=polling", "versionUnsupported"],
  ["version 5", "?EIO=5&transport=polling", "versionUnsupported"],
  ["version 4.0", "?EIO=4.0&transport=polling", "versionUnsupported"],
  // The order: what is checked first wins.
  ["transport before sid", "?EIO=4&transport=tcp&sid=unknown", "transportUnknown"],
  ["transport before version", "?EIO=3&transport=tcp", "transportUnknown"],
  ["transport before method", "?EIO=4", "transportUnknown", { method: "POST" }],
  ["sid before version", "?EIO=3&transport=polling&sid=unknown", "sessionUnknown"],
  ["sid before method", "?EIO=4&transport=polling&sid=unknown", "sessionUnknown", { method: "POST" }],
  ["sid before the upgrade", "?EIO=4&transport=websocket&sid=unknown", "sessionUnknown"],
  ["method before version", "?EIO=3&transport=polling", "badMethod", { method: "POST" }],
  ["method before the upgrade", "?EIO=4&transport=websocket", "badMethod", { method: "POST" }],
  ["the upgrade before version", "?EIO=3&transport=websocket", "badRequest"],
];
for (const [what, query, error, options] of refusals) {
  test(`refused with ${errors[error].code}: ${what}`, async () => {
    const target = server.path + query.replace("sid=S", `sid=${polling.sid}`).replace("sid=W", `sid=${websocket.sid}`);
    const { status, headers, body } = await ask(server, { target, ...options });
    assert.equal(status, 400);
    assert.match(headers["content-type"], /^application\/json/);
    assert.deepEqual(JSON.parse(body), errors[error]);
  });
}

test("an Origin with a control character is refused", async () => {
  for (const origin of ["http://a\x01b", "http://a\x7fb", "http://a\0b"]) {
    const { status } = parseAnswer(await exchange(server,
      `GET ${server.path}?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\nOrigin: ${origin}\r\nConnection: close\r\n\r\n`));
    assert.equal(status, 400, JSON.stringify(origin));
  }
});

/** What answers an upgrade: the refusal, or the 101. */
const upgradeAnswer = (options) => RawWebSocket.open(server, options).then(async (socket) => {
  await socket.drop();
  return socket.answer;
}, (refusal) => refusal);

const refusedUpgrades = [
  ["an unknown transport", "?EIO=4&transport=tcp", "Transport unknown"],
  ["no transport", "?EIO=4", "Transport unknown"],
  ["webtransport", "?EIO=4&transport=webtransport", "Transport unknown"],
  ["an unknown sid", "?EIO=4&transport=websocket&sid=unknown", "Session ID unknown"],
  ["sid=__proto__", "?EIO=4&transport=websocket&sid=__proto__", "Session ID unknown"],
  ["another version than the session's", "?EIO=3&transport=websocket&sid=S", "Bad request"],
];
for (const [what, query, message] of refusedUpgrades) {
  test(`an upgrade is refused with a bare message: ${what}`, async () => {
    const target = server.path + query.replace("sid=S", `sid=${polling.sid}`);
    const { status, headers, body } = await upgradeAnswer({ target });
    assert.equal(status, 400);
    assert.equal(headers.connection, "close");
    assert.match(headers["content-type"], /^text\/html/);
    assert.equal(body, message);
  });
}

for (const [what, query, message] of [
  ["version 3", "?EIO=3&transport=websocket", "Unsupported protocol version"],
  ["no version", "?transport=websocket", "Unsupported protocol version"],
  ["polling", "?EIO=4&transport=polling", "Bad request"],
]) {
  test(`an upgrade with ${what} is refused before the 101`, async () => {
    const { status, body } = await upgradeAnswer({ target: server.path + query });
    const expected = perServer({
      cloudsync: 400, node: 101, reason: "npm checks version and transport only after it has upgraded" });
    assert.equal(status, expected);
    if (expected === 400) assert.equal(body, message);
  });
}

test("no answer sets a cookie", async () => {
  assert.equal((await ask(server)).headers["set-cookie"], undefined);
  const socket = await RawWebSocket.open(server);
  assert.equal(socket.answer.headers["set-cookie"], undefined);
  await socket.close();
});

const foreign = { Origin: "https://evil.example" };
const corsHeaders = (headers) => Object.keys(headers).filter((name) => name.startsWith("access-control-"));

test("no answer to a foreign page lets it read (CVE-2020-28481)", async () => {
  for (const options of [{}, { query: "&sid=unknown" }, { query: `&sid=${polling.sid}`, method: "POST", body: "6" },
    { method: "OPTIONS" }]) {
    const { headers } = await ask(server, { ...options,
      headers: { ...foreign, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x" } });
    assert.deepEqual(corsHeaders(headers), [], JSON.stringify(options));
  }
});

test("a foreign page opens no session, and reaches none", async () => {
  const ofHttp = await ask(server, { headers: foreign });
  const ofPost = await ask(server, { headers: foreign, method: "POST", query: `&sid=${polling.sid}`, body: "6" });
  const ofUpgrade = await upgradeAnswer({ headers: foreign });
  const answers = [ofHttp, ofPost, ofUpgrade].map(({ status }) => (status >= 400 ? "refused" : status));
  assert.deepEqual(answers, perServer({
    cloudsync: ["refused", "refused", "refused"], node: [200, 200, 101],
    reason: "npm's CORS only keeps answers from pages; it lets any Origin in (socket.io#5077)" }));
});
