// A program that edits documents with the SDK at random until it is killed or told to stop, with its journal in
// a file:
//   node sdk_typist.mjs URL NAME JOURNAL HISTORY DOCUMENTS SEED [MOMENT N]
// DOCUMENTS are ids with commas between. It kills itself at its N-th MOMENT: `before` or `after` a write of the
// journal. A line on its input ends the typing and this plan; when all is acknowledged, it says `saved`. Another,
// the revisions that it is to reach as one JSON object, ends it.
import { createInterface } from "node:readline";
import { CloudSyncClient, systemScheduler } from "../../clients/typescript/dist/index.js";
import { FileJournalStore } from "../integration/file_journal.mjs";
import { HistoryFile } from "../integration/history_file.mjs";
import { below, edits } from "../integration/random_edits.mjs";

const [url, name, journalPath, historyPath, documentIds, seed, moment, n] = process.argv.slice(2);
const lines = [];
createInterface({ input: process.stdin }).on("line", (line) => lines.push(line));

class MortalJournalStore extends FileJournalStore {
  #writes = 0;

  async write(changes, durability) {
    const isLast = ++this.#writes === Number(n) && lines.length === 0;
    if (isLast && moment === "before") process.kill(process.pid, "SIGKILL");
    await super.write(changes, durability);
    if (isLast) process.kill(process.pid, "SIGKILL");
  }
}

/** Characters of a text that the server refuses, with its limits.op-bytes of 65536. */
const kTooLong = 70_000;

/** The server is gone most of the time: who waits for long would see little of it. */
const impatient = { ...systemScheduler, random: () => Math.random() / 50 };

const history = new HistoryFile(historyPath);
const client = new CloudSyncClient({
  url, name, scheduler: impatient, journal: new MortalJournalStore(journalPath), history: history.listener,
});
client.copies.on("added", ({ id, reason }) => {
  console.log(`copy ${reason.code}`);
  client.copies.dismiss(id);
});
const documents = await Promise.all(documentIds.split(",").map((id) => client.open(id)));
const turn = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const pick = below(Number(seed));

while (lines.length === 0) {
  const document = documents[pick(documents.length)];
  // One in so many is beyond the basic plane; the offsets of JSON are those of UTF-16, which others may not split.
  const mark = pick(5) === 0 && document.type !== "json" ? "\u{1F642}" : name;
  const kind = pick(60);
  if (kind === 0) edits[document.type](document, pick, name.repeat(kTooLong));
  else if (kind < 5) document.undo();
  else if (kind < 10) document.redo();
  else edits[document.type](document, pick, mark);
  await turn(pick(80));
}
while (documents.some(({ state }) => state !== "saved")) await turn(5);
console.log("saved");
while (!lines.at(-1).startsWith("{")) await turn(5);
const revisions = JSON.parse(lines.at(-1));
while (documents.some(({ id, revision }) => revision < revisions[id])) await turn(5);
for (const document of documents) history.final(document);
await client.close();
process.exit(0);
