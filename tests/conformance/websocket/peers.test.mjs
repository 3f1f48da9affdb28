// Stock peers: npm's ws and Autobahn for Python (Debian's python3-autobahn), with and without permessage-deflate.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { WebSocket } from "ws";
import { startEcho } from "./echo_server.mjs";

const servers = { plain: await startEcho(), deflate: await startEcho("--deflate") };
const KiB = 1024;
const texts = ["", "Hello", "κόσμε €\u{10348}", ...[1, 4, 64, 1024].map((n) => "0123456789abcdef".repeat(n * 64))];

for (const [kind, { url }] of Object.entries(servers)) {
  for (const perMessageDeflate of [false, true, { threshold: 0 }, { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
                                   { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true }]) {
    test(`ws with ${JSON.stringify(perMessageDeflate)} against ${kind}`, async () => {
      const socket = new WebSocket(url, { perMessageDeflate });
      await once(socket, "open");
      assert.equal(socket.extensions, kind === "deflate" && perMessageDeflate ? "permessage-deflate" : "");
      for (const text of texts) {
        for (const message of [text, Buffer.from(text)]) {
          socket.send(message);
          const [data, isBinary] = await once(socket, "message");
          assert.equal(isBinary, typeof message !== "string");
          assert.ok(data.equals(Buffer.from(text)));
        }
      }
      // In fragments, with pings between.
      const message = once(socket, "message");
      for (let i = 0; i < 10; ++i) {
        socket.send(`part ${i} `.repeat(100), { fin: i === 9 });
        socket.ping(`${i}`);
        const [pong] = await once(socket, "pong");
        assert.equal(String(pong), `${i}`);
      }
      const [whole] = await message;
      assert.equal(String(whole), Array.from({ length: 10 }, (_, i) => `part ${i} `.repeat(100)).join(""));
      socket.close(4000, "bye");
      const [code] = await once(socket, "close");
      assert.equal(code, 4000);
    });
  }

  for (const offers of ["none", "default", "small-window"]) {
    test(`Autobahn with the offer ${offers} against ${kind}`, async () => {
      // The system's Python has Debian's package, whatever other is first in PATH.
      const script = fileURLToPath(new URL("autobahn_client.py", import.meta.url));
      const { stdout } = await promisify(execFile)("/usr/bin/python3", [script, url, offers], { timeout: 60_000 });
      const result = JSON.parse(stdout);
      assert.equal(result.compressed, kind === "deflate" && offers !== "none");
      assert.deepEqual({ ...result, compressed: undefined },
                       { compressed: undefined, echoed: 16, mismatched: 0, clean: true, code: 1000 });
    });
  }
}

test("64 peers at once", async () => {
  await Promise.all(Array.from({ length: 64 }, async (_, i) => {
    const socket = new WebSocket(servers.deflate.url, { perMessageDeflate: i % 2 === 0 });
    await once(socket, "open");
    for (let round = 0; round < 20; ++round) {
      const text = `${i}:${round} `.repeat(4 * KiB);
      socket.send(text);
      const [data] = await once(socket, "message");
      assert.equal(String(data), text);
    }
    socket.close();
    await once(socket, "close");
  }));
});
