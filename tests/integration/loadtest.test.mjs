// The load generator against the real server: latency figures, convergence, exit code.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { binary, freePort, Server } from "./server.mjs";

const generator = join(dirname(binary), "cloudsync-loadtest");

const run = (args) => new Promise((resolve) =>
  execFile(generator, args, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr })));

for (const type of ["text", "rich-text", "json"]) {
  test(`60 connections edit 6 ${type} documents, and all converge`, async () => {
    const server = await Server.start();
    const json = join(server.dataDir, "result.json");
    const { code, stdout, stderr } = await run(["--target", server.url, "--connections", "60", "--documents", "6",
      "--ops-per-second", "120", "--duration", "5", "--type", type, "--json", json]);
    assert.equal(code, 0, stdout + stderr);
    const text = await readFile(json, "utf8");
    assert.doesNotThrow(() => JSON.parse(text));
    assert.ok(await server.metric("cloudsync_operations_total") > 100);
    console.log(stdout.split("\n").slice(-14).map((line) => `# ${line}`).join("\n"));
    await server.dispose();
  });
}

test("the server dies in the middle: all resume, converge and lose nothing", async () => {
  const server = await Server.start({ port: await freePort() });
  const running = run(["--target", server.url, "--connections", "40", "--documents", "4",
    "--ops-per-second", "80", "--duration", "6", "--reconnect"]);
  for (let kill = 0; kill < 2; ++kill) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await server.kill();
    await server.launch();
  }
  const { code, stdout, stderr } = await running;
  assert.equal(code, 0, stdout + stderr);
  await server.dispose();
});

test("a server that is not there is exit code 2", async () => {
  const { code } = await run(["--target", `http://127.0.0.1:${await freePort()}`, "--connections", "1",
    "--documents", "1", "--ops-per-second", "1", "--duration", "1"]);
  assert.equal(code, 2);
});

test("a number out of range is refused in plain words", async () => {
  const { code, stderr } = await run(["--target", "http://127.0.0.1:1", "--connections", "0"]);
  assert.notEqual(code, 0);
  assert.match(stderr, /--connections: must be a number above 0/);
});
