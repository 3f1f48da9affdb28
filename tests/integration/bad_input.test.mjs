// Hostile and broken input against the real server: each gets its documented answer, nothing is stored,
// the server lives, and a bystander in the same document notices nothing.
import assert from "node:assert/strict";
import net from "node:net";
import { after, afterEach, before, test } from "node:test";
import WebSocket from "ws";
import { call, connect, connected, Reader } from "./client.mjs";
import { eventually, Server } from "./server.mjs";

let server, documentId, bystander, watcher, attacker, reader;

before(async () => {
  server = await Server.start({
    args: ["--limits.handshake-timeout-ms", "400", "--limits.connect-timeout-ms", "400", "--limits.op-bytes", "2000",
      "--limits.payload-bytes", "20000", "--limits.http-body-bytes", "5000",
      "--limits.documents-per-connection", "3", "--allow-origin", "https://friend.example"],
  });
  documentId = await server.createDocument("rich-text");
  bystander = connect(server.url, { transports: ["websocket"] });
  await connected(bystander);
  watcher = await Reader.join(bystander, documentId);
  attacker = connect(server.url, { transports: ["websocket"] });
  await connected(attacker);
  reader = await Reader.join(attacker, documentId);
});

// Whatever a test did: the server lives, stored nothing, and the bystander was left alone.
afterEach(async () => {
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  assert.ok(bystander.connected);
  assert.equal(watcher.revision, 0);
  assert.equal((await server.document(documentId)).revision, 0);
});

after(async () => {
  attacker.disconnect();
  bystander.disconnect();
  await server.dispose();
});

const submit = (fields) => call(attacker, "submit-op", { documentId, revision: 0, seq: 1000, op: [{ insert: "x" }], ...fields });

function rawRequest(text, { thenEnd = false } = {}) {
  const { hostname: host, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port: Number(port), allowHalfOpen: thenEnd },
      () => (thenEnd ? socket.end(text) : socket.write(text)));
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

