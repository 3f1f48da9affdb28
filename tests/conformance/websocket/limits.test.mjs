// Autobahn's sections 9 and 10: large messages, whole, in fragments and in pieces; many round trips. And what is
// beyond the limit.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startEcho } from "./echo_server.mjs";
import { BINARY, CONTINUATION, RawClient, TEXT, fragments, frame } from "./raw_client.mjs";

const { port } = await startEcho();
const KiB = 1024, MiB = 1024 * KiB;
const payloadOf = (opcode, size) => Buffer.alloc(size, opcode === TEXT ? "*äöü" : Buffer.from([0x00, 0xfe, 0xff]));

/** Like payloadOf(), but no character is cut at the end. */
function messageOf(opcode, size) {
  const payload = payloadOf(opcode, size);
  if (opcode === TEXT) payload.fill("*", size - (size % 7));
  return payload;
}

async function echo(opcode, size, send) {
  const client = await RawClient.open(port);
  const payload = messageOf(opcode, size);
  await Promise.all([send(client, payload), client.expect(opcode, payload)]);
  await client.close();
}

for (const [section, opcode] of [["9.1", TEXT], ["9.2", BINARY]]) {
  for (const size of [64 * KiB, 256 * KiB, MiB, 4 * MiB, 8 * MiB, 16 * MiB]) {
    test(`${section} a message of ${size / KiB} KiB`, () =>
      echo(opcode, size, (client, payload) => client.send(frame(opcode, payload))));
  }
}
for (const [section, opcode] of [["9.3", TEXT], ["9.4", BINARY]]) {
  for (const size of [64, 256, KiB, 4 * KiB, 16 * KiB, 64 * KiB, 256 * KiB, MiB, 4 * MiB]) {
    test(`${section} 4 MiB in fragments of ${size} B`, () =>
      echo(opcode, 4 * MiB, (client, payload) => client.send(fragments(opcode, payload, size))));
  }
}
for (const [section, opcode] of [["9.5", TEXT], ["9.6", BINARY]]) {
  for (const chop of [64, 128, 256, 512, KiB, 2 * KiB]) {
    test(`${section} 1 MiB in pieces of ${chop} B`, () =>
      echo(opcode, MiB, (client, payload) => client.send(frame(opcode, payload), { chop })));
  }
}
for (const [section, opcode] of [["9.7", TEXT], ["9.8", BINARY]]) {
  for (const size of [0, 16, 64, 256, KiB, 4 * KiB]) {
    test(`${section} 1000 round trips of ${size} B`, async () => {
      const client = await RawClient.open(port);
      const payload = messageOf(opcode, size);
      for (let i = 0; i < 1000; ++i) {
        await client.send(frame(opcode, payload));
        await client.expect(opcode, payload);
      }
      await client.close();
    });
  }
}

test("10.1.1 64 KiB in fragments of 1300 B", () =>
  echo(TEXT, 64 * KiB, (client, payload) => client.send(fragments(TEXT, payload, 1300), { chop: 1300 })));

for (const [what, opcode] of [["text", TEXT], ["binary", BINARY]]) {
  test(`16 MiB of ${what} in fragments of 64 B`, () =>
    echo(opcode, 16 * MiB, (client, payload) => client.send(fragments(opcode, payload, 64))));
}

test("one byte beyond the limit is 1009 as soon as its length is known", async () => {
  const whole = await RawClient.open(port);
  await whole.send(frame(BINARY, Buffer.alloc(16 * MiB + 1)).subarray(0, 14));
  await whole.expectClosed(1009);
  const fragmented = await RawClient.open(port);
  await fragmented.send(frame(BINARY, Buffer.alloc(16 * MiB), { fin: false }));
  await fragmented.send(frame(CONTINUATION, "a").subarray(0, 6));
  await fragmented.expectClosed(1009);
});

test("--max-message sets the limit", async () => {
  const small = await startEcho("--max-message", "1000");
  const client = await RawClient.open(small.port);
  await client.send(frame(BINARY, Buffer.alloc(1000)));
  await client.expect(BINARY, Buffer.alloc(1000));
  await client.send(frame(BINARY, Buffer.alloc(1001)));
  await client.expectClosed(1009);
  assert.ok(client.ended);
});
