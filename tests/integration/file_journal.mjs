// A journal of the SDK in a file: each write is one line, appended and synced before it counts.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { MemoryLocks } from "../../clients/typescript/dist/index.js";

export class FileJournalStore {
  /** One program at a time has the file. */
  locks = new MemoryLocks();
  #entries = new Map();
  #file;

  constructor(path) {
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    // What follows the last line end was being written when the program was killed.
    for (const line of lines.slice(0, -1)) this.#apply(JSON.parse(line));
    this.#file = openSync(path, "a");
    if (lines.length > 0 && lines.at(-1) !== "") throw new Error("cut off in the middle: a write is one system call");
  }

  async read(prefix) {
    return [...this.#entries].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
  }

  async write(changes, durability) {
    writeSync(this.#file, `${JSON.stringify(changes)}\n`);
    if (durability === "strict") fsyncSync(this.#file);
    this.#apply(changes);
  }

  close() { closeSync(this.#file); }

  #apply(changes) {
    for (const change of changes) {
      if (change.put !== undefined) this.#entries.set(change.put, change.value);
      else for (const key of this.#entries.keys()) if (key.startsWith(change.drop)) this.#entries.delete(key);
    }
  }
}
