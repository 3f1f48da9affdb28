// The command contract: serve, config, the data directory's lock, health and metrics.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { binary, Server } from "./server.mjs";

/** CLOUDSYNC_BIN is for the tests; the program takes it for a misspelt setting. */
const { CLOUDSYNC_BIN: _, ...environment } = process.env;

const run = (args, env = {}) => new Promise((resolve) =>
  execFile(binary, args, { env: { ...environment, ...env } }, (error, stdout, stderr) =>
    resolve({ code: error?.code ?? 0, stdout, stderr })));

test("--help and --version answer", async () => {
  assert.match((await run(["--help"])).stdout, /serve/);
  assert.match((await run(["serve", "--help"])).stdout, /--data-dir/);
  assert.match((await run(["--version"])).stdout, /^\d+\.\d+\.\d+/);
});

test("config show prints what config check accepts, and the order of sources is kept", async () => {
  const directory = await mkdtemp(join(tmpdir(), "cloudsync-test-"));
  const file = join(directory, "cloudsync.toml");
  await writeFile(file, 'threads = 2\nlog-level = "error"\nguests = "deny"\n');
  const env = { CLOUDSYNC_GUESTS: "allow", CLOUDSYNC_LOG_LEVEL: "warning" };
  const shown = await run(["config", "show", "--config", file, "--log-level", "debug"], env);
  assert.match(shown.stdout, /^threads = 2$/m);
  assert.match(shown.stdout, /^guests = "allow"$/m);
  assert.match(shown.stdout, /^log-level = "debug"$/m);
  await writeFile(file, shown.stdout);
  assert.equal((await run(["config", "check", "--config", file])).code, 0);
  await writeFile(file, "thread = 2\n");
  const wrong = await run(["config", "check", "--config", file]);
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stderr, /no such setting: thread/);
  await rm(directory, { recursive: true });
});

test("config show prints a list from the environment as a list", async () => {
  const env = { CLOUDSYNC_ALLOW_ORIGIN: "http://a.example http://b.example" };
  const { stdout } = await run(["config", "show"], env);
  assert.match(stdout, /^allow-origin = \["http:\/\/a.example", "http:\/\/b.example"\]$/m);
});

test("config check refuses what would be ignored, and warns of what is hardly meant", async () => {
  const refused = async (args, env, message) => {
    const { code, stdout, stderr } = await run(["config", "check", ...args], env);
    assert.notEqual(code, 0, stdout);
    assert.match(stderr, message);
  };
  await refused(["--config", tmpdir()], {}, /: is a directory$/m);
  await refused(["--config", "/no/such.toml"], {}, /^cloudsync: \/no\/such.toml: [^0-9]+$/m);
  await refused([], { CLOUDSYNC_LISTENS: "127.0.0.1:1" }, /environment: no such setting: CLOUDSYNC_LISTENS/);
  await refused(["--data-dir", ""], {}, /data-dir: must not be empty/);
  const warned = await run(["config", "check", "--listen", "0.0.0.0:1", "--limits.op-bytes", "2000000"]);
  assert.equal(warned.code, 0);
  assert.match(warned.stderr, /warning: guests = local.*\n.*warning: without public-url.*\n.*warning: limits.op-bytes/);
});

test("a word that is no command is named", async () => {
  for (const args of [["bogus"], ["config", "bogus"], ["serve", "bogus"]]) {
    const { code, stderr } = await run(args);
    assert.notEqual(code, 0);
    assert.match(stderr, /bogus/);
  }
});

test("a node for other machines says at its start what is missing", async () => {
  const server = await Server.start();
  // The directory is taken, so that this one ends by itself.
  const { stderr } = await run(["serve", "--listen", "0.0.0.0:0", "--data-dir", server.dataDir]);
  assert.match(stderr, /warning.*guests = local/);
  assert.match(stderr, /warning.*public-url/);
  assert.doesNotMatch(server.log, /guests = local|public-url/);
  await server.dispose();
});