const upgradeRequest = (headers = {}) => {
  const fields = { Host: new URL(server.url).host, Upgrade: "websocket", Connection: "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13", ...headers };
  return `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n${
    Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
};

/** Opens a raw Engine.IO WebSocket, sends what `act` wants, resolves with the close code. */
function closeCode(act) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
    socket.once("message", () => act(socket));
    socket.once("close", resolve);
    socket.once("error", reject);
  });
}

test("an unknown document is not_found", async () => {
  for (const id of ["nosuchdocument", "__proto__", "../../etc/passwd", "x".repeat(64)]) {
    const reply = await call(attacker, "join-document", { documentId: id });
    assert.equal(reply.error.code, "not_found", id);
  }
  assert.equal((await fetch(`${server.url}/api/v1/documents/nosuch`)).status, 404);
});

test("a malformed event is bad_request", async () => {
  for (const argument of [null, 7, "x", [], {}, { documentId: 7 }, { documentId: "" }]) {
    assert.equal((await call(attacker, "join-document", argument)).error.code, "bad_request");
  }
  assert.equal((await call(attacker, "no-such-event", {})).error.code, "bad_request");
  assert.equal((await submit({ revision: -1 })).error.code, "bad_request");
  assert.equal((await submit({ seq: 1.5 })).error.code, "bad_request");
  assert.equal((await submit({ seq: "1" })).error.code, "bad_request");
  assert.equal((await submit({ op: undefined })).error.code, "bad_request");
  assert.equal((await call(attacker, "join-document", { documentId, hash: 5 })).error.code, "bad_request");
  assert.equal((await call(attacker, "join-document", { documentId: "\ud800" })).error.code, "bad_request");
});

test("mistyped auth is refused with bad_request", async () => {
  for (const auth of [{ name: {} }, { name: null }, { client: 7 }, { client: { id: 1, secret: "x" } }]) {
    await assert.rejects(connected(connect(server.url, { auth })), (error) => error.data.code === "bad_request");
  }
});

test("half of a surrogate pair is op_invalid, and the connection stays", async () => {
  let seq = 2500;
  for (const op of [[{ insert: "\ud800" }], [{ insert: "a\udc00b" }], [{ retain: 1, attributes: { "\ud800": 1 } }]]) {
    assert.equal((await submit({ op, seq: ++seq })).error?.code, "op_invalid", JSON.stringify(op));
  }
  assert.ok(attacker.connected);
});

test("a malformed operation is op_invalid and names the fault", async () => {
  const malformed = [
    null, 7, "x", {}, [{}], [{ insert: "" }], [{ retain: 0 }], [{ retain: -1 }], [{ delete: 1.5 }],
    [{ insert: "a", delete: 1 }], [{ insert: "a", attributes: 7 }], [{ insert: "a", sneaky: true }],
    [{ insert: "a", attributes: { __proto__x: 1, ["__proto__"]: { polluted: true } } }],
    [{ retain: 1e300 }], [{ insert: null }], [[["deep"]]],
  ];
  let seq = 2000;
  for (const op of malformed) {
    const reply = await submit({ op, seq: ++seq });
    assert.equal(reply.error?.code, "op_invalid", JSON.stringify(op));
    assert.ok(reply.error.message.length > 0);
  }
});

test("an operation past the end is op_invalid", async () => {
  let seq = 3000;
  for (const op of [[{ delete: 100 }], [{ retain: 100 }, { insert: "x" }], [{ retain: 9e15 }, { delete: 1 }]]) {
    assert.equal((await submit({ op, seq: ++seq })).error.code, "op_invalid");
  }
});

test("a revision from the future is revision_unknown", async () => {
  assert.equal((await submit({ revision: 99, seq: 4000 })).error.code, "revision_unknown");
  assert.equal((await call(attacker, "fetch-ops", { documentId, from: 5, to: 9 })).error.code, "revision_unknown");
  const other = connect(server.url, { transports: ["websocket"] });
  await connected(other);
  await assert.rejects(Reader.join(other, documentId, { revision: 42, hash: "0".repeat(16) }),
    { code: "revision_unknown" });
  other.disconnect();
});

test("a wrong hash is history_diverged", async () => {
  const other = connect(server.url, { transports: ["websocket"] });
  await connected(other);
  await assert.rejects(Reader.join(other, documentId, { revision: 0, hash: "f".repeat(16) }),
    { code: "history_diverged" });
  other.disconnect();
});

test("a document that was not joined is not_joined", async () => {
  const other = await server.createDocument("text");
  assert.equal((await call(attacker, "submit-op", { documentId: other, revision: 0, seq: 1, op: ["x"] })).error.code, "not_joined");
  assert.equal((await call(attacker, "fetch-ops", { documentId: other, from: 1, to: 1 })).error.code, "not_joined");
  assert.equal((await call(attacker, "leave-document", { documentId: other })).error.code, "not_joined");
});

test("a seq used twice with another operation is seq_reused", async () => {
  const scratch = await server.createDocument("text");
  assert.ok((await call(attacker, "join-document", { documentId: scratch })).ok);
  const first = { documentId: scratch, revision: 0, seq: 5, op: ["a"] };
  assert.ok((await call(attacker, "submit-op", first)).ok);
  assert.equal((await call(attacker, "submit-op", { ...first, op: ["b"] })).error.code, "seq_reused");
  assert.equal((await call(attacker, "submit-op", { ...first, seq: 4 })).error.code, "seq_reused");
  assert.equal((await server.document(scratch)).content, "a");
  assert.ok((await call(attacker, "leave-document", { documentId: scratch })).ok);
});

test("a stolen client id is refused with forbidden", async () => {
  const { id, secret } = watcher.reply.client;
  const forged = [
    { id, secret: "guess" },
    { id, secret: reader.reply.client.secret },
    { id, secret: `${secret.split(".")[0]}.${"A".repeat(43)}` },
    { id: reader.reply.client.id, secret },
  ];
  for (const client of forged) {
    const thief = connect(server.url, { transports: ["websocket"], auth: { client } });
    await assert.rejects(connected(thief), (error) => error.data.code === "forbidden");
    thief.disconnect();
  }
});

test("a failed join leaves no ghost, and takes no earlier join with it", async () => {
  const id = await server.createDocument("text");
  for (let i = 0; i < 5; i++) {
    const ghost = connect(server.url, { transports: ["websocket"] });
    await connected(ghost);
    assert.ok((await call(ghost, "join-document", { documentId: id })).ok);
    assert.equal((await call(ghost, "join-document", { documentId: id, revision: 99 })).error.code, "revision_unknown");
    assert.ok((await call(ghost, "submit-op", { documentId: id, revision: i, seq: 1, op: ["x"] })).ok);
    ghost.disconnect();
  }
  const probe = connect(server.url, { transports: ["websocket"] });
  await connected(probe);
  await eventually(async () => (await call(probe, "join-document", { documentId: id })).memberCount === 1, "all are gone");
  probe.disconnect();
});

test("who leaves and comes back at once is a member, and gets nothing in between", async () => {
  const id = await server.createDocument("text");
  const writer = connect(server.url, { transports: ["websocket"] });
  await connected(writer);
  await Reader.join(writer, id);
  let revision = 0;
  for (let i = 0; i < 20; i++) {
    const fickle = connect(server.url, { transports: ["websocket"] });
    await connected(fickle);
    const early = [];
    let isOut = false;
    fickle.on("ops", (frame) => { if (isOut) early.push(frame); });
    const first = call(fickle, "join-document", { documentId: id });
    const left = call(fickle, "leave-document", { documentId: id }).then((reply) => { isOut = true; return reply; });
    const written = call(writer, "submit-op", { documentId: id, revision, seq: ++revision, op: ["y"] });
    const met = await first;
    assert.ok(met.ok || met.error.code === "not_joined", "it was joined, or left before that");
    assert.ok((await left).ok);
    assert.ok((await written).ok);
    const again = call(fickle, "join-document", { documentId: id }).then((reply) => { isOut = false; return reply; });
    assert.ok((await again).ok);
    assert.deepEqual(early, []);
    assert.ok((await call(fickle, "submit-op", { documentId: id, revision, seq: ++revision, op: ["z"] })).ok);
    fickle.disconnect();
  }
  writer.disconnect();
});

test("too much is too_large, and counted", async () => {
  const before = await server.limit("op_bytes");
  assert.equal((await submit({ op: [{ insert: "y".repeat(3000) }], seq: 5000 })).error.code, "too_large");
  assert.equal(await server.limit("op_bytes"), before + 1);
  for (let i = 0; i < 2; ++i) {
    assert.ok((await call(attacker, "join-document", { documentId: await server.createDocument() })).ok);
  }
  const reply = await call(attacker, "join-document", { documentId: await server.createDocument() });
  assert.equal(reply.error.code, "too_large");
  assert.equal(await server.limit("documents_per_connection"), 1);
});

test("invalid UTF-8 closes with 1007, an unmasked or oversized frame with 1002 or 1009", async () => {
  assert.equal(await closeCode((socket) => socket.send(Buffer.from([0x34, 0xc3, 0x28]), { binary: false })), 1007);
  assert.equal(await closeCode((socket) => socket.send("4" + "x".repeat(20_001))), 1009);
  assert.ok(await server.limit("payload_bytes") >= 1);
  assert.equal(await closeCode((socket) => socket.send("42[]", { mask: false })), 1002);
  assert.equal(await closeCode((socket) => socket._socket.write(Buffer.from([0xf1, 0x80, 0, 0, 0, 0]))), 1002);
});

test("malformed packets close the connection, with no status", async () => {
  const deep = `42${"[".repeat(5000)}${"]".repeat(5000)}`;
  for (const packet of ["", "9", "4", "4x", "42", "42{}", "42[]", "42[\"connect\"]", "42[\"x\"]junk", "459999999-[\"x\"]",
    "450-[\"x\"]", "42[{\"toString\":\"x\"}]", deep, `43${"1".repeat(900)}[]`, "2", "40{}", "40[]"]) {
    // CONNECT first, so that the packet meets a live namespace.
    const code = await closeCode((socket) => { socket.send("40"); socket.send(packet); });
    assert.equal(code, 1005, packet.slice(0, 40));
  }
});

test("harmless oddities are survived", async () => {
  const socket = connect(server.url, { transports: ["websocket"] });
  await connected(socket);
  socket.emit("error", { any: "thing" });
  socket.emit("presence", "garbage");
  socket.emit("presence", { documentId, revision: "x" });
  for (const packet of ["0{}", "5", "6", "3", "3"]) socket.io.engine.transport.ws.send(packet);
  assert.ok((await call(socket, "join-document", { documentId })).ok);
  socket.disconnect();
});

test("another namespace is refused, the connection stays", async () => {
  const socket = connect(`${server.url}/admin`, { transports: ["websocket"] });
  await assert.rejects(connected(socket), { message: "Invalid namespace" });
  socket.disconnect();
});

test("half a handshake is closed in time", async () => {
  const answer = await rawRequest("GET / HTTP/1.1\r\nHost: local");
  assert.match(answer, /^HTTP\/1.1 408 /);
  assert.equal(await rawRequest(""), "");
  // Upgraded, but no Socket.IO CONNECT follows.
  const before = await server.limit("connect_timeout");
  assert.equal(await closeCode(() => {}), 1005);
  assert.ok(await server.limit("connect_timeout") > before);
});

test("a client that ends its side behind its requests gets all answers", async () => {
  const { host } = new URL(server.url);
  const body = JSON.stringify({ type: "text", title: "" });
  const created = await rawRequest(`POST /api/v1/documents HTTP/1.1\r\nHost: ${host}\r\n`
    + `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`, { thenEnd: true });
  assert.match(created, /^HTTP\/1.1 201 /); // the store makes it, in a later turn
  const many = await rawRequest(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(5_000), { thenEnd: true });
  assert.equal(many.match(/HTTP\/1.1 200 /g)?.length, 5_000);
});

test("smuggling and malformed HTTP is refused with 400", async () => {
  const host = new URL(server.url).host;
  const requests = [
    `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: evil\r\n\r\n`,
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost : ${host}\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: ${host}\r\n folded\r\n\r\n`,
    `GET / HTTP/1.1\r\n\r\n`,
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
  ];
  for (const request of requests) {
    assert.match(await rawRequest(request), /^HTTP\/1.1 400 /, request);
  }
  const before = await server.limit("http_header_bytes");
  assert.match(await rawRequest(`GET / HTTP/1.1\r\nHost: ${host}\r\nX: ${"x".repeat(20_000)}\r\n\r\n`), /^HTTP\/1.1 431 /);
  assert.equal(await server.limit("http_header_bytes"), before + 1);
});

