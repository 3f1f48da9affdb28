// The program in README.md runs as it is written there.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Server } from "./server.mjs";

const kAddress = "http://127.0.0.1:8080";

/** As a file in this folder would: that is where socket.io-client is found. */
const run = (program) => new Promise((resolve) =>
  execFile(process.execPath, ["--input-type=module", "--eval", program],
    { cwd: fileURLToPath(new URL(".", import.meta.url)), timeout: 60_000 },
    (error, stdout, stderr) => resolve({ code: error?.code ?? (error ? 1 : 0), stdout, stderr })));

test("the socket.io example creates, joins, edits and ends", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const programs = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, program]) => program);
  assert.equal(programs.length, 1);
  assert.ok(programs[0].includes(kAddress));
  const server = await Server.start();
  const { code, stdout, stderr } = await run(programs[0].replaceAll(kAddress, server.url));
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /^revision 0: ""/);
  assert.match(stdout, /^revision 1: \["Hello"\]\nsaved as revision 1$/m);
  const id = /\/d\/(\S+)/.exec(stdout)[1];
  assert.equal((await server.document(id)).content, "Hello");
  await server.dispose();
});
