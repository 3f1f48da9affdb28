// The disk fills up while somebody types: the page does not say "saved", the server refuses and says that
// it is not ready, nothing acknowledged is lost, and all goes on by itself once there is space. The disk is
// a small tmpfs, which only root may mount: without that the test is skipped, and says so.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { call, connect, connected } from "../integration/client.mjs";
import { check, exportLog } from "../integration/history.mjs";
import { eventually, Server } from "../integration/server.mjs";
import { Editor, launch, plainTextOf } from "./editor.mjs";

const kDiskMiB = 4;

/** A file system of its own, or why there is none. */
function mountSmallDisk() {
  const directory = mkdtempSync(join(tmpdir(), "cloudsync-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kDiskMiB}m`, "tmpfs", directory], { stdio: "pipe" });
    return { directory };
  } catch (error) {
    rmdirSync(directory);
    return { reason: `a small disk can't be mounted: ${String(error.stderr ?? error).trim()}` };
  }
}

/** Takes every byte that is left; returns the file. */
function fill(directory) {
  const path = join(directory, "ballast");
  const file = openSync(path, "w");
  for (let size = 64 * 1024; size > 0; size = Math.floor(size / 2)) {
    try {
      for (;;) if (writeSync(file, Buffer.alloc(size, 1)) < size) break;
    } catch (error) {
      if (error.code !== "ENOSPC") throw error;
    }
  }
  closeSync(file);
  return path;
}

const readiness = async (server) => (await fetch(`${server.url}/readyz`)).status;

/** What a client gets that submits an operation of a document. */
async function submit(server, documentId) {
  const socket = connect(server.url, { transports: ["websocket"] });
  await connected(socket);
  const { revision } = await call(socket, "join-document", { documentId });
  const answer = await call(socket, "submit-op", { documentId, revision, seq: 1, op: [{ insert: "!" }] });
  socket.disconnect();
  return answer;
}

test("the disk is full while somebody types, then has space again", async (context) => {
  const disk = mountSmallDisk();
  if (disk.directory === undefined) return context.skip(disk.reason);
  const histories = mkdtempSync(join(tmpdir(), "cloudsync-history-"));
  const node = join(histories, "node.jsonl");
  let server;
  let browser;
  context.after(async () => {
    await browser?.close();
    await server?.stop();
    execFileSync("umount", ["--lazy", disk.directory]);
    rmSync(disk.directory, { recursive: true, force: true });
    rmSync(histories, { recursive: true, force: true });
  });
  server = await Server.start({ dataDir: join(disk.directory, "data"), args: ["--history", node] });
  browser = await launch();
  const editor = await Editor.create(browser, server.url);
  await editor.type("before ");
  await editor.saved();
  assert.equal(await readiness(server), 200);
  const { pid } = server.process;

  const ballast = fill(disk.directory);
  // The log of the database has some room in what it already takes.
  let typed = "";
  await eventually(async () => {
    await editor.type("x");
    typed += "x";
    return (await readiness(server)) === 503;
  }, "the server says that it is not ready", 60_000);
  await editor.type("during ");
  await editor.page.waitForTimeout(2_000);
  assert.notEqual(await editor.saveState(), "saved", "the page does not claim what is not");
  assert.equal(await readiness(server), 503);
  const refused = await submit(server, editor.documentId);
  assert.equal(refused.ok, false);
  assert.equal(refused.error.code, "unavailable");
  const meanwhile = await server.document(editor.documentId);
  assert.ok(plainTextOf(meanwhile.content).startsWith("before "), "what was acknowledged can be read");
  assert.ok(!plainTextOf(meanwhile.content).includes("during"));

  rmSync(ballast);
  await eventually(async () => (await readiness(server)) === 200, "the server is ready again");
  await editor.type("after");
  await editor.saved();
  assert.equal(server.process.pid, pid);
  assert.equal(server.process.exitCode, null, "without a restart");
  await server.kill();
  await server.launch();
  const { content } = await server.document(editor.documentId);
  assert.equal(plainTextOf(content), `before ${typed}during after`, "nothing is lost, nothing is there twice");
  assert.deepEqual(editor.problems, []);

  assert.equal((await server.stop()).code, 0);
  const log = join(histories, "log.jsonl");
  await exportLog(server.dataDir, log);
  const { code, stdout } = await check([node, log]);
  assert.equal(code, 0, stdout);
});
