// bench/peers, small: ours and a peer that needs nothing from npm. Counts only, no times.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { binary } from "./server.mjs";

const driver = fileURLToPath(new URL("../../bench/peers/run.mjs", import.meta.url));

const run = (args) => new Promise((resolve) =>
  execFile(process.execPath, [driver, "--build", dirname(binary), ...args],
    (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr })));

test("every server of a cell gets its load, and the costs are told side by side", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "cloudsync-peers-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const json = join(folder, "peers.json");
  const { code, stdout, stderr } = await run(["--cells", "room-1000-8,echo-1000,documents-10-rate", "--servers",
    "cloudsync,cloudsync-websocket,beast,cloudsync-sqlite", "--scale", "0.02", "--rounds", "1", "--seconds", "0.2",
    "--warm-up", "0.1", "--json", json]);
  assert.equal(code, 0, stdout + stderr);
  const { cells } = JSON.parse(await readFile(json, "utf8"));
  const members = { "room-1000-8": 20, "echo-1000": 1, "documents-10-rate": 10 };
  assert.deepEqual(Object.keys(cells), Object.keys(members));
  for (const [name, cell] of Object.entries(cells)) {
    assert.equal(cell.rounds.length, 1);
    for (const round of cell.rounds) {
      for (const [server, { operations, deliveries, cpuSeconds }] of Object.entries(round)) {
        assert.ok(operations > 0 && cpuSeconds > 0, `${name}, ${server}`);
        // All that was sent went to all; what was on its way when the time began or ended is not in both counts.
        assert.ok(Math.abs(deliveries / operations - members[name]) <= members[name], `${name}, ${server}`);
      }
    }
  }
  const room = cells["room-1000-8"].servers;
  assert.deepEqual(Object.keys(room), ["cloudsync", "cloudsync-websocket", "beast"]);
  assert.ok(room.beast.ratioToOurs.median > 0);
  assert.equal(room.cloudsync.ratioToOurs, undefined);
  assert.deepEqual(Object.keys(cells["documents-10-rate"].servers), ["cloudsync-sqlite"]);
});

test("a server that there is not is refused by name", async () => {
  const { code, stderr } = await run(["--servers", "nonesuch"]);
  assert.notEqual(code, 0);
  assert.match(stderr, /there is no nonesuch/);
});
