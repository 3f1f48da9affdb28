// A cookie for balancers that stick to it, and CORS for the pages of listed origins: both off by default.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, PollingSession } from "./polling.mjs";
import { RawWebSocket } from "./raw_websocket.mjs";
import { perServer, Server } from "./server.mjs";

const app = "https://app.example.com";
const headers = { Origin: app };
let server;
before(async () => {
  server = await Server.start("engineio_echo", { cookie: "io", "allow-origin": app });
});
after(() => server.stop());

const allow = (answer) => answer.headers["access-control-allow-origin"];

test("the polling handshake alone sets a cookie with the sid", async () => {
  const opened = await ask(server);
  const sid = JSON.parse(opened.body.slice(1)).sid;
  assert.deepEqual(opened.headers["set-cookie"], [`io=${sid}; Path=/; HttpOnly; SameSite=Lax`]);
  const query = `&sid=${sid}`;
  for (const options of [{ query, method: "POST", body: "4x" }, { query }, { query: "&sid=unknown" }]) {
    assert.equal((await ask(server, options)).headers["set-cookie"], undefined, JSON.stringify(options));
  }
  const socket = await RawWebSocket.open(server);
  assert.equal(socket.answer.headers["set-cookie"], undefined);
  await socket.close();
});

test("a page of a listed origin may read every answer, errors too", async () => {
  const opened = await ask(server, { headers });
  const query = `&sid=${JSON.parse(opened.body.slice(1)).sid}`;
  const answers = [opened,
    await ask(server, { headers, query, method: "POST", body: "4x" }),
    await ask(server, { headers, query }),
    await ask(server, { headers, query: "&sid=unknown" }),
    await ask(server, { headers, target: `${server.path}?EIO=4&transport=x` }),
    await ask(server, { headers, target: `${server.path}?EIO=3&transport=polling` })];
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 400, 400, 400]);
  for (const answer of answers) {
    assert.equal(allow(answer), app);
    assert.equal(answer.headers["access-control-allow-credentials"], "true");
    assert.match(answer.headers.vary, /\bOrigin\b/);
  }
});

test("its preflight is answered, with the headers that it asks for", async () => {
  const session = await PollingSession.open(server);
  for (const query of ["", session.query]) {
    const answer = await ask(server, { method: "OPTIONS", query, headers: {
      ...headers, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-mine,content-type" } });
    assert.equal(answer.status, 204);
    assert.equal(answer.body, "");
    assert.equal(allow(answer), app);
    assert.match(answer.headers["access-control-allow-methods"], /\bGET\b.*\bPOST\b/);
    assert.equal(answer.headers["access-control-allow-headers"], "x-mine,content-type");
    assert.match(answer.headers.vary, /Access-Control-Request-Headers/);
  }
  assert.ok(await session.isKnown(), "a preflight changes nothing");
});

test("it may connect by WebSocket", async () => {
  const socket = await RawWebSocket.open(server, { headers });
  assert.match(await socket.next(), /^0\{/);
  await socket.close();
});

for (const origin of ["https://evil.example", "https://app.example.com.evil.io", "https://xapp.example.com", "null",
  "http://app.example.com", "https://app.example.com:8443", "https://APP.example.com/", ""]) {
  test(`a page of another origin gets nothing: ${JSON.stringify(origin)}`, async () => {
    const session = await PollingSession.open(server);
    const foreign = { Origin: origin, "Access-Control-Request-Method": "POST" };
    for (const options of [{}, { query: session.query, method: "POST", body: "4x" }, { query: "&sid=unknown" }, { method: "OPTIONS" }]) {
      const answer = await ask(server, { ...options, headers: foreign });
      assert.equal(allow(answer), undefined, JSON.stringify(options));
    }
    const upgrade = await RawWebSocket.open(server, { headers: foreign }).then(() => 101, ({ status }) => status);
    assert.equal(upgrade, perServer({ cloudsync: 403, node: 101,
      reason: "npm's CORS only keeps answers from pages; it lets any Origin in (socket.io#5077)" }));
    const { status } = await ask(server, { headers: foreign });
    assert.equal(status, perServer({ cloudsync: 403, node: 200, reason: "the same" }));
  });
}
