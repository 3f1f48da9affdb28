// Attacks on the HTTP layer. Each is { lanes, pauseMs, round, counts, counted }: so many rounds at a time, with a
// pause behind each; a round throws at any answer but the expected one. `counts` is by how much a round that ended
// raises samples of /metrics at least (a bare name is a limit's), `counted` which samples are raised by a figure that
// the rounds count, and must not stay at zero.
import assert from "node:assert/strict";
import { answer, dribble, path, request } from "./attacker.mjs";

/** Heads that come a byte at a time are 408 after handshake-timeout-ms. */
export const slow_heads = {
  lanes: 20,
  counts: { handshake_timeout: 1 },
  async round(attacker) {
    const client = attacker.connect();
    client.socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    void dribble(client);
    assert.equal((await answer(client)).status, 408);
  },
};

/** So are bodies. */
export const slow_bodies = {
  lanes: 20,
  counts: { handshake_timeout: 1 },
  async round(attacker) {
    const client = attacker.connect();
    client.socket.write("POST /api/v1/documents HTTP/1.1\r\nHost: localhost\r\n" +
      "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{");
    void dribble(client);
    assert.equal((await answer(client)).status, 408);
  },
};

/** A head above limits.http-header-bytes is 431; a body that is announced as too large is 413 before it comes, for
    REST as for polling. */
export const large_requests = {
  lanes: 2,
  pauseMs: 50,
  counts: { http_header_bytes: 1, http_body_bytes: 1, payload_bytes: 1 },
  async round(attacker) {
    assert.equal((await attacker.ask("GET", "/", { headers: { Cookie: "a".repeat(20_000) } })).status, 431);
    for (const target of ["/api/v1/documents", `${path}polling&sid=none`]) {
      const client = attacker.connect();
      client.socket.write(`POST ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n`);
      assert.equal((await answer(client)).status, 413);
    }
  },
};

const smuggled = [
  "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
  "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
];

/** Requests that two parsers might cut differently (S8) are 400, and nothing behind them is read. */
export const smuggling = {
  lanes: 1,
  pauseMs: 50,
  counts: { malformed_http: smuggled.length },
  async round(attacker) {
    for (const bytes of smuggled) {
      const client = attacker.connect();
      client.socket.write(bytes + request("GET", "/healthz"));
      assert.equal((await answer(client)).status, 400, bytes);
      assert.equal(await client.fill(1), false, "nothing follows");
    }
  },
};

/** A foreign Host is 421, a foreign Origin 403 before the 101. */
export const strangers = {
  lanes: 1,
  pauseMs: 50,
  counts: { host_refused: 1, origin_refused: 2 },
  async round(attacker) {
    assert.equal((await attacker.ask("GET", "/", { headers: { Host: "evil.example" } })).status, 421);
    for (const Origin of ["https://evil.example", "null"]) {
      const { status } = await attacker.ask("GET", `${path}websocket`, {
        headers: { Origin, Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Version": "13",
          "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" } });
      assert.equal(status, 403, Origin);
    }
  },
};

/** A large answer that is not taken ends with limits.idle-http-timeout-ms. */
export const untaken_answers = {
  lanes: 4,
  counts: { idle_http_timeout: 1 },
  async round(attacker) {
    const client = attacker.connect();
    client.socket.write(request("GET", `/api/v1/documents/${attacker.largeDocument}`));
    client.socket.pause();
    await dribble(client, "\r\n"); // a writer learns of the end, which a reader who does not read would not
    assert.ok(client.held < attacker.largeBytes, "the answer came to an end before its end");
  },
};

/** Connections above limits.connections-per-ip are closed at once; the others do no harm. */
export const connection_floods = {
  lanes: 1,
  pauseMs: 500,
  counts: {},
  counted: { connections_per_ip: "refused" },
  async round(attacker) {
    const limit = attacker.limits["connections-per-ip"];
    await new Promise((resolve) => {
      let closed = 0;
      for (let i = 0; i < limit + 50; ++i) {
        const client = attacker.connect();
        client.socket.on("close", () => {
          if (client.error?.code === "ECONNRESET") attacker.count("refused"); // others waited for too long
          if (++closed === 50) resolve();
        });
      }
    });
  },
};