test("names and titles are bounded and counted, so is presence", async () => {
  const response = await fetch(`${server.url}/api/v1/documents`, {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: "text", title: "é".repeat(300) }) });
  assert.equal(response.status, 413);
  assert.equal(await server.limit("title_bytes"), 1);
  const named = connect(server.url, { transports: ["websocket"], auth: { name: "é".repeat(100) } });
  await connected(named);
  assert.equal(await server.limit("name_bytes"), 1);
  const scratch = await server.createDocument("text");
  await Reader.join(named, scratch);
  named.emit("presence", { documentId: scratch, revision: 0, state: { note: "x".repeat(2000) } });
  await eventually(async () => (await server.limit("presence_bytes")) === 1, "the presence is counted");
  named.disconnect();
});

test("too many fragments close with 1008, and are counted", async () => {
  const code = await closeCode((socket) => {
    for (let i = 0; i < 5000; ++i) socket.send("", { fin: false });
  });
  assert.equal(code, 1008);
  assert.equal(await server.limit("websocket_fragments"), 1);
});

test("an oversized REST body is 413", async () => {
  const response = await fetch(`${server.url}/api/v1/documents`, {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: "text", title: "x".repeat(6000) }) });
  assert.equal(response.status, 413);
  assert.equal(await server.limit("http_body_bytes"), 1);
});

