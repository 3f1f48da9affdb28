// Hostile handshakes, polls and frames: each has its answer, and a bystander notices nothing.
import assert from "node:assert/strict";
import net from "node:net";
import { after, afterEach, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Bystander } from "./bystander.mjs";
import { ask, errors, PollingSession, separator, settled } from "./polling.mjs";
import { exchange, frame, noStatus, opcodes, parseAnswer, RawWebSocket, textFrame, upgradeRequest } from "./raw_websocket.mjs";
import { eventually, perServer, Server, within } from "./server.mjs";

let server, bystander;
before(async () => {
  server = await Server.start("socketio_reference");
  bystander = await Bystander.join(server);
});
afterEach(() => bystander.assertUnharmed());
after(async () => {
  bystander.leave();
  await server.stop();
});

const gone = (session) => eventually(async () => !(await session.isKnown()), "the session's end");
const websocketTarget = () => `${server.path}?EIO=4&transport=websocket`;

test("CVE-2022-21676: a bad frame glued to the upgrade", async () => {
  for (const rsv of [1, 2, 4]) {
    const socket = await RawWebSocket.open(server, { glued: frame(opcodes.text, "40", { rsv }) });
    assert.equal(await socket.ended(), 1002);
  }
});

/** Sends `bytes`, and resets the connection: at once, or as soon as the server answers. */
const sendAndReset = (bytes, { answered }) => new Promise((resolve) => {
  const tcp = net.connect(server.port, server.hostname, () => tcp.write(bytes, () => answered || tcp.resetAndDestroy()));
  tcp.on("data", () => tcp.resetAndDestroy()).on("error", () => {}).on("close", resolve);
});

test("CVE-2022-41940: a reset behind each byte of an upgrade, refused or not", async () => {
  const session = await PollingSession.open(server);
  for (const target of [websocketTarget(), `${websocketTarget()}&sid=unknown`, `${websocketTarget()}${session.query}`,
    `${server.path}?EIO=4&transport=x`]) {
    const request = upgradeRequest(server, target);
    const cuts = [...Array(request.length + 1).keys()].filter((cut) => cut % 7 === 0 || cut > request.length - 4);
    await Promise.all(cuts.map((cut) => sendAndReset(request.slice(0, cut), { answered: false })));
    for (let i = 0; i < 5; ++i) await sendAndReset(request, { answered: true });
  }
  assert.ok(await session.isKnown());
});

test("CVE-2023-31125: upgrades with odd queries are refused", async () => {
  for (const query of ["", "?", "?EIO=4", "?EIO=4&transport=", "?EIO=4&transport=foo",
    "?EIO=4&transport=__proto__", "?EIO=4&transport=hasOwnProperty",
    "?EIO=4&transport[]=websocket", "?EIO=4&transport=websocket&transport=x", "?EIO=4&transport=WEBSOCKET", "?%", "?EIO=4&transport=%00websocket",
    "?EIO=4&transport=websocket%0d%0a", "?EIO=4&transport=websocket&sid=%00", "?EIO=4&transport=websocket&sid=toString"]) {
    const refusal = await RawWebSocket.open(server, { target: server.path + query }).then(() => null, (answer) => answer);
    assert.equal(refusal?.status, 400, query);
  }
});

test("CVE-2026-59725: octet streams don't pile up", async () => {
  await Promise.all(Array.from({ length: 50 }, async () => {
    const session = await PollingSession.open(server);
    const { status } = await session.post("x", { "Content-Type": "application/octet-stream" });
    assert.equal(status, 400);
  }));
});

test("CVE-2020-36048: a payload of many small packets is read in one pass", async () => {
  const session = await PollingSession.open(server);
  const noops = Array(400_000).fill("6").join(separator);
  assert.equal((await session.post(noops)).body, "ok");
  await session.post(separator.repeat(900_000));
  await gone(session);
});

