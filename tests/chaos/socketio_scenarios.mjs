// Attacks with packets and events: see http_scenarios.mjs for what a scenario is.
import assert from "node:assert/strict";
import { BINARY, TEXT, frame } from "../conformance/websocket/raw_client.mjs";
import { call, expectClosed, hear, say } from "./attacker.mjs";

const packets = [
  '451-["x",{"_placeholder":true,"num":-1}]', // CVE-2022-2421
  '459999999-["x"]', // CVE-2026-33151
  '450-["x"]', // CVE-2026-69185
  '42[{"toString":"x"}]', // CVE-2023-32695
  `42["message",${"[".repeat(5_000)}${"]".repeat(5_000)}]`,
  `42["message",${'{"a":'.repeat(20_000)}`,
  `45${"1".repeat(100_000)}`, // CVE-2020-36049
  `42/${"x".repeat(100_000)}`,
  "2", "4", "49", "40", "42/admin,[\"x\"]", "44{}",
];

/** The packets of the advisories, and other malformed ones: each closes its session, without a code. */
export const malformed_packets = {
  lanes: 1,
  pauseMs: 400,
  counts: { malformed_packet: packets.length },
  async round(attacker) {
    for (const packet of packets) {
      const client = await attacker.join();
      say(client, packet);
      if (packet.startsWith("451-")) client.socket.write(frame(BINARY, "x"));
      await expectClosed(client, null).catch((error) => { throw new Error(`${packet.slice(0, 40)}: ${error.message}`); });
    }
  },
};

/** Attachments that were announced and do not come end a session after handshake-timeout-ms; before a CONNECT
    they end it at once (GHSA-55mf-67qm-4wpg). */
export const owed_attachments = {
  lanes: 10,
  counts: { handshake_timeout: 1, malformed_packet: 2 },
  async round(attacker) {
    const packet = '452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
    const early = await attacker.open();
    say(early, packet);
    await expectClosed(early, null);
    const late = await attacker.join();
    say(late, packet);
    late.socket.write(frame(BINARY, Buffer.alloc(100_000)));
    await expectClosed(late, null);
  },
};

const connects = Buffer.concat(Array.from({ length: 2_000 }, (_, i) => frame(TEXT, `40/none-${i},`)));

/** CONNECTs to namespaces that are not there: ten are answered, then the session is closed. */
export const namespace_floods = {
  lanes: 1,
  pauseMs: 100,
  counts: { malformed_packet: 1 },
  async round(attacker) {
    const client = await attacker.join();
    client.socket.write(connects);
    let refused = 0;
    for (let message = await hear(client); message !== null; message = await hear(client)) {
      assert.match(message, /^44\/none-/);
      refused++;
    }
    assert.equal(refused, 10);
  },
};

/** Events above their rates get rate_limited, or nothing if they are presence; who does not heed it is closed. */
export const event_floods = {
  lanes: 2,
  pauseMs: 50,
  counts: { event_flood: 2, presence_per_second: 1 },
  counted: { joins_per_second: "rate_limited" },
  async round(attacker) {
    const flood = async (text, perTick) => {
      const client = await attacker.joinDocument(attacker.document);
      const bytes = Buffer.concat(Array(perTick).fill(frame(TEXT, text)));
      const ticking = setInterval(() => client.socket.write(bytes), 20);
      for (let message = await hear(client); message !== null; message = await hear(client)) {
        if (message.includes('"rate_limited"')) attacker.count("rate_limited");
      }
      clearInterval(ticking);
    };
    const join = JSON.stringify(["join-document", { documentId: "none" }]);
    const presence = JSON.stringify(["presence", { documentId: attacker.document, revision: 0, state: {} }]);
    await Promise.all([flood(`421${join}`, 5), flood(`42${presence}`, 5)]);
  },
};

const operations = [
  ["op_invalid", { op: [{ d: -1 }] }], ["op_invalid", { op: [1e300, { d: 1 }] }], ["op_invalid", { op: [{ d: 9e15 }] }],
  ["op_invalid", { op: "x" }], ["op_invalid", { op: ["\ud800"] }],
  ["too_large", { op: ["x".repeat(600_000)] }], ["too_large", { op: Array.from({ length: 30_001 }, (_, i) => (i % 2 ? 1 : "x")) }],
  ["revision_unknown", { revision: 1e9 }], ["bad_request", { revision: -1 }], ["bad_request", { seq: 1.5 }],
  ["not_joined", { documentId: "elsewhere" }],
];

/** Operations that no client makes (S40) are refused by name, and change nothing. */
export const bad_operations = {
  lanes: 1,
  pauseMs: 200,
  counts: Object.fromEntries(["op_invalid", "too_large", "revision_unknown", "bad_request", "not_joined"].map((code) =>
    [`cloudsync_events_refused_total{code="${code}"}`, operations.filter(([each]) => each === code).length])),
  async round(attacker) {
    const documentId = attacker.document;
    const client = await attacker.joinDocument(documentId);
    let seq = 0;
    for (const [code, fields] of operations) {
      const reply = await call(client, "submit-op", { documentId, revision: 0, seq: ++seq, op: ["x"], ...fields });
      assert.equal(reply.error?.code, code, JSON.stringify(fields).slice(0, 80));
    }
    assert.equal((await call(client, "join-document", { documentId })).revision, client.revision);
    client.socket.destroy();
  },
};