test("a rebinding Host is 421 everywhere", async () => {
  for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "2130706433"]) {
    assert.match(await rawRequest(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`), /^HTTP\/1.1 421 /, host);
    assert.match(await rawRequest(upgradeRequest({ Host: host, Connection: "Upgrade, close" })), /^HTTP\/1.1 421 /, host);
  }
});

test("a foreign Origin is 403, before any upgrade", async () => {
  const { host } = new URL(server.url);
  for (const origin of ["https://evil.example", `http://${host}.evil.example`, "null", `https://${host}`, "http://127.0.0.1:1"]) {
    assert.match(await rawRequest(upgradeRequest({ Origin: origin, Connection: "Upgrade, close" })), /^HTTP\/1.1 403 /, origin);
    const polling = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
    assert.equal(polling.status, 403);
    assert.equal(polling.headers.get("access-control-allow-origin"), null);
  }
  assert.equal((await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`,
    { headers: { origin: `http://${host}` } })).status, 200);
});

test("a cookie without Origin opens no socket", async () => {
  const cookie = (await fetch(server.url)).headers.get("set-cookie").split(";")[0];
  assert.match(cookie, /^cloudsync_guest=/);
  assert.match(await rawRequest(upgradeRequest({ Cookie: cookie, Connection: "Upgrade, close" })), /^HTTP\/1.1 403 /);
});

test("a cross-origin text/plain POST is refused", async () => {
  const body = JSON.stringify({ type: "text", title: "csrf" });
  const post = (headers) => fetch(`${server.url}/api/v1/documents`, { method: "POST", headers, body });
  assert.equal((await post({ "content-type": "text/plain", origin: "https://evil.example" })).status, 403);
  assert.equal((await post({ "content-type": "text/plain" })).status, 415);
});

test("a proxied or foreign peer is no guest", async () => {
  for (const name of ["forwarded", "x-forwarded-for", "x-forwarded-proto"]) {
    const response = await fetch(`${server.url}/api/v1/documents`, {
      method: "POST", headers: { "content-type": "application/json", [name]: "for=192.0.2.1" },
      body: JSON.stringify({ type: "text", title: "x" }) });
    assert.equal(response.status, 401, name);
  }
  const socket = connect(server.url, { transports: ["websocket"], extraHeaders: { "X-Forwarded-For": "192.0.2.1" } });
  await assert.rejects(connected(socket), (error) => error.data.code === "unauthenticated");
  socket.disconnect();
});

test("Engine.IO refuses with its own codes, in its own order", async () => {
  const answer = async (query, init) => {
    const response = await fetch(`${server.url}/socket.io/?${query}`, init);
    return [response.status, await response.json()];
  };
  assert.deepEqual(await answer("EIO=4&transport=abc"), [400, { code: 0, message: "Transport unknown" }]);
  assert.deepEqual(await answer("EIO=4&transport=polling&sid=__proto__"), [400, { code: 1, message: "Session ID unknown" }]);
  assert.deepEqual(await answer("EIO=4&transport=polling", { method: "POST" }), [400, { code: 2, message: "Bad handshake method" }]);
  assert.deepEqual(await answer("EIO=4&transport=websocket"), [400, { code: 3, message: "Bad request" }]);
  assert.deepEqual(await answer("EIO=3&transport=polling"), [400, { code: 5, message: "Unsupported protocol version" }]);
});

const maskedFrame = (text) => {
  const payload = Buffer.from(text);
  assert.ok(payload.length < 126);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
};

test("peers that ask for a large document again and again without reading cost little", async () => {
  const busy = await Server.start({ args: ["--limits.send-queue-timeout-ms", "3000"] });
  const id = await busy.createDocument("text");
  const writer = connect(busy.url, { transports: ["websocket"] });
  await connected(writer);
  await Reader.join(writer, id);
  assert.ok((await call(writer, "submit-op", { documentId: id, revision: 0, seq: 1, op: ["z".repeat(250_000)] })).ok);
  const before = busy.residentBytes();
  const { hostname, port, host } = new URL(busy.url);
  const join = (ack) => maskedFrame(`42${ack}["join-document",{"documentId":"${id}"}]`);
  const flood = Buffer.concat([Buffer.from(upgradeRequest({ Host: host })), maskedFrame("40"),
    ...Array.from({ length: 200 }, (_, ack) => join(ack))]);
  const peers = Array.from({ length: 40 }, () => {
    const socket = net.connect(Number(port), hostname, () => socket.write(flood));
    return socket.on("error", () => {}).pause();
  });
  await eventually(async () => (await busy.limit("send_queue_timeout")) === 40, "every one of them is closed");
  assert.ok((await busy.limit("requests_in_flight")) >= 40);
  // 40 x 200 replies are 2 GB; what 40 peers may have queued is 40 MB.
  assert.ok(busy.residentBytes() - before < 150e6, `${busy.residentBytes() - before} bytes`);
  assert.ok((await call(writer, "fetch-ops", { documentId: id, from: 1, to: 1 })).ok);
  peers.forEach((socket) => socket.destroy());
  writer.disconnect();
  await busy.dispose();
});

test("a reader that never reads is closed, and the others go on", async () => {
  const slow = await Server.start({ args: ["--limits.send-queue-bytes", "100000"] });
  const id = await slow.createDocument("text");
  const sleeper = connect(slow.url, { transports: ["websocket"] });
  const writer = connect(slow.url, { transports: ["websocket"] });
  await Promise.all([sleeper, writer].map(connected));
  await Reader.join(sleeper, id);
  const log = await Reader.join(writer, id);
  sleeper.io.engine.transport.ws._socket.pause();
  const op = ["z".repeat(50_000)];
  await eventually(async () => {
    const ack = await call(writer, "submit-op", { documentId: id, revision: log.revision, seq: log.revision + 1, op });
    assert.ok(ack.ok);
    return (await slow.limit("send_queue_bytes")) === 1;
  }, "the slow reader is closed");
  assert.ok(writer.connected);
  sleeper.disconnect();
  writer.disconnect();
  await slow.dispose();
});
