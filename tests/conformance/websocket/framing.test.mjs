// Autobahn's sections 1 to 5: messages, pings and pongs, reserved bits, opcodes, fragmentation.
import { test } from "node:test";
import { startEcho } from "./echo_server.mjs";
import { BINARY, CLOSE, CONTINUATION, PING, PONG, RawClient, TEXT, closePayload, frame } from "./raw_client.mjs";

const { port } = await startEcho();

/** Each way of sending that Autobahn's variants use: at once, frame by frame, octet by octet. */
const ways = {
  "at once": (client, frames) => client.send(frames),
  "by frame": async (client, frames) => { for (const each of frames) await client.send(each, { chop: each.length }); },
  "by octet": (client, frames) => client.send(frames, { chop: 1 }),
};

/** A test for each way of sending `frames`; `expect` says what must come back. */
function cases(name, frames, expect) {
  for (const [way, send] of Object.entries(ways)) {
    test(`${name}, ${way}`, async () => {
      const client = await RawClient.open(port);
      await send(client, frames);
      await expect(client);
    });
  }
}

/** Frames that are echoed, in order, and then a close in order. */
const echoes = (...expected) => async (client) => {
  for (const [opcode, payload] of expected) await client.expect(opcode, payload);
  await client.close();
};

/** The same, and then the server fails the connection. */
const fails = (...expected) => async (client) => {
  for (const [opcode, payload] of expected) await client.expect(opcode, payload);
  await client.expectClosed(1002);
};

for (const size of [0, 125, 126, 127, 128, 65_535, 65_536]) {
  for (const [section, opcode] of [["1.1", TEXT], ["1.2", BINARY]]) {
    test(`${section} a message of ${size} octets`, async () => {
      const client = await RawClient.open(port);
      const payload = Buffer.alloc(size, opcode === TEXT ? "*" : 0xfe);
      await client.send(frame(opcode, payload));
      await client.expect(opcode, payload);
      await client.send(frame(opcode, payload), { chop: 997 });
      await client.expect(opcode, payload);
      await client.close();
    });
  }
}

const octets = Buffer.from([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff]);
const most = Buffer.alloc(125, 0xfe);
cases("2.1 a ping", [frame(PING)], echoes([PONG, ""]));
cases("2.2 a ping with text", [frame(PING, "Hello, world!")], echoes([PONG, "Hello, world!"]));
cases("2.3 a ping with octets", [frame(PING, octets)], echoes([PONG, octets]));
cases("2.4, 2.6 a ping of 125 octets", [frame(PING, most)], echoes([PONG, most]));
cases("2.5 a ping of 126 octets", [frame(PING, Buffer.alloc(126, 0xfe))], fails());
cases("2.7 a pong that nobody asked for", [frame(PONG)], echoes());
cases("2.8 one with a payload", [frame(PONG, "unsolicited")], echoes());
cases("2.9 a pong, then a ping", [frame(PONG, "unsolicited"), frame(PING, "ping")], echoes([PONG, "ping"]));
const tenPings = Array.from({ length: 10 }, (_, i) => `ping ${i}`);
cases("2.10, 2.11 ten pings", tenPings.map((text) => frame(PING, text)),
      echoes(...tenPings.map((text) => [PONG, text])));

cases("3.1 RSV 1", [frame(TEXT, "a", { rsv: 1 })], fails());
for (const [section, rsv] of [["3.2", 2], ["3.3", 3], ["3.4", 4]]) {
  cases(`${section} RSV ${rsv} behind a good message`,
        [frame(TEXT, "Hello"), frame(TEXT, "Hello", { rsv }), frame(PING)], fails([TEXT, "Hello"]));
}
cases("3.5 RSV 5 on a binary message", [frame(BINARY, octets, { rsv: 5 })], fails());
cases("3.6 RSV 6 on a ping", [frame(PING, "", { rsv: 6 })], fails());
cases("3.7 RSV 7 on a close", [frame(CLOSE, "", { rsv: 7 })], fails());

