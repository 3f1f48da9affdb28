// Autobahn's section 6: text is UTF-8, checked octet by octet as it arrives. The sequences are those of Markus
// Kuhn's decoder test, which Autobahn's sections 6.5 to 6.23 are made of.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startEcho } from "./echo_server.mjs";
import { CONTINUATION, PING, PONG, RawClient, TEXT, fragments, frame } from "./raw_client.mjs";

const { port } = await startEcho();
const hex = (text) => Buffer.from(text.replaceAll(" ", ""), "hex");
const kosme = Buffer.from("κόσμε");

const valid = {
  "6.1.1": [""],
  "6.2": ["Hello-µ@ßöäüàá-UTF-8!!", kosme, "€"],
  "6.5": [Buffer.from("Hello-\u{20AC}-\u{10348}")],
  "6.7": [hex("00"), hex("c2 80"), hex("e0 a0 80"), hex("f0 90 80 80")],
  "6.9": [hex("7f"), hex("df bf"), hex("ef bf bf"), hex("f4 8f bf bf")],
  "6.11": [hex("ed 9f bf"), hex("ee 80 80"), hex("ef bf bd"), hex("f4 8f bf bf")],
  "6.22": [...Array(17).keys()].flatMap((plane) => [0xfffe, 0xffff].map((low) => String.fromCodePoint(plane * 0x10000 + low))),
  "6.23": ["\ufff9", "\ufffa", "\ufffb", "\ufffc", "\ufffd", "\ufffe", "\uffff"],
};

const starts = { "c0": 32, "e0": 16, "f0": 8, "f8": 4, "fc": 2 };
const lonely = Object.entries(starts).map(([from, count]) =>
  Buffer.from(Array.from({ length: count }, (_, i) => [parseInt(from, 16) + i, 0x20]).flat()));
const withoutLast = ["c0", "e0 80", "f0 80 80", "f8 80 80 80", "fc 80 80 80 80", "df", "ef bf", "f7 bf bf", "fb bf bf bf",
                     "fd bf bf bf bf"].map(hex);
const invalid = {
  "6.3": [Buffer.concat([kosme, hex("ed a0 80"), Buffer.from("edited")])],
  "6.4": [Buffer.concat([kosme, hex("f4 90 80 80"), Buffer.from("edited")])],
  "6.8": [hex("f8 88 80 80 80"), hex("fc 84 80 80 80 80")],
  "6.10": [hex("f7 bf bf bf"), hex("fb bf bf bf bf"), hex("fd bf bf bf bf bf")],
  "6.11": [hex("f4 90 80 80")],
  "6.12": [hex("80"), hex("bf"), hex("80 bf"), hex("80 bf 80"), hex("80 bf 80 bf 80 bf 80"),
           Buffer.from(Array.from({ length: 64 }, (_, i) => 0x80 + i))],
  "6.13": lonely,
  "6.14": withoutLast,
  "6.15": [Buffer.concat(withoutLast)],
  "6.16": [hex("fe"), hex("ff"), hex("fe fe ff ff")],
  "6.17": [hex("c0 af"), hex("e0 80 af"), hex("f0 80 80 af"), hex("f8 80 80 80 af"), hex("fc 80 80 80 80 af")],
  "6.18": [hex("c1 bf"), hex("e0 9f bf"), hex("f0 8f bf bf"), hex("f8 87 bf bf bf"), hex("fc 83 bf bf bf bf")],
  "6.19": [hex("c0 80"), hex("e0 80 80"), hex("f0 80 80 80"), hex("f8 80 80 80 80"), hex("fc 80 80 80 80 80")],
  "6.20": ["ed a0 80", "ed ad bf", "ed ae 80", "ed af bf", "ed b0 80", "ed be 80", "ed bf bf"].map(hex),
  "6.21": ["ed a0 80 ed b0 80", "ed a0 80 ed bf bf", "ed ad bf ed b0 80", "ed ad bf ed bf bf", "ed ae 80 ed b0 80",
           "ed ae 80 ed bf bf", "ed af bf ed b0 80", "ed af bf ed bf bf"].map(hex),
};
// 6.6: every beginning of a text; one that ends inside a character is invalid as a message.
for (let end = 1; end <= kosme.length; ++end) {
  const beginning = kosme.subarray(0, end);
  (beginning.toString().includes("\ufffd") ? invalid : valid)[`6.6 (${end} octets)`] = [beginning];
}

/** How many octets can be the beginning of a valid text, as the platform's own decoder says. */
function goodOctets(bytes) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let at = 0; at < bytes.length; ++at) {
    try {
      decoder.decode(bytes.subarray(at, at + 1), { stream: true });
    } catch {
      return at;
    }
  }
  return bytes.length;
}

for (const [section, texts] of Object.entries(valid)) {
  test(`${section} valid: whole, in fragments of one octet, octet by octet`, async () => {
    const client = await RawClient.open(port);
    for (const text of texts) {
      await client.send(frame(TEXT, text));
      await client.expect(TEXT, text);
      await client.send(fragments(TEXT, text, 1));
      await client.expect(TEXT, text);
      await client.send(frame(TEXT, text), { chop: 1 });
      await client.expect(TEXT, text);
    }
    await client.close();
  });
}

test("6.1.2, 6.1.3 empty fragments around a text", async () => {
  const client = await RawClient.open(port);
  for (const text of ["", "middle"]) {
    await client.send([frame(TEXT, "", { fin: false }), frame(CONTINUATION, text, { fin: false }), frame(CONTINUATION)]);
    await client.expect(TEXT, text);
  }
  await client.close();
});

for (const [section, texts] of Object.entries(invalid)) {
  test(`${section} invalid: whole, in fragments of one octet, octet by octet`, async () => {
    for (const text of texts) {
      for (const send of [(client) => client.send(frame(TEXT, text)),
                          (client) => client.send(fragments(TEXT, text, 1)),
                          (client) => client.send(frame(TEXT, text), { chop: 1 })]) {
        const client = await RawClient.open(port);
        await send(client);
        await client.expectClosed(1007);
      }
    }
  });

  test(`${section} fails at the first octet that is wrong, not before and not later`, async () => {
    for (const text of texts) {
      const good = goodOctets(text);
      const client = await RawClient.open(port);
      // In fragments, with a ping behind each to see that the server goes on.
      await client.send(frame(TEXT, "", { fin: false }));
      for (let at = 0; at < good; ++at) {
        await client.send([frame(CONTINUATION, text.subarray(at, at + 1), { fin: false }), frame(PING, "on")]);
        await client.expect(PONG, "on");
      }
      // If no octet is wrong, the end inside a character is.
      await client.send(good < text.length ? frame(CONTINUATION, text.subarray(good, good + 1), { fin: false })
                                           : frame(CONTINUATION));
      await client.expectClosed(1007);
      if (good === text.length) continue;
      // Inside one frame, of which no more comes than that octet.
      const other = await RawClient.open(port);
      const whole = frame(TEXT, text);
      const cut = whole.length - text.length + good + 1;
      await other.send(whole.subarray(0, cut), { chop: 1 });
      await other.expectClosed(1007);
    }
  });
}

test("binary messages may have any octets", async () => {
  const client = await RawClient.open(port);
  for (const bytes of Object.values(invalid).flat()) {
    assert.ok(bytes.length > 0);
    await client.send(fragments(2, bytes, 1));
    await client.expect(2, bytes);
  }
  await client.close();
});
