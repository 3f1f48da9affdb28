// What the gateway's settings change, and what it tells of those that it refuses, with the real binary.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import parser from "socket.io-msgpack-parser";
import { call, connect, connected, Reader } from "./client.mjs";
import { eventually, Server } from "./server.mjs";

const servers = [];
after(() => Promise.all(servers.map((server) => server.dispose())));

async function start(...args) {
  const server = await Server.start({ args: ["--threads", "1", ...args] });
  servers.push(server);
  return server;
}

const handshake = (server, init) => fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, init);
const refusals = (server, event, reason) =>
  server.metric(`cloudsync_refusals_total{event="${event}",reason="${reason}"}`);

test("with msgpack on, clients of both parsers edit one document, by each transport", async () => {
  const server = await start("--msgpack", "on");
  const documentId = await server.createDocument("json");
  const sockets = [
    connect(server.url, { parser, transports: ["websocket"] }),
    connect(server.url, { parser, transports: ["polling"] }),
    connect(server.url, { parser }),
    connect(server.url),
  ];
  await Promise.all(sockets.map(connected));
  const readers = await Promise.all(sockets.map((socket) => Reader.join(socket, documentId)));
  const value = { n: 1.5, list: [null, true, "é😀", 9007199254740991, -1], _placeholder: true, num: 0 };
  for (const [index, socket] of sockets.entries()) {
    const op = [{ p: [`by ${index}`], oi: value }];
    assert.deepEqual(await call(socket, "submit-op", { documentId, revision: index, seq: 1, op }),
      { ok: true, revision: index + 1 });
    await eventually(() => readers.every(({ revision }) => revision === index + 1), "all have it");
  }
  for (const { log } of readers) assert.deepEqual(log, readers[3].log);
  assert.deepEqual((await server.document(documentId)).content,
    Object.fromEntries(sockets.map((_, index) => [`by ${index}`, value])));
  const late = connect(server.url, { parser });
  await connected(late);
  assert.deepEqual((await Reader.join(late, documentId)).reply.snapshot["by 3"], value);
  const drained = new Promise((resolve) => sockets[0].once("server-draining", resolve));
  await server.stop();
  assert.ok((await drained).reconnectInMs > 0);
  for (const socket of [...sockets, late]) socket.disconnect();
});

test("msgpack is refused unless it is on", async () => {
  const server = await start();
  const socket = connect(server.url, { parser, transports: ["websocket"] });
  await assert.rejects(connected(socket));
  socket.disconnect();
  await eventually(() => refusals(server, "packet_refused", "malformed_packet").then((count) => count > 0), "the refusal");
});

test("the client library is served from the package that is installed", async () => {
  const server = await start();
  const dist = new URL("../../clients/typescript/node_modules/socket.io-client/", import.meta.url);
  const { version } = JSON.parse(readFileSync(new URL("package.json", dist)));
  for (const name of ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js",
    "socket.io.min.js.map"]) {
    const answer = await fetch(`${server.url}/socket.io/${name}`);
    assert.equal(answer.status, 200, name);
    assert.equal(answer.headers.get("etag"), `"${version}"`);
    assert.equal(answer.headers.get("cache-control"), "public, max-age=0");
    assert.match(answer.headers.get("content-type"), name.endsWith(".map") ? /json/ : /javascript/);
    assert.equal(await answer.text(), readFileSync(new URL(`dist/${name}`, dist), "utf8"));
    const again = await fetch(`${server.url}/socket.io/${name}`, { headers: { "if-none-match": `"${version}"` } });
    assert.deepEqual([again.status, await again.text()], [304, ""]);
  }
  for (const name of ["socket.io.jsx", "../package.json", "socket.io.msgpack.js.map.gz", "%2e%2e/package.json"]) {
    assert.notEqual((await fetch(`${server.url}/socket.io/${name}`)).status, 200, name);
  }
});

test("session-cookie names the cookie of polling handshakes, Secure where browsers use TLS", async () => {
  for (const [args, end] of [[[], ""], [["--public-url", "https://docs.example.com"], "; Secure"]]) {
    const server = await start("--session-cookie", "io", ...args);
    const answer = await handshake(server);
    const { sid } = JSON.parse((await answer.text()).slice(1));
    assert.equal(answer.headers.get("set-cookie"), `io=${sid}; Path=/; HttpOnly; SameSite=Lax${end}`);
    const page = await fetch(`${server.url}/`);
    assert.equal(/; Secure$/.test(page.headers.get("set-cookie")), end !== "");
  }
  assert.equal((await handshake(await start())).headers.get("set-cookie"), null);
});

