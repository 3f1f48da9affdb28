// Attacks on sessions and their transports: see http_scenarios.mjs for what a scenario is.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { answer, call, path, request } from "./attacker.mjs";

/** An upgrade that is never completed is closed after handshake-timeout-ms, and polling goes on. */
export const half_open_upgrades = {
  lanes: 10,
  counts: { handshake_timeout: 1 },
  async round(attacker) {
    const poll = attacker.connect();
    const sid = await attacker.openPolling(poll);
    const session = `${path}polling&sid=${sid}`;
    assert.equal((await attacker.ask("POST", session, { body: "40", client: poll })).body, "ok");
    const upgrade = attacker.connect();
    await upgrade.upgrade({ path: `${path}websocket&sid=${sid}` });
    assert.match(upgrade.head, /^HTTP\/1.1 101 /);
    await upgrade.expectClosed(null);
    assert.match((await attacker.ask("GET", session)).body, /^40\{/);
    assert.equal((await attacker.ask("POST", session, { body: "1" })).body, "ok");
  },
};

/** Sessions that join nothing: above limits.unjoined-sessions-per-ip 429, the others end with connect-timeout-ms. */
export const unjoined_sessions = {
  lanes: 1,
  pauseMs: 8_000, // below the rate of handshakes, and longer than connect-timeout-ms
  counts: {},
  counted: { unjoined_sessions_per_ip: "refused" },
  async round(attacker) {
    const limit = attacker.limits["unjoined-sessions-per-ip"];
    const client = attacker.connect();
    client.socket.write(request("GET", `${path}polling`).repeat(limit + 20));
    for (let i = 0; i < limit + 20; ++i) {
      const { status, headers, body } = await answer(client);
      assert.ok(status === 200 || (status === 429 && i >= limit), body);
      if (status === 429) {
        assert.ok(Number(headers["retry-after"]) >= 1);
        attacker.count("refused");
      }
    }
  },
};

/** Clients that join and are gone, over and over: above limits.handshakes-per-second 429 with Retry-After. Most come
    by polling, several on a connection, and leave at once; one joins a document. */
export const reconnect_storms = {
  lanes: 2,
  pauseMs: 60,
  counts: {},
  counted: { handshakes_per_second: "refused" },
  async round(attacker) {
    const polling = attacker.connect();
    polling.socket.write(request("GET", `${path}polling`).repeat(40));
    const sids = [];
    for (let i = 0; i < 40; ++i) {
      const { status, headers, body } = await answer(polling);
      if (status === 429) {
        assert.ok(Number(headers["retry-after"]) >= 1);
        attacker.count("refused");
      } else {
        assert.equal(status, 200, body);
        sids.push(JSON.parse(body.slice(1)).sid);
      }
    }
    polling.socket.write(sids.map((sid) => request("POST", `${path}polling&sid=${sid}`, { body: "1" })).join(""));
    for (const _ of sids) assert.equal((await answer(polling)).body, "ok");
    const client = attacker.connect();
    await client.upgrade({ path: `${path}websocket`, behind: attacker.connectFrame });
    if (client.head.startsWith("HTTP/1.1 429 ")) {
      attacker.count("refused");
      return;
    }
    assert.match(client.head, /^HTTP\/1.1 101 /);
    const reply = await call(client, "join-document", { documentId: attacker.document });
    assert.ok(reply.ok, JSON.stringify(reply));
    client.socket.destroy();
  },
};

/** Guesses at a sid are 400 "Session ID unknown", whichever loop they name. */
export const sid_guesses = {
  lanes: 2,
  pauseMs: 20,
  counts: {},
  async round(attacker) {
    const client = attacker.connect();
    for (const first of "AB9_") {
      const sid = first + randomBytes(16).toString("base64url");
      const { status, body } = await attacker.ask("GET", `${path}polling&sid=${sid}`, { client });
      assert.equal(status, 400);
      assert.equal(JSON.parse(body).code, 1);
    }
    const posted = await attacker.ask("POST", `${path}polling&sid=__proto__`, { client, body: "40" });
    assert.equal(JSON.parse(posted.body).code, 1);
  },
};

/** Two GETs of one session at a time end it: the first gets a close packet, the second 400. */
export const double_polls = {
  lanes: 2,
  pauseMs: 50,
  counts: {},
  async round(attacker) {
    const poll = attacker.connect();
    const sid = await attacker.openPolling(poll);
    const session = `${path}polling&sid=${sid}`;
    await attacker.ask("POST", session, { body: "40", client: poll });
    assert.match((await attacker.ask("GET", session, { client: poll })).body, /^40\{/);
    const held = attacker.ask("GET", session, { client: poll });
    // On the held GET's own connection it would wait behind it; what settles it is that this one comes later.
    await sleep(50);
    assert.equal((await attacker.ask("GET", session)).status, 400);
    assert.equal((await held).body, "1");
    assert.equal((await attacker.ask("GET", session)).status, 400);
  },
};

/** Resets at every stage of an upgrade (CVE-2022-41940) leave nothing behind. */
export const upgrade_resets = {
  lanes: 2,
  pauseMs: 100,
  counts: {},
  async round(attacker) {
    const begun = attacker.connect();
    await new Promise((resolve) => begun.socket.once("connect", resolve));
    begun.socket.write(`GET ${path}websocket HTTP/1.1\r\nHost: loc`);
    const asked = attacker.connect();
    const answered = asked.upgrade({ path: `${path}websocket&sid=none` });
    const opened = await attacker.open();
    const joined = await attacker.join();
    for (const client of [begun, asked, opened, joined]) client.socket.resetAndDestroy();
    await answered;
  },
};
