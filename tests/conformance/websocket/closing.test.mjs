// Autobahn's section 7: the closing handshake, all close codes, and that nothing is answered behind it.
import { test } from "node:test";
import { startEcho } from "./echo_server.mjs";
import { CLOSE, CONTINUATION, PING, RawClient, TEXT, closePayload, frame } from "./raw_client.mjs";

const { port } = await startEcho();

/** Sends `frames` and expects the close `code` behind the echoes of `texts`. */
function closes(name, frames, code, texts = []) {
  test(name, async () => {
    const client = await RawClient.open(port);
    await client.send(frames);
    for (const text of texts) await client.expect(TEXT, text);
    await client.expectClosed(code);
  });
}

const normal = frame(CLOSE, closePayload(1000));
closes("7.1.1 a message and a close", [frame(TEXT, "Hello"), normal], 1000, ["Hello"]);
closes("7.1.2 two closes", [normal, normal], 1000);
closes("7.1.3 a ping behind the close", [normal, frame(PING)], 1000);
closes("7.1.4 a text behind the close", [normal, frame(TEXT, "late")], 1000);
closes("7.1.5 a close between fragments", [frame(TEXT, "1", { fin: false }), normal, frame(CONTINUATION, "2")], 1000);
const large = "BAsd7&jh23".repeat(26_214);
closes("7.1.6 a large message, a close and a ping", [frame(TEXT, large), normal, frame(PING)], 1000, [large]);

closes("7.3.1 no payload", [frame(CLOSE)], null);
closes("7.3.2 one octet", [frame(CLOSE, "a")], 1002);
closes("7.3.3 a code", [normal], 1000);
closes("7.3.4 a code and a reason", [frame(CLOSE, closePayload(1000, "Hello World!"))], 1000);
closes("7.3.5 the longest reason", [frame(CLOSE, closePayload(1000, "*".repeat(123)))], 1000);
closes("7.3.6 a longer one", [frame(CLOSE, closePayload(1000, "*".repeat(124)))], 1002);
closes("7.5.1 a reason that is not UTF-8",
       [frame(CLOSE, Buffer.concat([closePayload(1000, "κόσμε"), Buffer.from([0xed, 0xa0, 0x80])]))], 1007);

// RFC 6455 section 7.4 and IANA's registry. 1012 to 1014 were registered after Autobahn's cases were written.
const sendable = (code) => (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
for (const [section, codes] of [
  ["7.7 codes of the protocol", range(1000, 1014).filter(sendable)],
  ["7.7 codes of libraries and applications", [3000, 3001, 3999, 4000, 4001, 4999]],
  ["7.9 codes that nobody may send", [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999]],
  ["7.13 codes beyond all ranges", [5000, 5001, 65_535]],
]) {
  test(section, async () => {
    for (const code of codes) {
      const client = await RawClient.open(port);
      await client.send(frame(CLOSE, closePayload(code)));
      await client.expectClosed(sendable(code) ? code : 1002);
    }
  });
}

test("7 by octet", async () => {
  const client = await RawClient.open(port);
  await client.send(frame(CLOSE, closePayload(4000, "bye")), { chop: 1 });
  await client.expectClosed(4000);
});

test("a peer that ends the stream without a close is let go", async () => {
  const client = await RawClient.open(port);
  client.socket.end();
  if ((await client.next()) !== null) throw new Error("a frame came");
});
