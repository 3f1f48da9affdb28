// The load generator against the real server: latency figures, convergence, exit code.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { binary, eventually, freePort, Server } from "./server.mjs";

const generator = join(dirname(binary), "cloudsync-loadtest");

const smoke = fileURLToPath(new URL("../../bench/scenarios/smoke.toml", import.meta.url));

/** A server that is gone after the test, passed or not. */
async function start(t) {
  const server = await Server.start();
  t.after(() => server.dispose());
  return server;
}

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

test("the smoke scenario: two workers, two nodes that know nothing of each other, every objective met", async (t) => {
  const servers = [await start(t), await start(t)];
  const json = join(servers[0].dataDir, "result.json");
  const html = join(servers[0].dataDir, "result.html");
  const { code, stdout, stderr } = await run(["--scenario", smoke, "--target",
    servers.map((server) => server.url).join(), "--json", json, "--html", html, "--commit", "abc"]);
  assert.equal(code, 0, stdout + stderr);
  const result = JSON.parse(await readFile(json, "utf8"));
  assert.equal(result.config.workers, 2);
  assert.equal(result.commit, "abc");
  assert.ok(result.machine.kernel && result.machine.cores > 0);
  assert.ok(result.objectives.length >= 6 && result.objectives.every(({ met }) => met));
  assert.ok(result.timeline.some(({ deliveries }) => deliveries > 0));
  const { cursors, frames } = result.deliveries;
  assert.ok(cursors > 0 && cursors < frames, "cursors are told when they jump, not after each edit");
  assert.ok(result.network.segments > frames && result.network.octets > 40 * result.network.segments);
  // What the histogram holds is what was counted: the workers' parts were merged without loss.
  const { count, steps } = result.deliveryLatency;
  assert.equal(steps.reduce((sum, [, times]) => sum + times, 0), count);
  for (const server of servers) assert.ok(await server.metric("cloudsync_operations_total") > 50);
  assert.match(await readFile(html, "utf8"), /<svg/);
  const compared = await run(["--compare", json, json]);
  assert.match(compared.stdout, /delivery-p95-ms .* 1\.00/);
});

test("an objective that is missed is exit code 1, and said", async (t) => {
  const server = await start(t);
  const scenario = join(server.dataDir, "strict.toml");
  await writeFile(scenario, "[load]\nconnections = 20\nduration = 1\n[objectives]\nfailed = 0\ndelivery-p50-ms = 0\n" +
    "delivery-max-ms = 60000\n");
  const json = join(server.dataDir, "result.json");
  const { code, stdout } = await run(["--target", server.url, "--scenario", scenario, "--json", json]);
  assert.equal(code, 1, stdout);
  assert.match(stdout, /delivery-p50-ms <= 0: .*MISSED/);
  const result = JSON.parse(await readFile(json, "utf8"));
  assert.deepEqual([result.ok, result.converged], [false, true]);
  assert.deepEqual(Object.fromEntries(result.objectives.map(({ metric, met }) => [metric, met])),
    { "failed": true, "delivery-p50-ms": false, "delivery-max-ms": true });
});

test("a ladder: each rung is measured by itself, one without edits is quiet", async (t) => {
  const server = await start(t);
  const json = join(server.dataDir, "result.json");
  const { code, stdout, stderr } = await run(["--target", server.url, "--connections", "20", "--documents", "2",
    "--ops-per-second", "20", "--duration", "5", "--ladder", "1,0,4", "--workers", "2", "--json", json]);
  assert.equal(code, 0, stdout + stderr);
  const { ladder, edits } = JSON.parse(await readFile(json, "utf8"));
  assert.deepEqual(ladder.map(({ opsPerSecond }) => opsPerSecond), [20, 0, 80]);
  assert.ok(ladder.every(({ seconds }) => seconds >= 1 && seconds <= 4));
  assert.equal(ladder[1].delivery.count, 0);
  assert.ok(ladder[2].deliveriesPerSecond > 2 * ladder[0].deliveriesPerSecond);
  assert.ok(edits.made > 400 && edits.made <= 520, `${edits.made} edits of 500`);
});

test("one document over three workers: each edit is measured once a member, and all converge", async (t) => {
  const server = await start(t);
  const json = join(server.dataDir, "result.json");
  const { code, stdout, stderr } = await run(["--target", server.url, "--connections", "60", "--documents", "1",
    "--writers", "25", "--ops-per-second", "50", "--duration", "2", "--spread", "--workers", "3", "--json", json]);
  assert.equal(code, 0, stdout + stderr);
  const { edits, deliveries, connections } = JSON.parse(await readFile(json, "utf8"));
  assert.equal(connections.joined, 60);
  assert.ok(edits.made > 50);
  assert.equal(deliveries.count, edits.made * 59);
  assert.equal(deliveries.unmeasured, 0);
});

test("a worker that dies ends the run with exit code 2, and the other workers", async (t) => {
  const server = await start(t);
  const running = spawn(generator, ["--target", server.url, "--connections", "20", "--workers", "2",
    "--duration", "60"], { stdio: "ignore" });
  const ended = new Promise((resolve) => running.once("exit", resolve));
  await eventually(async () => await server.metric("cloudsync_sessions") === 20, "20 sessions");
  const workers = readFileSync(`/proc/${running.pid}/task/${running.pid}/children`, "latin1").trim().split(" ");
  assert.equal(workers.length, 2);
  process.kill(Number(workers[0]), "SIGKILL");
  assert.equal(await ended, 2);
  await eventually(async () => await server.metric("cloudsync_sessions") === 0, "the other worker to be gone");
});
