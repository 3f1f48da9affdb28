// Autobahn's sections 12 and 13: permessage-deflate (RFC 7692), messages of all sizes and every parameter.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startEcho } from "./echo_server.mjs";
import {
  BINARY, CLOSE, CONTINUATION, PING, PONG, RawClient, TEXT, closePayload, deflated, fragments, frame, inflated,
} from "./raw_client.mjs";

const { port } = await startEcho("--deflate");
const PLAIN = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
const RSV1 = { rsv: 4 };
const KiB = 1024;

const open = (extensions = "permessage-deflate") => RawClient.open(port, { extensions });

/** Bytes that deflate makes a little smaller. */
function sample(kind, size) {
  let state = 1;
  const random = () => (state = (state * 48_271) % 2_147_483_647);
  const text = { json: () => `{"id":${random()},"op":[${random() % 99},"abc"]},`, prose: () => ["lorem ", "ipsum ", "dolor ", "é "][random() % 4],
                 same: () => "*", noise: () => String.fromCharCode(random() & 127) }[kind];
  let all = "";
  while (all.length < size) all += text();
  return Buffer.from(all).subarray(0, size);
}

// 12.1 to 12.5 are the same with five kinds of payload.
for (const [section, kind, opcode] of [
  ["12.1", "json", TEXT], ["12.2", "prose", BINARY], ["12.3", "same", BINARY], ["12.4", "noise", TEXT], ["12.5", "json", BINARY],
]) {
  test(`${section} messages of 16 B to 128 KiB, ${kind}`, async () => {
    const client = await open();
    for (const size of [0, 16, 64, 256, KiB, 4 * KiB, 8 * KiB, 16 * KiB, 32 * KiB, 64 * KiB, 128 * KiB]) {
      const payload = sample(kind, size);
      const compressed = deflated(payload);
      for (let i = 0; i < 20; ++i) {
        await client.send(frame(opcode, compressed, RSV1));
        const { rsv } = await client.expect(opcode, payload);
        // A short one is not worth it, and noise of 7 bits a byte still shrinks.
        assert.equal(rsv, size >= KiB ? 4 : 0, `${size} B`);
      }
    }
    for (const size of [256, KiB, 4 * KiB, 32 * KiB]) {
      const payload = sample(kind, 128 * KiB);
      await client.send(fragments(opcode, deflated(payload), size, RSV1));
      await client.expect(opcode, payload);
    }
    await client.close();
  });
}

const window = (bits) => `${PLAIN}; server_max_window_bits=${bits}`;
for (const [section, offer, answer] of [
  ["13.1", "permessage-deflate", PLAIN],
  ["13.2", "permessage-deflate; server_no_context_takeover", PLAIN],
  ["13.3", "permessage-deflate; server_max_window_bits=9", window(9)],
  ["13.4", "permessage-deflate; server_max_window_bits=15", window(15)],
  ["13.5", "permessage-deflate; server_max_window_bits=9; server_no_context_takeover", window(9)],
  ["13.6", "permessage-deflate; server_max_window_bits=15; server_no_context_takeover", window(15)],
  ["13.7", "permessage-deflate; server_no_context_takeover; server_max_window_bits=9, permessage-deflate; server_no_context_takeover, permessage-deflate", window(9)],
  ["8", "permessage-deflate; server_max_window_bits=8", window(8)],
  ["quoted", 'permessage-deflate; server_max_window_bits="10"', window(10)],
  ["client's", "permessage-deflate; client_max_window_bits", PLAIN],
  ["client's 8", "permessage-deflate; client_max_window_bits=8; client_no_context_takeover", PLAIN],
  ["fallback", "permessage-deflate; server_max_window_bits=16, permessage-deflate", PLAIN],
  ["others", "x-webkit-deflate-frame, permessage-deflate", PLAIN],
]) {
  test(`${section.startsWith("13") ? section : `13 (${section})`} ${offer}`, async () => {
    const client = await open(offer);
    assert.equal(client.extensions, answer);
    const payload = sample("json", 40 * KiB);
    for (let i = 0; i < 10; ++i) {
      await client.send(frame(TEXT, deflated(payload, { windowBits: i % 2 === 0 ? 15 : 9 }), RSV1));
      // Read with the window that was agreed upon: see expect().
      assert.equal((await client.expect(TEXT, payload)).rsv, 4);
    }
    await client.close();
  });
}

for (const offer of [
  "constructor", "__proto__", "permessage-deflate; constructor", "permessage-deflate; server_max_window_bits",
  "permessage-deflate; server_max_window_bits=7", "permessage-deflate; client_max_window_bits=16",
  "permessage-deflate; server_no_context_takeover=1", "permessage-deflate; client_max_window_bits; client_max_window_bits",
]) {
  test(`RFC 7692 section 7.1: ${offer} is declined`, async () => {
    const client = await open(offer);
    assert.equal(client.extensions, undefined);
    await client.send(frame(TEXT, "plain"));
    await client.expect(TEXT, "plain");
    await client.send(frame(TEXT, deflated("a"), RSV1));
    await client.expectClosed(1002);
  });
}