test("a session belongs to the guest who opened it", async () => {
  const server = await start();
  const cookieOf = async () => (await fetch(`${server.url}/`)).headers.get("set-cookie").split(";")[0];
  const [own, other] = [await cookieOf(), await cookieOf()];
  const as = (cookie) => ({ headers: { ...(cookie && { cookie }), origin: server.url } });
  const { sid } = JSON.parse((await (await handshake(server, as(own))).text()).slice(1));
  assert.ok(sid.length >= 22, "128 random bits and more");
  const post = (cookie) => fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`,
    { method: "POST", body: "40", ...as(cookie) });
  for (const cookie of [other, undefined]) {
    const answer = await post(cookie);
    assert.deepEqual([answer.status, await answer.json()], [400, { code: 1, message: "Session ID unknown" }]);
  }
  assert.equal(await (await post(own)).text(), "ok");
});

test("a refusal is a count and a line, without secrets; a flood of them is ten lines a second", async () => {
  const server = await start();
  const count = 3_000;
  for (let i = 0; i < count; i += 100) {
    await Promise.all(Array.from({ length: 100 }, () =>
      fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=stolen-secret`).then((answer) => answer.text())));
  }
  assert.equal(await refusals(server, "request_refused", "session_unknown"), count);
  assert.equal((await fetch(`${server.url}/x`, { headers: { origin: "https://evil.example" } })).status, 403);
  const socket = connect(server.url, { transports: ["websocket"], auth: { client: { id: "x", secret: "stolen-secret" } } });
  await assert.rejects(connected(socket));
  socket.disconnect();
  const tooLarge = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { method: "POST", body: "x".repeat(1_000_001) });
  assert.equal(tooLarge.status, 413);
  assert.equal(await server.limit("payload_bytes"), 1);
  assert.equal(await server.limit("http_body_bytes"), 0);
  for (const [event, reason] of [["request_refused", "origin_refused"], ["connect_refused", "application"],
    ["peer_refused", "payload_bytes"]]) {
    assert.equal(await refusals(server, event, reason), 1, reason);
  }
  const unlogged = () => server.log.trim().split("\n").map((line) => JSON.parse(line))
    .filter(({ event, reason }) => event === "request_refused" && reason === "session_unknown");
  const logged = () => unlogged().reduce((sum, line) => sum + (line.unlogged ?? 1), 0);
  await eventually(() => logged() === count, () => `all are accounted for: ${logged()}`);
  assert.ok(unlogged().length < count / 4, `${unlogged().length} lines`);
  assert.ok(!server.log.includes("stolen-secret"));
});

test("S44: no answer is framed, sniffed or a script with a callback", async () => {
  const server = await start();
  const documentId = await server.createDocument("text");
  for (const path of ["/", `/d/${documentId}`, `/api/v1/documents/${documentId}`, "/healthz", "/nothing",
    "/socket.io/?EIO=4&transport=polling", "/socket.io/?EIO=4&transport=polling&j=0", "/socket.io/?EIO=4&transport=polling&callback=x"]) {
    const answer = await fetch(server.url + path);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff", path);
    if (!path.startsWith("/socket.io/")) {
      assert.match(answer.headers.get("content-security-policy"), /frame-ancestors 'none'/, path);
    }
    assert.doesNotMatch(answer.headers.get("content-type"), /script/, path);
    assert.doesNotMatch(await answer.text(), /^(___eio|x\()/, path);
  }
});

test("S45: names, titles and headers forge no line of the log, which has no secret and no text", async () => {
  const server = await start("--log-level", "debug");
  const evil = 'a\r\n{"event":"forged"}\u001b[31m\u2028canary-name';
  const title = await fetch(`${server.url}/api/v1/documents`, { method: "POST",
    headers: { "content-type": "application/json", "user-agent": "canary-agent" },
    body: JSON.stringify({ type: "text", title: `${evil}canary-title` }) });
  const { id: documentId } = await title.json();
  const socket = connect(server.url, { transports: ["websocket"], auth: { name: evil } });
  await connected(socket);
  const { reply } = await Reader.join(socket, documentId);
  await call(socket, "submit-op", { documentId, revision: 0, seq: 1, op: ["canary-text"] });
  await call(socket, "submit-op", { documentId, revision: 1, seq: 2, op: [{ d: 5_000 }, "canary-text"] });
  await call(socket, `canary-event\r\n${evil}`, {});
  const stranger = connect(server.url, { transports: ["websocket"], auth: { client: { ...reply.client, secret: `${reply.client.secret}x` } } });
  await assert.rejects(connected(stranger));
  await fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=canary-sid%0d%0a`);
  for (const each of [socket, stranger]) each.disconnect();
  await server.stop();
  for (const line of server.log.trim().split("\n")) {
    assert.notEqual(JSON.parse(line).event, "forged");
    assert.doesNotMatch(line, /[\x00-\x1f\x7f\u2028]/);
  }
  for (const secret of ["canary", reply.client.secret]) assert.ok(!server.log.includes(secret), secret);
});
