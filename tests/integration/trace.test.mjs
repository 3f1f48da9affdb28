// What two people typed at the same time, replayed by two clients of the SDK through the real server: each edit
// is made on what its author saw then, both submit at once, and the text ends as theirs did.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CloudSyncClient } from "../../clients/typescript/dist/index.js";
import { typeByName } from "../../clients/typescript/dist/ot/types.js";
import { HistoryFile } from "./history_file.mjs";
import { check, exportLog } from "./history.mjs";
import { Server } from "./server.mjs";
import { Lag, readTrace, turnsOf } from "./trace.mjs";

class Author {
  constructor(agent, document, type, turns) {
    Object.assign(this, { agent, document, turns, done: 0, next: 0, lag: new Lag(type) });
    this.arrived = [];
    document.on("change", ({ op, origin }) => {
      if (origin === "remote") this.arrived.push(op);
    });
  }

  /** Whether all that the next turn's author had seen by its end is there. */
  isReady(others) {
    const turn = this.turns[this.next];
    return turn !== undefined && turn.txns.at(-1).seen <= others.done;
  }

  type() {
    const { txns } = this.turns[this.next];
    for (const { op, seen } of txns) this.document.submit(this.lag.edit(op, seen));
  }
}

const isSettled = (authors) =>
  authors.every(({ document }) => document.state === "saved" && document.revision === authors[0].document.revision);

/** Resolves when both have everything, soon after it is so. */
function settled(authors) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("not saved in time")), 60_000);
    const look = () => {
      if (!isSettled(authors)) return void setImmediate(look);
      clearTimeout(timer);
      resolve();
    };
    look();
  });
}

test("two people's concurrent typing ends in their text", async (context) => {
  const type = typeByName("text");
  const { endContent, txns } = readTrace(new URL("data/friendsforever.json.gz", import.meta.url), type);
  const folder = await mkdtemp(join(tmpdir(), "cloudsync-trace-"));
  const paths = ["node", "log", "0", "1"].map((name) => join(folder, `${name}.jsonl`));
  const server = await Server.start({ args: ["--history", paths[0]] });
  const histories = [2, 3].map((i) => new HistoryFile(paths[i]));
  const clients = histories.map(({ listener }) => new CloudSyncClient({ url: server.url, submitIntervalMs: 0, history: listener }));
  context.after(async () => {
    await Promise.all(clients.map((client) => client.close({ discard: true })));
    await server.dispose();
    await rm(folder, { recursive: true, force: true });
  });
  const id = await server.createDocument("text");
  const documents = await Promise.all(clients.map((client) => client.open(id)));
  const authors = documents.map((document, agent) => new Author(agent, document, type, turnsOf(txns, agent)));
  let rounds = 0;
  let concurrent = 0;
  while (authors.some(({ next, turns }) => next < turns.length)) {
    const ready = authors.filter((author) => author.isReady(authors[1 - author.agent]));
    assert.ok(ready.length > 0, "somebody can go on");
    for (const author of ready) author.type();
    await settled(authors);
    for (const author of ready) author.done = author.turns[author.next++].end;
    for (const author of authors) {
      const end = authors[1 - author.agent].done;
      for (const op of author.arrived.splice(0)) author.lag.received(op, end);
    }
    rounds += 1;
    concurrent += ready.length === 2 ? 1 : 0;
  }
  for (const document of documents) assert.equal(document.content, endContent);
  const { content, revision } = await server.document(id);
  assert.equal(content, endContent);
  for (const [i, document] of documents.entries()) histories[i].final(document);
  assert.ok(concurrent > 100, `${concurrent} rounds with both`);
  console.log(`# ${txns.length} transactions in ${revision} operations, ${rounds} rounds, in ${concurrent} of them both at once`);
  await server.stop();
  await exportLog(server.dataDir, paths[1]);
  const { code, stdout } = await check(paths);
  assert.equal(code, 0, stdout);
});
