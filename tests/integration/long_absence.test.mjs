// A client comes back after many operations of others, with edits of its own that were never sent: it
// resynchronises operation by operation, and another document's users notice nothing.
// CS_OPERATIONS sets how many; the figures are printed (bench/README.md has those for 100,000).
import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudSyncClient } from "../../clients/typescript/dist/index.js";
import { Proxy } from "../e2e/proxy.mjs";
import { call, connect, connected } from "./client.mjs";
import { eventually, Server } from "./server.mjs";

const kOperations = Number(process.env.CS_OPERATIONS ?? 3_000);
/** Operations of one connection go one by one; several commit together. */
const kWriters = 50;

/** `count` operations of many writers, each an insert at the start of the text or a deletion there. */
async function write(server, documentId, count) {
  let left = count;
  await Promise.all(Array.from({ length: kWriters }, async () => {
    const socket = connect(server.url, { transports: ["websocket"] });
    await connected(socket);
    let { revision } = await call(socket, "join-document", { documentId });
    for (let seq = 1; left > 0; seq++) {
      left--;
      const reply = await call(socket, "submit-op", { documentId, revision, seq, op: seq % 3 === 0 ? [{ d: 1 }] : ["ab"] });
      assert.ok(reply.ok, JSON.stringify(reply));
      revision = reply.revision;
    }
    socket.close();
  }));
}

/** Until `document` has nothing that the server has not. */
function saved(document) {
  if (document.state === "saved") return Promise.resolve();
  return new Promise((resolve) => {
    const stop = document.on("state", (state) => {
      if (state !== "saved") return;
      stop();
      resolve();
    });
  });
}

/** Between the edits of the bystander, who types quickly. */
const kKeystrokeMs = 20;

/** The longest that an edit of another document waits for its acknowledgement, until `stop` is called. */
function bystander(document) {
  let worstMs = 0;
  let isStopped = false;
  const run = async () => {
    while (!isStopped) {
      const start = performance.now();
      document.submit(["x"]);
      await saved(document);
      worstMs = Math.max(worstMs, performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, kKeystrokeMs));
    }
  };
  const done = run();
  return { stop: async () => { isStopped = true; await done; return worstMs; } };
}

test(`a client is back after ${kOperations} operations of others`, { timeout: 600_000 }, async (context) => {
  const server = await Server.start();
  context.after(() => server.dispose());
  const [documentId, otherId] = [await server.createDocument("text"), await server.createDocument("text")];
  const proxy = await Proxy.to(server.port);
  const away = new CloudSyncClient({ url: proxy.url });
  const other = new CloudSyncClient({ url: server.url });
  context.after(() => Promise.all([away, other].map((client) => client.close({ discard: true }))).then(() => proxy.close()));
  const document = await away.open(documentId);
  document.submit(["start"]);
  await eventually(() => document.state === "saved", "the first edit is saved");
  proxy.cut();
  await eventually(() => document.state === "offline", "offline");
  document.submit([5, " mine"]);
  await write(server, documentId, kOperations);
  const before = server.residentBytes();
  const watch = bystander(await other.open(otherId));
  const back = new Promise((resolve) => away.on("connected", resolve));
  proxy.heal();
  // When that is depends on how long the client was away (clients/typescript/src/transport/backoff.ts).
  await back;
  const start = performance.now();
  const cpu = process.cpuUsage();
  const serverCpuMs = server.cpuMs();
  await saved(document);
  const { user, system } = process.cpuUsage(cpu);
  const tookMs = performance.now() - start;
  const serverTookMs = server.cpuMs() - serverCpuMs;
  const stored = await server.document(documentId);
  assert.equal(document.content, stored.content);
  assert.equal(document.revision, kOperations + 2);
  assert.ok(document.content.includes("start mine"));
  const worstMs = await watch.stop();
  context.diagnostic(`${kOperations} operations: ${Math.round(tookMs)} ms until saved, ${Math.round((user + system) / 1000)} ms CPU of the client, ` +
    `${serverTookMs} ms of the server, both with the bystander's; server +${Math.round((server.residentBytes() - before) / 2 ** 20)} MiB; bystander's slowest edit ${Math.round(worstMs)} ms`);
});