test("GHSA-5v72-xg48-5rpm: odd extensions are not accepted, and do no harm", async () => {
  for (const value of ["constructor", "__proto__", "hasOwnProperty; x=1", "permessage-deflate; constructor",
    "x; y=\"z\"", "permessage-deflate; server_max_window_bits=999999999"]) {
    const socket = await RawWebSocket.open(server, { headers: { "Sec-WebSocket-Extensions": value } });
    assert.equal(socket.answer.headers["sec-websocket-extensions"], undefined, value);
    await socket.close();
  }
});

test("compression is not on: an offer of it is not accepted", async () => {
  const socket = await RawWebSocket.open(server, { headers: { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" } });
  assert.equal(socket.answer.headers["sec-websocket-extensions"], undefined);
  await socket.close();
});

/** The status of an upgrade with these headers. */
const upgradeStatus = (headers, target = websocketTarget()) => RawWebSocket.open(server, { target, headers })
  .then(async (socket) => { await socket.drop(); return 101; }, ({ status }) => status);

test("CVE-2021-32640: white space without end in Sec-WebSocket-Protocol", async () => {
  for (const value of [`a${" ".repeat(10_000)}b`, `${"a ".repeat(5000)}`, `${",".repeat(5000)}`]) {
    assert.ok([101, 400].includes(await upgradeStatus({ "Sec-WebSocket-Protocol": value })), value.slice(0, 5));
  }
});

test("CVE-2024-37890: more headers than a server keeps", async () => {
  const many = Object.fromEntries(Array.from({ length: 2500 }, (_, i) => [`x${i}`, ""]));
  // First the many, then those of the upgrade.
  const request = upgradeRequest(server, websocketTarget(), many);
  const [first, ...lines] = request.trimEnd().split("\r\n");
  const { status } = parseAnswer(await Promise.race([
    exchange(server, `${[first, ...lines.slice(5), ...lines.slice(0, 5)].join("\r\n")}\r\n\r\n`),
    new Promise((resolve) => setTimeout(resolve, 1000, Buffer.from("HTTP/1.1 101 Switching Protocols\r\n\r\n"))),
  ]));
  assert.ok([101, 400, 426, 431].includes(status), `${status}`);
});

for (const [what, headers] of Object.entries({
  "no version": { "Sec-WebSocket-Version": null }, "version 7": { "Sec-WebSocket-Version": "7" }, "no key": { "Sec-WebSocket-Key": null },
  "a short key": { "Sec-WebSocket-Key": "YWJj" }, "a key that is not base64": { "Sec-WebSocket-Key": "!!!!!!!!!!!!!!!!!!!!!!==" },
  "another protocol": { Upgrade: "h2c" },
})) {
  test(`an upgrade with ${what} is refused`, async () => {
    const status = await upgradeStatus(headers);
    assert.ok([400, 405, 426].includes(status), `${status}`);
  });
}

test("CVE-2026-45736: an answered close tells nothing but what was sent", async () => {
  for (const reason of ["", "bye", "x".repeat(123)]) {
    const socket = await RawWebSocket.open(server);
    socket.write(frame(opcodes.close, Buffer.concat([Buffer.from([3, 232]), Buffer.from(reason)])));
    assert.equal(await socket.ended(), 1000);
    assert.ok(["", reason].includes(socket.closeReason), socket.closeReason);
  }
});

test("CVE-2016-10518: a pong holds the ping's bytes, no more", async () => {
  const socket = await RawWebSocket.open(server);
  await socket.next();
  const payloads = ["", "1", "100", "x".repeat(125)];
  for (const payload of payloads) socket.write(frame(opcodes.ping, payload));
  await eventually(() => socket.pongs.length === payloads.length, "the pongs");
  assert.deepEqual(socket.pongs, payloads);
  await socket.close();
});

test("a flood of control frames", async () => {
  const socket = await RawWebSocket.open(server);
  await socket.next();
  for (const flood of [frame(opcodes.ping, "x"), frame(opcodes.pong, "x"), textFrame("3"), textFrame("6")]) {
    socket.write(Buffer.concat(Array(5000).fill(flood)));
  }
  socket.send("40");
  assert.match(await socket.next("an answer behind the flood"), /^40\{/);
  await socket.close();
});

test("invalid UTF-8 in a POST ends the session", async () => {
  const session = await PollingSession.open(server);
  await session.post("40");
  await session.packets();
  await session.post(Buffer.concat([Buffer.from('42["message","'), Buffer.from([0xc3, 0x28]), Buffer.from('"]')]));
  const isTaken = perServer({ cloudsync: false, node: true, reason: "npm reads bodies with replacement characters" });
  if (!isTaken) return gone(session);
  assert.ok(await session.isKnown());
});

test("NUL and a raw 0x1E inside JSON are no JSON", async () => {
  for (const character of ["\0", separator, "\n"]) {
    const socket = await RawWebSocket.open(server);
    for (const packet of ["40", `42["message","a${character}b"]`]) socket.send(packet);
    assert.equal(await socket.ended(), noStatus);
    const session = await PollingSession.open(server);
    await session.post(["40", `42["message","a${character}b"]`].join(separator));
    await eventually(async () => (await session.get()).status === 400, "the session's end");
  }
});

test("a compressed body is not inflated", async () => {
  const session = await PollingSession.open(server);
  const bomb = gzipSync(Buffer.alloc(10_000_000, "6"));
  const { status } = await session.post(bomb, { "Content-Encoding": "gzip", "Content-Type": "text/plain;charset=UTF-8" });
  assert.ok([200, 400, 413, 415].includes(status), `${status}`);
  await session.post("1");
});

test("half requests and half upgrades don't block others", async () => {
  const halves = ["", "G", `GET ${server.path}`, "GET / HTTP/1.1\r\nHost: x", upgradeRequest(server, websocketTarget()).slice(0, -2),
    `POST ${server.path}?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n4`];
  const open = Array.from({ length: 120 }, (_, i) => net.connect(server.port, server.hostname).on("error", () => {}));
  open.forEach((tcp, i) => tcp.write(halves[i % halves.length]));
  await settled(server);
  await bystander.assertUnharmed();
  open.forEach((tcp) => tcp.destroy());
});

test("upgrades that are never completed, and frames that never end", async () => {
  const open = await Promise.all(Array.from({ length: 30 }, async (_, i) => {
    const session = await PollingSession.open(server);
    const socket = await RawWebSocket.open(server, { query: session.query, glued: i % 2 ? textFrame("2probe") : "" });
    if (i % 3 === 0) socket.write(Buffer.from([0x81]));
    if (i % 3 === 1) socket.write(frame(opcodes.text, "2pro", { length: 900_000 }));
    return socket;
  }));
  await bystander.assertUnharmed();
  await Promise.all(open.map((socket) => socket.drop()));
});

test("a client that never reads its large answers", async () => {
  const socket = await RawWebSocket.open(server);
  await socket.next();
  socket.send("40");
  await socket.next();
  socket.tcp.pause();
  const packet = `42["message","${"x".repeat(100_000)}"]`;
  for (let i = 0; i < 100; ++i) socket.send(packet);
  await bystander.assertUnharmed();
  await socket.drop();
});

test("handshakes that nothing follows", async () => {
  const sids = new Set(await Promise.all(Array.from({ length: 300 }, async () => (await PollingSession.open(server)).sid)));
  assert.equal(sids.size, 300);
});

test("requests that guess a session", async () => {
  const guesses = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(server, {
    query: `&sid=${String(i).padStart(20, "A")}`, method: i % 2 ? "GET" : "POST" })));
  for (const { status, body } of guesses) {
    assert.equal(status, 400);
    assert.deepEqual(JSON.parse(body), errors.sessionUnknown);
  }
});

test("what is no HTTP is refused", async () => {
  for (const bytes of ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "HELO\r\n\r\n", "GET\r\n\r\n", `${"x".repeat(100_000)}`,
    `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(100_000)}\r\n\r\n`]) {
    const { status } = parseAnswer(await within(exchange(server, bytes), "an answer"));
    assert.ok([400, 431, 405, 414, 501, 505].includes(status) || Number.isNaN(status), `${status}`);
  }
});
