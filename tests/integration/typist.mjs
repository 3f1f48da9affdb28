// A program that types with the SDK, with its journal in a file, and that may be killed at any time and
// launched again: it goes on from its journal. What it says, line by line, goes to `onLine`; it says `saved` when
// it was told to end its typing and all is acknowledged.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export class Typist {
  /** `program` and its arguments are Node's. */
  constructor(program, args, onLine = () => undefined) {
    Object.assign(this, { program, args, onLine, exited: Promise.resolve(0) });
  }

  launch(...moreArgs) {
    this.process = spawn(process.execPath, [this.program, ...this.args, ...moreArgs], { stdio: ["pipe", "pipe", "inherit"] });
    this.process.stdin.on("error", () => undefined);
    this.isSaved = false;
    this.exited = new Promise((resolve) => this.process.once("exit", resolve));
    createInterface({ input: this.process.stdout }).on("line", (line) => {
      if (line === "saved") this.isSaved = true;
      this.onLine(...line.split(" "));
    });
  }

  async kill() {
    this.process?.kill("SIGKILL");
    await this.exited;
  }

  /** It is to end its typing; wait for isSaved. */
  stopTyping() { this.process.stdin.write("stop\n"); }

  /** It ends once it has what `line` says. */
  async finish(line) {
    this.process.stdin.write(`${line}\n`);
    assert.equal(await this.exited, 0);
  }
}