for (const opcode of [3, 4, 5, 6, 7]) {
  const section = `4.1.${opcode - 2}`;
  cases(`${section} reserved opcode ${opcode}`, [frame(opcode)], fails());
  cases(`${section} behind a good message`, [frame(TEXT, "Hello"), frame(opcode, "a"), frame(PING)],
        fails([TEXT, "Hello"]));
}
for (const opcode of [11, 12, 13, 14, 15]) {
  const section = `4.2.${opcode - 10}`;
  cases(`${section} reserved control opcode ${opcode}`, [frame(opcode)], fails());
  cases(`${section} behind a good message`, [frame(TEXT, "Hello"), frame(opcode, "a"), frame(PING)],
        fails([TEXT, "Hello"]));
}

const first = (payload = "fragment1") => frame(TEXT, payload, { fin: false });
const middle = (payload) => frame(CONTINUATION, payload, { fin: false });
const last = (payload = "fragment2") => frame(CONTINUATION, payload);
cases("5.1 a ping in two fragments", [frame(PING, "a", { fin: false }), last()], fails());
cases("5.2 a pong in two fragments", [frame(PONG, "a", { fin: false }), last()], fails());
cases("5.3-5.5 a text in two fragments", [first(), last()], echoes([TEXT, "fragment1fragment2"]));
cases("5.6-5.8 a ping between the fragments", [first(), frame(PING, "ping"), last()],
      echoes([PONG, "ping"], [TEXT, "fragment1fragment2"]));
cases("5.9-5.11 a last fragment of nothing", [last(), frame(TEXT, "Hello")], fails());
cases("5.12-5.14 a middle fragment of nothing", [middle("a"), frame(TEXT, "Hello")], fails());
cases("5.15 a fragment of nothing behind a whole message", [first(), last(), middle("a"), frame(TEXT, "Hello")],
      fails([TEXT, "fragment1fragment2"]));
cases("5.16 a middle fragment of nothing, then a text in fragments", [middle("a"), first(), last()], fails());
cases("5.17 a last fragment of nothing, then a text in fragments", [last(), first(), last()], fails());
cases("5.18 a new text inside a fragmented one", [first(), frame(TEXT, "fragment2")], fails());
cases("5.19, 5.20 five fragments with pings between",
      [first("1"), middle("2"), frame(PING, "a"), middle("3"), middle("4"), frame(PING, "b"), last("5")],
      echoes([PONG, "a"], [PONG, "b"], [TEXT, "12345"]));
cases("5 empty fragments", [first(""), middle(""), last("")], echoes([TEXT, ""]));
cases("5 a binary message in fragments", [frame(BINARY, octets, { fin: false }), last(octets)],
      echoes([BINARY, Buffer.concat([octets, octets])]));
cases("5 a close between the fragments", [first(), frame(CLOSE, closePayload(1000)), last()],
      (client) => client.expectClosed(1000));

test("RFC 6455 section 5.1: a frame that is not masked", async () => {
  const client = await RawClient.open(port);
  await client.send(frame(TEXT, "Hello", { mask: null }));
  await client.expectClosed(1002);
});

// Section 5.2: the shortest form, and the highest bit of the long one is 0.
for (const [what, header] of Object.entries({
  "16 bits for 125 octets": [0x82, 0xfe, 0x00, 0x7d],
  "64 bits for 65,535 octets": [0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
  "2^63 octets": [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0],
})) {
  test(`RFC 6455 section 5.2: a length of ${what}`, async () => {
    const client = await RawClient.open(port);
    await client.send(Buffer.from([...header, 1, 2, 3, 4]));
    await client.expectClosed(1002);
  });
}

test("a frame in the same segment as the handshake", async () => {
  const client = await RawClient.open(port, { behind: frame(TEXT, "early") });
  await client.expect(TEXT, "early");
  await client.close();
});
