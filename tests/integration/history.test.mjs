// The histories that the server and the load generator write of a run hold what the checker needs, and it
// sees when something is wrong with them.
import assert from "node:assert/strict";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { check, exportLog, generator, run } from "./history.mjs";
import { Server } from "./server.mjs";

/** A run of the load generator; resolves with the paths of its histories. */
async function record(server, type) {
  const clients = join(server.dataDir, "clients.jsonl");
  const { code, stdout, stderr } = await run(generator, ["--target", server.url, "--connections", "8", "--documents", "2",
    "--ops-per-second", "400", "--duration", "3", "--type", type, "--history", clients]);
  assert.equal(code, 0, stdout + stderr);
  for (const document of new Set((await readFile(clients, "utf8")).match(/(?<="doc":")[^"]+/g))) {
    assert.ok((await server.document(document)).revision > 0);
  }
  assert.equal((await server.stop()).code, 0);
  const log = join(server.dataDir, "log.jsonl");
  await exportLog(server.dataDir, log);
  return { clients, log };
}

const lines = async (path) => (await readFile(path, "utf8")).trimEnd().split("\n");

for (const type of ["text", "rich-text", "json"]) {
  test(`a run on ${type} leaves a history in which all invariants hold`, async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "cloudsync-history-"));
    const node = join(dataDir, "node.jsonl");
    const server = await Server.start({ dataDir, args: ["--history", node, "--limits.snapshot-ops", "50"] });
    const { clients, log } = await record(server, type);
    const { code, stdout, checked } = await check([node, clients, log]);
    assert.equal(code, 0, stdout);
    // I13 and I15 take what the load generator does not do.
    for (const invariant of ["I1", "I2", "I3", "I4", "I5", "I6", "I8", "I9", "I11", "I19"]) {
      assert.ok(checked[invariant] > 0, `${invariant} was checked: ${stdout}`);
    }

    // What can go wrong in the log is seen.
    const rows = await lines(log);
    const broken = join(server.dataDir, "broken.jsonl");
    const last = JSON.parse(rows.at(-1));
    const without = async (change) => {
      const changed = rows.flatMap((row) => {
        const event = JSON.parse(row);
        if (event.kind !== "log" || event.doc !== last.doc || event.rev !== last.rev) return [row];
        const result = change(event);
        return result === undefined ? [] : [JSON.stringify(result)];
      });
      await writeFile(broken, changed.join("\n") + "\n");
      return check([node, clients, broken]);
    };
    const lost = await without(() => undefined);
    assert.equal(lost.code, 1);
    assert.match(lost.stdout, new RegExp(`^I2 document ${last.doc} revision ${last.rev} at .*: acknowledged, but not in the log$`, "m"));
    const forged = await without((event) => ({ ...event, userId: "somebody-else" }));
    assert.equal(forged.code, 1);
    assert.match(forged.stdout, /^I4 .*the chain of hashes breaks$/m);
    await server.dispose();
  });
}

test("a history without a log is no evidence, a malformed one is named", async () => {
  const server = await Server.start();
  const path = join(server.dataDir, "some.jsonl");
  await writeFile(path, '{"t":1,"node":"n","kind":"start"}\n');
  const empty = await check([path]);
  assert.equal(empty.code, 1);
  assert.match(empty.stdout, /nothing to trust/);
  await writeFile(path, '{"t":1,"node":"n","kind":"start"}\nnonsense\n');
  const malformed = await check([path]);
  assert.equal(malformed.code, 2);
  assert.ok(malformed.stdout.includes(`${path}:2: `), malformed.stdout);
  await server.dispose();
});
