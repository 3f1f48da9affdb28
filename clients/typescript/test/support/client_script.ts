// Makes the scripts of tests/conformance/vectors/client: a client, and others, edit at random against the model
// of the server; frames are delayed, doubled, lost and reordered, connections and the program end.

import { Delta } from "../../src/index.js";
import type { TypeName } from "../../src/index.js";
import { typeByName } from "../../src/ot/types.js";
import { changes, ClientDriver, type Answer, type Call, type Script, type WireEntry } from "./client_driver.js";
import { FakeAuthority } from "./fake_authority.js";
import { seededRandom } from "./fake_scheduler.js";

const kSelf = "self";
const kSteps = 40;
const kStart: Record<TypeName, unknown> = {
  text: "start", "rich-text": [{ insert: "start\n" }], json: { list: ["a"], text: "b", n: 0 },
};

class Writer {
  readonly #random: () => number;
  readonly #type: TypeName;
  readonly #authority: FakeAuthority;
  readonly #driver: ClientDriver;
  readonly #steps: Script["steps"] = [];
  #answer: Partial<Answer> = {};
  /** Revisions whose frames are on their way. */
  #frames: number[] = [];
  #acks: { seq: number; revision: number }[] = [];
  #sent: { revision: number; seq: number; op: unknown } | null = null;
  #isLive = true;
  #otherSeq = 0;
  #text = 0;

  constructor(type: TypeName, seed: number) {
    this.#random = seededRandom(seed);
    this.#type = type;
    this.#authority = new FakeAuthority(type, kStart[type]);
    this.#driver = new ClientDriver(type, kSelf);
    this.#call({ call: "join", revision: 0, hash: this.#hash(0), content: this.#authority.snapshot() });
  }

  write(): Script["steps"] {
    for (let i = 0; i < kSteps; i++) this.#step();
    this.#settle();
    return this.#steps;
  }

  #step(): void {
    const kind = this.#random();
    if (kind < 0.3) this.#edit();
    else if (kind < 0.45) this.#other();
    else if (kind < 0.6) this.#take();
    else if (kind < 0.7) this.#commit();
    else if (kind < 0.88) this.#deliver();
    else if (kind < 0.9) this.#call({ call: "resend" });
    else if (kind < 0.93) this.#fetch();
    else if (kind < 0.97) this.#end(this.#random() < 0.5 ? "disconnect" : "reload");
    else if (!this.#isLive) this.#resume();
  }

  /** Everything arrives. */
  #settle(): void {
    if (!this.#isLive) this.#resume();
    for (let i = 0; i < 6; i++) {
      this.#take();
      if (this.#sent === null) this.#call({ call: "resend" });
      this.#take();
      this.#commit();
      const { revision } = this.#driver.state;
      if (revision < this.#authority.revision) this.#ops(revision + 1, this.#authority.revision);
    }
  }

  #call(call: Call): void {
    const answer = this.#driver.run(call);
    this.#steps.push({ ...call, answer: changes(this.#answer, answer) });
    this.#answer = answer;
  }

  #edit(): void {
    const op = this.#operation(this.#driver.state.content);
    if (op !== null) this.#call({ call: "edit", op });
  }

