// A program that types into a document until it is killed or told to finish, with its journal in a file:
//   node journal_client.mjs URL DOCUMENT NAME JOURNAL HISTORY
// Words are NAME, their number and ";". It says `typed N` for each once the journal has it. A line on its input
// ends the typing: then it says `saved`. The next line is the revision that it is to reach; then it ends.
import { createInterface } from "node:readline";
import { CloudSyncClient } from "../../clients/typescript/dist/index.js";
import { FileJournalStore } from "./file_journal.mjs";
import { HistoryFile } from "./history_file.mjs";

const [url, documentId, name, journalPath, historyPath] = process.argv.slice(2);
const history = new HistoryFile(historyPath);
const client = new CloudSyncClient({ url, name, journal: new FileJournalStore(journalPath), history: history.listener });
client.copies.on("added", ({ reason }) => console.log(`copy ${reason.code}`));
const document = await client.open(documentId);
const turn = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const lines = [];
createInterface({ input: process.stdin }).on("line", (line) => lines.push(line));

const own = [...document.content.matchAll(new RegExp(`${name}(\\d+);`, "g"))].map(([, number]) => Number(number));
for (let number = Math.max(0, ...own) + 1; lines.length === 0; ++number) {
  document.submit([[...document.content].length, `${name}${number};`].filter((part) => part !== 0));
  while (!document.isStored) await turn(0);
  console.log(`typed ${number}`);
  await turn(Math.random() * 8);
}
while (document.state !== "saved") await turn(5);
console.log("saved");
while (document.revision < Number(lines[1] ?? Infinity)) await turn(5);
history.final(document);
await client.close();
process.exit(0);
