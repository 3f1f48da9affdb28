// Runs a script of calls (tests/conformance/vectors/client) on the SDK's state machine, and says after each
// call what the copy is. The C++ twin is driven the same way by tests/conformance/client_vectors_test.cc.

import type { AnyContent, AnyOp } from "../../src/document/context.js";
import { DocumentState, type LogEntry } from "../../src/document/state.js";
import { baseToText, recordToText, stateFromTexts, type JournalRecord } from "../../src/journal/format.js";
import { codePointCount, type TextOp } from "../../src/ot/text.js";
import type { OtType, TypeName } from "../../src/ot/type.js";
import { typeByName } from "../../src/ot/types.js";

/** An operation of the log as it is sent to clients. */
export type WireEntry = { clientId: string; seq: number; op: unknown };

export type Call =
  /** A join reply with content; whatever was unacknowledged is gone. */
  | { call: "join"; revision: number; hash: string; content: unknown }
  | { call: "edit"; op: unknown }
  /** What is to be sent now, if anything. */
  | { call: "take" }
  /** No answer came, or one that asks for the same again. */
  | { call: "resend" }
  /** An `ops` event, or a reply to fetch-ops. */
  | { call: "ops"; revision: number; hash: string; ops: WireEntry[] }
  | { call: "ack"; seq: number; revision: number }
  | { call: "disconnect" }
  /** A join reply with operations; `revision` is that of the first. */
  | { call: "resume"; revision: number; ops: WireEntry[]; head: number; hash: string }
  /** The program ended, and goes on from its journal, offline. */
  | { call: "reload" };

export type Answer = {
  revision: number;
  hash: string;
  content: unknown;
  saved: boolean;
  lastSeq: number;
  /** Of `take`; null else. */
  submission: { revision: number; seq: number; op: unknown } | null;
  /** What is missing, while connected. */
  gap: { from: number; to: number } | null;
};

/** Of an answer only what is not as in the one before is written down. */
export type Script = { name: string; type: TypeName; self: string; steps: (Call & { answer: Partial<Answer> })[] };

type State = DocumentState<AnyContent, AnyOp>;

export class ClientDriver {
  readonly #type: OtType<AnyContent, AnyOp>;
  readonly #self: string;
  #state: State | null = null;
  #isLive = false;
  /** `take` gave what is in flight. */
  #isSent = false;
  /** The journal, as document_journal.ts writes it. */
  #base = "";
  #records: string[] = [];

  constructor(typeName: TypeName, self: string) {
    this.#type = typeByName(typeName);
    this.#self = self;
  }

  get state(): State {
    if (this.#state === null) throw new Error("There is no copy yet.");
    return this.#state;
  }

  run(call: Call): Answer {
    let submission: Answer["submission"] = null;
    switch (call.call) {
      case "join": this.#join(call.revision, call.hash, call.content); break;
      case "edit": this.#edit(call.op); break;
      case "take": submission = this.#take(); break;
      case "resend": this.#isSent = false; break;
      case "ops": this.#receive(call.revision, call.ops, call.hash); break;
      case "ack": if (this.state.inFlight?.seq === call.seq) this.state.noteHead(call.revision); break;
      case "disconnect": this.#leave(); break;
      case "resume":
        this.#isLive = true;
        this.state.noteHead(call.head);
        this.#receive(call.revision, call.ops, call.revision + call.ops.length - 1 === call.head ? call.hash : "");
        this.#isSent = false;
        break;
      case "reload": this.#reload(); break;
    }
    return this.#answer(submission);
  }

  #answer(submission: Answer["submission"]): Answer {
    const { state } = this;
    return {
      revision: state.revision,
      hash: state.hash ?? "",
      content: plain(this.#type.contentToWire(state.content)),
      saved: !state.hasUnsent,
      lastSeq: state.lastSeq,
      submission,
      gap: this.#isLive ? state.missing : null,
    };
  }

  #join(revision: number, hash: string, content: unknown): void {
    const { lastSeq } = this.#state ?? { lastSeq: 0 };
    this.#state = new DocumentState(this.#type, this.#type.contentFromWire(content), revision, hash);
    this.#state.noteSeq(lastSeq);
    this.#isLive = true;
    this.#isSent = false;
    this.#rebase();
  }

  #edit(wire: unknown): void {
    const op = this.#type.repair(this.state.content, this.#type.opFromWire(wire));
    this.#type.check(this.state.content, op);
    this.state.edit(op);
    this.#record({ kind: "edit", op });
  }

  #take(): Answer["submission"] {
    const { state } = this;
    if (!this.#isLive) return null;
    if (state.inFlight === null) {
      const submission = state.takeSubmission(this.#self, () => state.lastSeq + 1);
      if (submission === null) return null;
      this.#record({ kind: "submitted", submission, rest: state.pending });
      this.#isSent = false;
    }
    if (this.#isSent || state.inFlight === null) return null;
    this.#isSent = true;
    const { revision, seq, op } = state.inFlight;
    return { revision, seq, op: this.wireOf(op) };
  }

  #receive(first: number, ops: readonly WireEntry[], hash: string): void {
    ops.forEach(({ clientId, seq, op }, i) => {
      const isLast = i === ops.length - 1 && hash !== "";
      this.state.enqueue({
        revision: first + i, op: this.#type.opFromWire(op), clientId, userId: "", seq, hash: isLast ? hash : undefined,
      });
    });
    this.state.advance(({ entry }) => this.#record({ kind: "committed", entry: entry as LogEntry<AnyOp> }));
  }

  #leave(): void {
    this.#isLive = false;
    this.state.dropEarly();
  }

  #reload(): void {
    this.#state = stateFromTexts(this.#type, this.#base, this.#records);
    this.#isLive = false;
    this.#isSent = false;
  }

  /** As on the wire; of what a text operation deletes the server keeps the length alone. */
  wireOf(op: AnyOp): unknown {
    if (this.#type.name !== "text") return plain(this.#type.opToWire(op));
    return (op as TextOp).map((c) => (typeof c === "object" && typeof c.d === "string" ? { d: codePointCount(c.d) } : c));
  }

  #record(record: JournalRecord): void {
    this.#records.push(recordToText(this.#type, record));
    if (this.#records.length > 20) this.#rebase();
  }

  #rebase(): void {
    this.#base = baseToText(this.#type, this.state);
    this.#records = [];
  }
}

export function changes(before: Partial<Answer>, after: Answer): Partial<Answer> {
  const isNew = ([name, value]: [string, unknown]): boolean => (
    JSON.stringify(before[name as keyof Answer]) !== JSON.stringify(value)
  );
  return Object.fromEntries(Object.entries(after).filter(isNew));
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