test("the documentation has every setting with its default", async () => {
  const documented = await readFile(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  const { stdout } = await run(["config", "show"]);
  for (const [, name, value] of stdout.matchAll(/^(\S+) = "?([^"\n]*)"?$/gm)) {
    const row = documented.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));
    assert.ok(row, `docs/configuration.md has no row for ${name}`);
    assert.ok(value === "" || value === "[]" || row.includes(value), `${row} says another default than ${value}`);
  }
});

test("a second process on one data directory refuses to start", async () => {
  const server = await Server.start();
  const second = await run(["serve", "--listen", "127.0.0.1:0", "--data-dir", server.dataDir]);
  assert.notEqual(second.code, 0);
  assert.match(second.stderr, /in use by process/);
  await server.dispose();
});

test("a taken port is a clear error, also where a node's own loops share it", async () => {
  const server = await Server.start({ args: ["--threads", "2"] });
  const directory = await mkdtemp(join(tmpdir(), "cloudsync-test-"));
  for (const threads of ["1", "2"]) {
    const second = await run(["serve", "--threads", threads, "--listen", new URL(server.url).host,
      "--data-dir", directory]);
    assert.notEqual(second.code, 0);
    assert.match(second.stderr, /in use/i);
  }
  await rm(directory, { recursive: true });
  await server.dispose();
});

test("the data directory is private", async () => {
  const server = await Server.start();
  assert.equal((await stat(join(server.dataDir, "cloudsync.db"))).mode & 0o777, 0o600);
  await server.dispose();
});

test("guests can be denied and allowed", async () => {
  const denied = await Server.start({ args: ["--guests", "deny"] });
  await assert.rejects(denied.createDocument(), /401/);
  await denied.dispose();
});

test("health, readiness and metrics answer", async () => {
  const server = await Server.start();
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  assert.deepEqual(await (await fetch(`${server.url}/readyz`)).json(), { ready: true, durability: "single-node" });
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  for (const name of ["cloudsync_connections", "cloudsync_sessions", "cloudsync_rooms", "cloudsync_operations_total",
    "cloudsync_commits_total", "cloudsync_commit_batch_ops_bucket", "cloudsync_ack_seconds_bucket",
    "cloudsync_delivery_seconds_bucket", "cloudsync_send_queue_bytes", "cloudsync_limit_reached_total"]) {
    assert.ok(metrics.includes(`\n${name}`), name);
  }
  await server.dispose();
});

test("REST lists what a guest created or opened, last opened first, and nobody else's", async () => {
  const server = await Server.start();
  const post = (title, cookie) => fetch(`${server.url}/api/v1/documents`, {
    method: "POST", headers: { "content-type": "application/json", ...(cookie && { cookie, origin: server.url }) },
    body: JSON.stringify({ type: "rich-text", title }) });
  const first = await post("One");
  const cookie = first.headers.get("set-cookie").split(";")[0];
  await post("Two", cookie);
  const list = async (headers) => (await (await fetch(`${server.url}/api/v1/documents`, { headers })).json()).documents;
  assert.deepEqual((await list({ cookie })).map(({ title }) => title), ["Two", "One"]);
  assert.deepEqual(await list({}), []);
  const other = (await post("Three")).headers.get("set-cookie").split(";")[0];
  assert.deepEqual((await list({ cookie: other })).map(({ title }) => title), ["Three"]);
  const { id } = await first.json();
  const snapshot = await fetch(`${server.url}/api/v1/documents/${id}/snapshot?revision=0`);
  assert.deepEqual(await snapshot.json(), [{ insert: "\n" }]);
  assert.match(snapshot.headers.get("cache-control"), /immutable/);
  await server.dispose();
});

test("a page makes its reader a guest, once, and no shared cache may keep that", async () => {
  const server = await Server.start();
  const first = await fetch(server.url);
  assert.match(first.headers.get("set-cookie"), /^cloudsync_guest=.*HttpOnly/i);
  assert.equal(first.headers.get("cache-control"), "private, no-cache");
  const cookie = first.headers.get("set-cookie").split(";")[0];
  const again = await fetch(server.url, { headers: { cookie } });
  assert.equal(again.headers.get("set-cookie"), null);
  const proxied = await fetch(server.url, { headers: { via: "1.1 proxy" } });
  assert.equal(proxied.headers.get("set-cookie"), null);
  await server.dispose();
});
