// Programs with the SDK (sdk_typist.mjs) that edit the documents of a run and are killed, by themselves at a write
// of their journal or from outside, and come back with it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Typist } from "../integration/typist.mjs";
import { eventually } from "../integration/server.mjs";

const kProgram = fileURLToPath(new URL("sdk_typist.mjs", import.meta.url));
const kNames = ["a", "b"];
/** The writes of a journal after which one dies, at most. */
const kWritesMax = 150;

export class SdkTypists {
  /** `pick` gives numbers below a limit. */
  constructor(url, documentIds, folder, pick) {
    Object.assign(this, { pick, deaths: 0, copies: [], isEnding: false });
    this.historyPaths = kNames.map((name) => join(folder, `${name}.jsonl`));
    this.typists = kNames.map((name, i) => new Typist(
      kProgram, [url, name, join(folder, `${name}.journal`), this.historyPaths[i], documentIds.join(",")],
      (kind, code) => { if (kind === "copy") this.copies.push(code); },
    ));
    for (const typist of this.typists) this.#launch(typist);
  }

  #launch(typist) {
    const moment = ["before", "after"][this.pick(2)];
    typist.launch(String(this.pick(1e6)), moment, String(1 + this.pick(kWritesMax)));
    void typist.exited.then(() => this.#onExit(typist));
  }

  #onExit(typist) {
    if (this.isEnding) return;
    if (typist.process.signalCode !== "SIGKILL") {
      this.failure = new Error("a typist ended by itself");
      return;
    }
    ++this.deaths;
    this.#launch(typist);
  }

  /** Now and then: one may be killed; it comes back as those do who die by themselves. */
  trouble() {
    if (this.failure !== undefined) throw this.failure;
    if (this.pick(8) === 0) this.typists[this.pick(kNames.length)].process.kill("SIGKILL");
  }

  /** Ends the typing; all is acknowledged then. */
  async settle() {
    const isSettled = () => {
      // Again and again: one may have died before it heard.
      for (const typist of this.typists) if (!typist.isSaved) typist.stopTyping();
      return this.failure !== undefined || this.typists.every(({ isSaved }) => isSaved);
    };
    await eventually(isSettled, "all typists are saved", 300_000);
    this.isEnding = true;
    if (this.failure !== undefined) throw this.failure;
  }

  /** They end when they have these revisions. */
  finish(revisions) {
    return Promise.all(this.typists.map((typist) => typist.finish(JSON.stringify(revisions))));
  }

  /** How many lines of each kind their histories have: that they took part. */
  async lines() {
    const counts = {};
    for (const path of this.historyPaths) {
      for (const [, kind] of (await readFile(path, "utf8")).matchAll(/"kind":"(\w+)"/g)) counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return counts;
  }

  kill() {
    this.isEnding = true;
    return Promise.all(this.typists.map((typist) => typist.kill()));
  }
}