  #other(): void {
    const op = this.#operation(this.#authority.content);
    if (op === null) return;
    const reply = this.#authority.submit("other", this.#authority.revision, ++this.#otherSeq, op);
    if (reply.ok) this.#frames.push(this.#authority.revision);
  }

  #take(): void {
    this.#call({ call: "take" });
    const submission = this.#answer.submission ?? null;
    if (submission !== null) this.#sent = submission;
  }

  /** The server takes what was sent. */
  #commit(): void {
    if (this.#sent === null) return;
    const { revision, seq, op } = this.#sent;
    const before = this.#authority.revision;
    const reply = this.#authority.submit(kSelf, revision, seq, op);
    if (!reply.ok) throw new Error(`the model refused ${JSON.stringify(this.#sent)}: ${reply.error.code}`);
    if (this.#authority.revision > before) this.#frames.push(this.#authority.revision);
    this.#acks.push({ seq, revision: Number(reply.revision) });
    this.#sent = null;
  }

  #deliver(): void {
    if (!this.#isLive) return;
    const at = this.#random() < 0.8 ? 0 : this.#pick(this.#frames.length);
    const revision = this.#frames[at];
    if (revision === undefined) return this.#ack();
    const fate = this.#random();
    if (fate > 0.1) this.#frames.splice(at, 1);
    // Lost: `gap` tells.
    if (fate > 0.97) return;
    this.#ops(revision, revision);
    this.#ack();
  }

  #ack(): void {
    const ack = this.#acks.shift();
    if (ack !== undefined && this.#isLive) this.#call({ call: "ack", ...ack });
  }

  #fetch(): void {
    if (!this.#isLive) return;
    const { gap } = this.#answer;
    if (gap != null) this.#ops(gap.from, Math.min(gap.to, gap.from + this.#pick(3)));
  }

  #end(call: "disconnect" | "reload"): void {
    this.#call({ call });
    this.#isLive = false;
    this.#frames = [];
    this.#acks = [];
    // On its way it may still arrive.
    if (this.#random() < 0.5) this.#commit();
    this.#frames = [];
    this.#acks = [];
    this.#sent = null;
  }

  #resume(): void {
    const { revision } = this.#driver.state;
    const head = this.#authority.revision;
    const to = Math.min(head, revision + 5);
    this.#isLive = true;
    this.#call({ call: "resume", revision: revision + 1, ops: this.#entries(revision + 1, to), head, hash: this.#hash(head) });
    this.#frames = [];
  }

  #ops(from: number, to: number): void {
    this.#call({ call: "ops", revision: from, hash: this.#hash(to), ops: this.#entries(from, to) });
  }

  #entries(from: number, to: number): WireEntry[] {
    return this.#authority.log.slice(from - 1, to).map(({ clientId, seq, op }) => ({ clientId, seq, op }));
  }

  #hash(revision: number): string {
    return this.#authority.hashes[revision] ?? "";
  }

  #pick(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  /** A random operation on the content, as on the wire; null if the content is too small for the one drawn. */
  #operation(content: unknown): unknown {
    const text = `${["", "é", "😀"][this.#pick(3)] ?? ""}${String(this.#text++)}`;
    const kind = this.#random();
    if (this.#type === "text") {
      const length = [...(content as string)].length;
      const at = this.#pick(length + 1);
      const deleted = Math.min(1 + this.#pick(3), length - at);
      const skip = at === 0 ? [] : [at];
      return kind < 0.7 || deleted <= 0 ? [...skip, text] : [...skip, { d: deleted }];
    }
    if (this.#type === "rich-text") {
      const delta = content as Delta;
      const length = delta.length() - 1;
      const at = this.#pick(length + 1);
      const rest = Math.min(1 + this.#pick(3), length - at);
      const op = new Delta().retain(at);
      if (kind < 0.5) op.insert(text, this.#random() < 0.5 ? { bold: true } : {});
      else if (rest <= 0) return null;
      else if (kind < 0.8) op.retain(rest, { italic: this.#random() < 0.5 ? true : null });
      else op.delete(rest);
      const type = typeByName("rich-text");
      return type.opToWire(type.repair(delta, op));
    }
    const { list, text: string } = content as { list: readonly string[]; text: string };
    const at = this.#pick(list.length + 1);
    if (kind < 0.35) return [{ p: ["list", at], li: text }];
    if (kind < 0.6) return [{ p: ["text", this.#pick(string.length + 1)], si: String(this.#text) }];
    if (kind < 0.7) return [{ p: ["n"], na: 1 + this.#pick(5) }];
    const element = list[at];
    if (element === undefined) return null;
    return kind < 0.85 ? [{ p: ["list", at], ld: element }] : [{ p: ["list", at], lm: this.#pick(list.length) }];
  }
}

export function writeScripts(type: TypeName, count: number): Script[] {
  return Array.from({ length: count }, (_, seed) => (
    { name: `${type} ${seed}`, type, self: kSelf, steps: new Writer(type, seed + 1).write() }
  ));
}
