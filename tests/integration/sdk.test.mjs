// The SDK, as built for npm, against the real server: three clients edit one document of each type while
// the server is killed and started again. In the end all hold what the server holds, and cloudsync-check finds
// nothing in what they, the server and its log say.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CloudSyncClient } from "../../clients/typescript/dist/index.js";
import { check, exportLog } from "./history.mjs";
import { HistoryFile } from "./history_file.mjs";
import { below, edits, kEmptyJson } from "./random_edits.mjs";
import { eventually, freePort, Server } from "./server.mjs";

const kRounds = 150;
const kKillAt = [50, 100];
/** One turn of the network, so that edits of several clients meet. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 2));

/** On the wire rich text is the list of its components. */
const wire = (content) => content.ops ?? content;

async function open(server, documentId, histories) {
  const clients = histories.map(({ listener }, i) => new CloudSyncClient({ url: server.url, name: `client ${i}`, history: listener }));
  return { clients, documents: await Promise.all(clients.map((client) => client.open(documentId))) };
}

for (const type of Object.keys(edits)) {
  test(`three clients converge on one ${type} document over two kills of the server`, async (context) => {
    const folder = await mkdtemp(join(tmpdir(), "cloudsync-history-"));
    const server = await Server.start({ port: await freePort(), args: ["--history", join(folder, "node.history")] });
    context.after(() => Promise.all([server.dispose(), rm(folder, { recursive: true, force: true })]));
    const id = await server.createDocument(type);
    const histories = [0, 1, 2].map((i) => new HistoryFile(join(folder, `${i}.history`)));
    const { clients, documents } = await open(server, id, histories);
    context.after(() => Promise.all(clients.map((client) => client.close({ discard: true }))));
    const copies = [];
    for (const document of documents) document.on("unsent-copy", ({ reason }) => copies.push(reason));
    if (type === "json") {
      documents[0].submit(Object.entries(kEmptyJson).map(([key, oi]) => ({ p: [key], oi })));
    }
    const pick = below(20_261);
    for (let round = 0; round < kRounds; round++) {
      for (const [i, document] of documents.entries()) edits[type](document, pick, "abc"[i]);
      if (pick(10) === 0) documents[pick(3)].undo();
      if (pick(20) === 0) documents[pick(3)].redo();
      await turn();
      if (kKillAt.includes(round)) {
        await server.kill();
        await server.launch();
      }
    }
    const areSaved = () => documents.every(({ state, revision }) => state === "saved" && revision === documents[0].revision);
    await eventually(areSaved, "all is saved", 30_000);
    const stored = await server.document(id);
    assert.deepEqual(copies, []);
    assert.equal(stored.revision, documents[0].revision);
    for (const { content } of documents) assert.deepEqual(JSON.parse(JSON.stringify(wire(content))), stored.content);
    for (const [i, document] of documents.entries()) histories[i].final(document);
    await server.stop();
    const paths = ["node", "log", 0, 1, 2].map((name) => join(folder, `${name}.history`));
    await exportLog(server.dataDir, paths[1]);
    const { code, stdout } = await check(paths);
    assert.equal(code, 0, stdout);
    console.log(stdout.trim());
  });
}