for (const offer of ["", ",", "permessage-deflate;", "permessage-deflate; =1", 'permessage-deflate; a="', `a${" ".repeat(10_000)}b`]) {
  test(`RFC 6455 section 9.1: ${JSON.stringify(offer.slice(0, 40))} fails the handshake`, async () => {
    const client = await open(offer);
    assert.match(client.head, /^HTTP\/1\.1 400 /);
    client.socket.destroy();
  });
}

test("nothing is compressed for a client that did not ask, or unless --deflate is given", async () => {
  const payload = sample("json", 4 * KiB);
  const plain = await RawClient.open(port);
  await plain.send(frame(TEXT, payload));
  assert.equal((await plain.expect(TEXT, payload)).rsv, 0);
  await plain.close();
  const off = await startEcho();
  const refused = await RawClient.open(off.port, { extensions: "permessage-deflate" });
  assert.equal(refused.extensions, undefined);
  await refused.send(frame(TEXT, deflated("Hello"), RSV1));
  await refused.expectClosed(1002);
});

test("a client may send some messages uncompressed", async () => {
  const client = await open();
  for (const [payload, options] of [["plain", {}], [deflated("packed"), RSV1], ["plain", {}]]) {
    await client.send(frame(TEXT, payload, options));
    await client.expect(TEXT, options.rsv ? "packed" : payload);
  }
  await client.close();
});

// RFC 7692 section 7.2.3, and by octet.
const examples = {
  "one block": "f248cdc9c90700", "a stored block": "000500faff48656c6c6f00", "a final block": "f348cdc9c9070000",
  "two blocks": "f248050000 00ffffcac9c90700".replaceAll(" ", ""),
};
for (const [what, hex] of Object.entries(examples)) {
  test(`the RFC's example with ${what}`, async () => {
    const client = await open();
    for (const chop of [0, 1]) {
      await client.send(frame(TEXT, Buffer.from(hex, "hex"), RSV1), { chop });
      await client.expect(TEXT, "Hello");
    }
    await client.send(fragments(TEXT, Buffer.from(hex, "hex"), 1, RSV1));
    await client.expect(TEXT, "Hello");
    await client.close();
  });
}

const hello = deflated("Hello");
for (const [what, frames, code] of [
  ["RSV1 on a continuation", [frame(TEXT, hello.subarray(0, 3), { fin: false, ...RSV1 }), frame(CONTINUATION, hello.subarray(3), RSV1)], 1002],
  ["RSV1 on a ping", [frame(PING, "a", RSV1)], 1002],
  ["RSV1 on a close", [frame(CLOSE, closePayload(1000), RSV1)], 1002],
  ["RSV1 and RSV2", [frame(TEXT, hello, { rsv: 6 })], 1002],
  ["RSV3", [frame(TEXT, hello, { rsv: 1 })], 1002],
  ["data that is no deflate", [frame(TEXT, "\xff\xff", RSV1)], 1007],
  ["a message cut short", [frame(BINARY, deflated(sample("json", KiB)).subarray(0, 200), RSV1)], 1007],
  ["a reference to the message before", [frame(TEXT, hello, RSV1), frame(TEXT, Buffer.from("f200110000", "hex"), RSV1)], 1007],
  ["text that is not UTF-8 once inflated", [frame(TEXT, deflated(Buffer.from([0x61, 0xff])), RSV1)], 1007],
]) {
  test(`${what} is ${code}`, async () => {
    const client = await open();
    await client.send(frames);
    if (what.startsWith("a reference")) await client.expect(TEXT, "Hello");
    await client.expectClosed(code);
  });
}

test("a ping between compressed fragments", async () => {
  const client = await open();
  await client.send([frame(TEXT, hello.subarray(0, 3), { fin: false, ...RSV1 }), frame(PING, "p"), frame(CONTINUATION, hello.subarray(3))]);
  await client.expect(PONG, "p");
  await client.expect(TEXT, "Hello");
  await client.close();
});

test("16 MiB of noise and 16 MiB of one letter pass, a byte more does not", async () => {
  const noise = Buffer.alloc(16 * KiB * KiB);
  let state = 1;
  for (let i = 0; i < noise.length; i += 4) noise.writeUInt32LE((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0), i);
  for (const message of [noise, Buffer.alloc(noise.length, "a")]) {
    const client = await open();
    await Promise.all([client.send(frame(BINARY, deflated(message, { level: 1 }), RSV1)),
                       client.next().then(({ rsv, payload }) => {
                         assert.ok(message.equals(rsv === 4 ? inflated(payload) : payload));
                       })]);
    await client.send(frame(BINARY, deflated(Buffer.alloc(message.length + 1, "a")), RSV1));
    await client.expectClosed(1009);
  }
});
