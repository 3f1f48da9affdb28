// Attacks on the WebSocket layer: see http_scenarios.mjs for what a scenario is.
import assert from "node:assert/strict";
import { BINARY, CONTINUATION, PING, PONG, TEXT, deflated, fragments, frame } from "../conformance/websocket/raw_client.mjs";
import { call, expectClosed, say, sleep } from "./attacker.mjs";

const MiB = 1024 * 1024;

const malformed = [
  [1002, frame(TEXT, "42", { rsv: 1 })], // CVE-2022-21676
  [1002, frame(TEXT, "42", { mask: null })],
  [1002, frame(3, "42")],
  [1002, frame(CONTINUATION, "42")],
  [1002, frame(PING, "p", { fin: false })],
  [1002, frame(PING, "p".repeat(126))],
  [1002, frame(TEXT, "42", { rsv: 4 })], // compressed, which was not negotiated
  [1007, frame(TEXT, Buffer.from([0x34, 0xff]))],
];

/** Frames that RFC 6455 forbids, glued to the upgrade's request, are answered with its close code. */
export const malformed_frames = {
  lanes: 1,
  pauseMs: 200,
  counts: { malformed_frame: malformed.length },
  async round(attacker) {
    for (const [code, bytes] of malformed) await expectClosed(await attacker.open({ behind: bytes }), code);
  },
};

const bomb = frame(BINARY, deflated(Buffer.alloc(16 * MiB), { level: 9 }), { rsv: 4 });

/** 16 KiB that inflate to 16 MiB are 1009 (S11), however often. */
export const deflate_bombs = {
  lanes: 1,
  pauseMs: 50,
  counts: { payload_bytes: 1 },
  async round(attacker) {
    const client = await attacker.join({ extensions: "permessage-deflate; client_max_window_bits" });
    assert.ok(client.extensions, "compression is negotiated");
    client.socket.write(bomb);
    await expectClosed(client, 1009);
  },
};

/** A length of a terabyte is 1009 before anything is stored (CVE-2016-10542), and so is what grows too large. */
export const oversized_messages = {
  lanes: 1,
  pauseMs: 200,
  counts: { payload_bytes: 2 },
  async round(attacker) {
    const declared = await attacker.join();
    declared.socket.write(Buffer.from([0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]));
    await expectClosed(declared, 1009);
    const grown = await attacker.join();
    grown.socket.write(Buffer.concat(fragments(BINARY, Buffer.alloc(1_100_000), 100_000)));
    await expectClosed(grown, 1009);
  },
};

/** Messages without an end: empty fragments are 1008 at limits.websocket-fragments (CVE-2026-48779), slow ones
    at limits.idle-http-timeout-ms (S12). */
export const endless_messages = {
  lanes: 4,
  pauseMs: 50,
  counts: { websocket_fragments: 1, slow_message: 1 },
  async round(attacker) {
    const many = await attacker.join();
    const empty = frame(CONTINUATION, "", { fin: false });
    many.socket.write(Buffer.concat([frame(TEXT, "", { fin: false }), ...Array(attacker.limits["websocket-fragments"]).fill(empty)]));
    await expectClosed(many, 1008);
    const slow = await attacker.join();
    slow.socket.write(frame(TEXT, "4", { fin: false }));
    const dribbling = setInterval(() => slow.socket.write(frame(CONTINUATION, "a", { fin: false })), 250);
    await expectClosed(slow, 1008).finally(() => clearInterval(dribbling));
  },
};

/** Pings of a peer that does not read are answered as far as that costs no memory (S13); it is served afterwards. */
export const ping_floods = {
  lanes: 1,
  pauseMs: 100,
  counts: {},
  async round(attacker) {
    const client = await attacker.join();
    let pongs = 0;
    client.socket.pause();
    await client.send(Array(2_000).fill(frame(PING, "p".repeat(125))));
    client.socket.resume();
    say(client, '421["end",0]');
    for (let got = await client.next(); got?.opcode !== TEXT; got = await client.next()) {
      assert.equal(got?.opcode, PONG, "only pongs come before the answer");
      pongs++;
    }
    assert.ok(pongs > 0 && pongs <= 2_000, `${pongs} pongs`);
    client.socket.destroy();
  },
};

/** Members that do not read what others write are closed: at limits.send-queue-bytes, or with less queued after
    limits.send-queue-timeout-ms. The writer notices nothing. */
export const slow_readers = {
  lanes: 2,
  counts: { send_queue_bytes: 2, send_queue_timeout: 2 },
  async round(attacker) {
    const documentId = await attacker.createDocument();
    const writer = await attacker.joinDocument(documentId);
    const text = "x".repeat(400_000); // few writes, so that the queue is full before its time is over
    let revision = writer.revision;
    // Each text replaces the one before: the document stays small.
    const write = async () => {
      const op = revision === 0 ? [text] : [text, { d: text.length }];
      const reply = await call(writer, "submit-op", { documentId, revision, seq: revision + 1, op });
      assert.ok(reply.ok, JSON.stringify(reply));
      revision = reply.revision;
    };
    const read = async (bytesLeftUnread) => {
      const readers = await Promise.all([attacker.joinDocument(documentId), attacker.joinDocument(documentId)]);
      for (const reader of readers) reader.socket.pause();
      for (let bytes = 0; bytes < bytesLeftUnread; bytes += text.length) await write();
      await sleep(attacker.limits["send-queue-timeout-ms"] + 500);
      for (const reader of readers) {
        reader.socket.resume();
        // Closed behind what the kernel held: a close frame cannot come any more.
        while (await reader.next().catch(() => null)) attacker.count("frames");
      }
    };
    await read(3 * MiB);
    await read(MiB / 2);
    writer.socket.destroy();
  },
};
