// Peers that mean harm: inflation bombs, messages without an end, floods of control frames. What they cost is
// bounded in memory, and the others are served.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { createDeflateRaw, constants } from "node:zlib";
import { startEcho } from "./echo_server.mjs";
import { BINARY, CONTINUATION, PING, PONG, RawClient, TEXT, frame } from "./raw_client.mjs";

const MiB = 1024 * 1024;
const MAX_MESSAGE = 16 * MiB;
const RSV1 = { rsv: 4 };

/** The compressed payload of `size` zeros. */
async function bomb(size) {
  const deflate = createDeflateRaw({ level: 9, finishFlush: constants.Z_SYNC_FLUSH });
  const chunks = [];
  deflate.on("data", (chunk) => chunks.push(chunk));
  const zeros = Buffer.alloc(MiB);
  for (let left = size; left > 0; left -= zeros.length) {
    if (!deflate.write(zeros)) await once(deflate, "drain");
  }
  deflate.end();
  await once(deflate, "end");
  return Buffer.concat(chunks).subarray(0, -4);
}

/** Runs `attack` on a server of its own and returns by how much its memory was larger meanwhile, at most. */
async function growth(args, attack) {
  const server = await startEcho(...args);
  const warm = await RawClient.open(server.port);
  await warm.send(frame(TEXT, "warm"));
  await warm.expect(TEXT, "warm");
  await warm.close();
  const before = server.residentBytes();
  let most = 0;
  const watch = setInterval(() => { most = Math.max(most, server.residentBytes() - before); }, 5);
  await attack(server);
  clearInterval(watch);
  return Math.max(most, server.residentBytes() - before);
}

test("S11: a frame of 1 MiB that inflates to 1 GiB is 1009, within twice the largest message", async (t) => {
  const payload = await bomb(1024 * MiB);
  assert.ok(payload.length > 0.9 * MiB && payload.length < 1.1 * MiB, `${payload.length} B`);
  const packed = frame(BINARY, payload, RSV1);
  for (const count of [1, 8]) {
    const grown = await growth(["--deflate"], async ({ port }) => {
      await Promise.all(Array.from({ length: count }, async () => {
        const client = await RawClient.open(port, { extensions: "permessage-deflate" });
        await client.send(packed);
        await client.expectClosed(1009);
      }));
    });
    t.diagnostic(`${count} at once: ${(grown / MiB).toFixed(1)} MiB`);
    assert.ok(grown < 2 * MAX_MESSAGE, `${grown} B`);
  }
});

test("S11: 200 bombs of 64 KiB that stop before their end cost what they sent", async (t) => {
  const payload = await bomb(64 * MiB);
  const packed = frame(BINARY, payload, RSV1);
  const grown = await growth(["--deflate"], async ({ port }) => {
    const clients = await Promise.all(Array.from({ length: 200 }, () =>
      RawClient.open(port, { extensions: "permessage-deflate; client_max_window_bits" })));
    for (const client of clients) await client.send(packed.subarray(0, -1));
    // Answered behind all that was sent before.
    const witness = await RawClient.open(port);
    await witness.send(frame(PING, "w"));
    await witness.expect(PONG, "w");
    for (const client of clients) await client.send(packed.subarray(-1));
    for (const client of clients) await client.expectClosed(1009);
    await witness.close();
  });
  t.diagnostic(`${(grown / MiB).toFixed(1)} MiB of ${(200 * packed.length / MiB).toFixed(1)} MiB sent`);
  assert.ok(grown < 3 * 200 * packed.length, `${grown} B`);
});

test("S12: 131,000 fragments of one byte hold 131,001 bytes, and the message still comes whole", async (t) => {
  const count = 131_000;
  const grown = await growth([], async ({ port }) => {
    const client = await RawClient.open(port);
    const one = frame(CONTINUATION, "a", { fin: false });
    await client.send([frame(TEXT, "a", { fin: false }), ...Array(count).fill(one)]);
    await client.send(frame(PING, "still"));
    await client.expect(PONG, "still");
    await client.send(frame(CONTINUATION));
    await client.expect(TEXT, "a".repeat(count + 1));
    await client.close();
  });
  t.diagnostic(`${(grown / MiB).toFixed(1)} MiB`);
  assert.ok(grown < 4 * MiB, `${grown} B`);
});

test("S12: empty fragments without an end are 1008 at the limit of their number", async () => {
  const { port } = await startEcho("--max-message", "1000");
  const client = await RawClient.open(port);
  const empty = frame(CONTINUATION, "", { fin: false });
  await client.send([frame(TEXT, "", { fin: false }), ...Array(4_095).fill(empty)]);
  await client.send(frame(PING, "still"));
  await client.expect(PONG, "still");
  await client.send(empty);
  await client.expectClosed(1008);
});

test("S13: 100,000 pings from a peer that does not read cost no memory", async (t) => {
  const ping = frame(PING, "p".repeat(125));
  const grown = await growth([], async ({ port }) => {
    const client = await RawClient.open(port);
    client.socket.pause();
    for (let i = 0; i < 100; ++i) await client.send(Array(1_000).fill(ping));
    const other = await RawClient.open(port);
    await other.send(frame(TEXT, "served"));
    await other.expect(TEXT, "served");
    await other.close();
    client.socket.resume();
    await client.send(frame(TEXT, "end"));
    let pongs = 0;
    for (let got = await client.next(); got.opcode !== TEXT; got = await client.next()) {
      assert.equal(got.opcode, PONG);
      ++pongs;
    }
    t.diagnostic(`${pongs} pongs`);
    assert.ok(pongs > 0 && pongs <= 100_000);
    await client.close();
  });
  t.diagnostic(`${(grown / MiB).toFixed(1)} MiB`);
  assert.ok(grown < 4 * MiB, `${grown} B`);
});

test("S13: 100,000 pongs that nobody asked for cost no memory and get no answer", async (t) => {
  const pong = frame(PONG, "p".repeat(125));
  const grown = await growth([], async ({ port }) => {
    const client = await RawClient.open(port);
    for (let i = 0; i < 100; ++i) await client.send(Array(1_000).fill(pong));
    await client.send(frame(PING, "still"));
    await client.expect(PONG, "still");
    await client.close();
  });
  t.diagnostic(`${(grown / MiB).toFixed(1)} MiB`);
  assert.ok(grown < 4 * MiB, `${grown} B`);
});

test("a peer that sends 64 MiB of text without reading the echo is read no further", async (t) => {
  const text = frame(TEXT, "t".repeat(64 * 1024));
  const grown = await growth([], async ({ port }) => {
    const client = await RawClient.open(port);
    client.socket.pause();
    const sending = (async () => { for (let i = 0; i < 1024; ++i) await client.send(text); })();
    const other = await RawClient.open(port);
    for (let i = 0; i < 100; ++i) {
      await other.send(frame(TEXT, "served"));
      await other.expect(TEXT, "served");
    }
    await other.close();
    client.socket.resume();
    for (let i = 0; i < 1024; ++i) assert.equal((await client.next()).payload.length, 64 * 1024);
    await sending;
    await client.close();
  });
  t.diagnostic(`${(grown / MiB).toFixed(1)} MiB`);
  assert.ok(grown < 8 * MiB, `${grown} B`);
});
