// The client's half of the OT protocol for one document, as a pure state machine: no clock, no
// network, no events. It knows the last revision of the server, the one operation in flight and the
// composed rest, and it keeps what arrives early until its turn.
//
// Invariant, with `*` as composition:  content = confirmed * inFlight.current * pending

import { composeAll, type OtType } from "../ot/type.js";

/** One operation of the log, as the server committed it. */
export type LogEntry<O> = {
  revision: number;
  op: O;
  clientId: string;
  userId: string;
  seq: number;
  /** The log's chain hash at `revision`; known for the last entry of a frame only. */
  hash: string | undefined;
};

/** What is sent with `submit-op`; a resend is this same value. */
export type Submission<O> = {
  readonly clientId: string;
  readonly seq: number;
  readonly revision: number;
  readonly op: O;
};

/** What one log entry did to the local content. */
export type Step<O> = {
  entry: LogEntry<O>;
  /** True for the operation that was in flight: the content stays as it is. */
  isAck: boolean;
  /** The entry in terms of the local content; the edit to show. */
  localOp: O | null;
};

/** Local text that the server will not take. */
export type Unsent<C, O> = { content: C; op: O };

/** `current` is the submission's operation, transformed over what was committed since. */
export type InFlight<O> = { submission: Submission<O>; current: O };

/** Everything that a copy of the document continues from. */
export type ExportedState<C, O> = {
  /** The server's content at `revision`, without local edits. */
  content: C;
  revision: number;
  hash: string | undefined;
  inFlight: InFlight<O> | null;
  pending: O | null;
  /** The highest sequence number used. */
  lastSeq: number;
};

/** Early entries kept before they are dropped and fetched again. */
export const kEarlyEntriesMax = 10_000;

/** Operations kept while something is unsent; a server refuses who is further behind (limits.rebase-ops). */
const kCommittedSinceMax = 100_000;

export class DocumentState<C, O> {
  readonly #type: OtType<C, O>;
  #content: C;
  /** The server's content, before what was committed since: that is applied when it is asked for. */
  #confirmed: C;
  #committedSince: O[] = [];
  #revision: number;
  #hash: string | undefined;
  #inFlight: InFlight<O> | null = null;
  #pending: O | null = null;
  #lastSeq = 0;
  readonly #early = new Map<number, LogEntry<O>>();
  /** The highest revision that the server is known to have. */
  #head: number;

  constructor(type: OtType<C, O>, content: C, revision: number, hash: string | undefined) {
    this.#type = type;
    this.#content = this.#confirmed = content;
    this.#revision = this.#head = revision;
    this.#hash = hash;
  }

  /** A copy that goes on from what `export` gave. */
  static restore<C, O>(type: OtType<C, O>, exported: ExportedState<C, O>): DocumentState<C, O> {
    const state = new DocumentState(type, exported.content, exported.revision, exported.hash);
    state.#inFlight = exported.inFlight === null ? null : { ...exported.inFlight };
    state.#pending = exported.pending;
    state.#lastSeq = exported.lastSeq;
    for (const op of state.unconfirmed) state.#content = type.apply(state.#content, op);
    return state;
  }

  export(): ExportedState<C, O> {
    return {
      content: this.#takeConfirmed(),
      revision: this.#revision,
      hash: this.#hash,
      inFlight: this.#inFlight === null ? null : { ...this.#inFlight },
      pending: this.#pending,
      lastSeq: this.#lastSeq,
    };
  }

  get content(): C {
    return this.#content;
  }

  get revision(): number {
    return this.#revision;
  }

  /** The chain hash at `revision`, for a resume. */
  get hash(): string | undefined {
    return this.#hash;
  }

  get inFlight(): Submission<O> | null {
    return this.#inFlight?.submission ?? null;
  }

  /** What is to follow the submission in flight. */
  get pending(): O | null {
    return this.#pending;
  }

  /** The highest sequence number that was used in this document. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** `seq` was used, perhaps by an earlier page: it is not used again. */
  noteSeq(seq: number): void {
    this.#lastSeq = Math.max(this.#lastSeq, seq);
  }

  get hasUnsent(): boolean {
    return this.#inFlight !== null || this.#pending !== null;
  }

  /** The own operations that the server has not confirmed, in order and in local terms. */
  get unconfirmed(): O[] {
    return [this.#inFlight?.current, this.#pending].filter((op): op is O => op != null);
  }

  /** Applies a local edit at once. */
  edit(op: O): void {
    this.#content = this.#type.apply(this.#content, op);
    const pending = this.#pending === null ? op : this.#type.compose(this.#pending, op);
    this.#pending = this.#type.isNoop(pending) ? null : pending;
  }

  /** The next submission, or null while one is in flight or nothing is to be sent. */
  takeSubmission(clientId: string, nextSeq: () => number): Submission<O> | null {
    if (this.#inFlight !== null || this.#pending === null) return null;
    const [op, rest] = this.#type.split(this.#pending);
    const submission = { clientId, seq: nextSeq(), revision: this.#revision, op };
    this.submit(submission, rest);
    return submission;
  }

  /** The pending operation becomes `submission`, which is in flight from now on, and `rest`. */
  submit(submission: Submission<O>, rest: O | null): void {
    if (this.#inFlight !== null || this.#pending === null) throw new Error("There is nothing to submit.");
    this.#inFlight = { submission, current: submission.op };
    this.#pending = rest;
    this.noteSeq(submission.seq);
  }

  /**
   * Makes a new submission of what is in flight, under another client id: for a client that lost its
   * identity, once the log up to the head is known not to hold the operation.
   */
  reissue(clientId: string, seq: number): void {
    if (this.#inFlight === null) return;
    const op = this.#inFlight.current;
    this.#inFlight = { submission: { clientId, seq, revision: this.#revision, op }, current: op };
    this.noteSeq(seq);
  }

  noteHead(revision: number): void {
    this.#head = Math.max(this.#head, revision);
  }

  /** Keeps `entry` until its turn; older ones, which are known, are dropped. */
  enqueue(entry: LogEntry<O>): void {
    if (entry.revision <= this.#revision) return;
    this.noteHead(entry.revision);
    // Beyond the bound only the gap is remembered: `missing` then asks for them again.
    if (this.#early.size < kEarlyEntriesMax) this.#early.set(entry.revision, entry);
  }

  /**
   * Takes all entries that are there in order, tells `observe` of each, and returns what they change
   * together, or null. Own operations are transformed over each by itself (docs/ot.md), the content is
   * changed once: a long absence costs its operations, not as many times the document.
   */
  advance(observe: (step: Step<O>) => void): O | null {
    const committed: O[] = [];
    const changes: O[] = [];
    for (let entry = this.#takeNext(); entry !== undefined; entry = this.#takeNext()) {
      const step = this.#stepOf(entry);
      committed.push(entry.op);
      if (step.localOp !== null) changes.push(step.localOp);
      observe(step);
    }
    const change = composeAll(this.#type, changes) ?? null;
    if (change !== null) this.#content = this.#type.apply(this.#content, change);
    if (this.hasUnsent) {
      for (const op of committed) this.#committedSince.push(op);
      if (this.#committedSince.length > kCommittedSinceMax) this.#takeConfirmed();
    } else {
      this.#confirmed = this.#content;
      this.#committedSince = [];
    }
    return change;
  }

  /** The server's content at `revision`. Mostly nobody asks before it is `content` again. */
  #takeConfirmed(): C {
    const op = composeAll(this.#type, this.#committedSince);
    if (op !== undefined) this.#confirmed = this.#type.apply(this.#confirmed, op);
    this.#committedSince = [];
    return this.#confirmed;
  }

  /** The first revisions that are neither applied nor waiting for their turn, up to the next that is. */
  get missing(): { from: number; to: number } | null {
    let from = this.#revision + 1;
    while (this.#early.has(from)) from++;
    if (this.#head < from) return null;
    let to = this.#head;
    for (const revision of this.#early.keys()) if (revision > from) to = Math.min(to, revision - 1);
    return { from, to };
  }

  /** Gives up all local edits: the content becomes the server's. */
  rollBack(): { unsent: Unsent<C, O>; step: O } | null {
    const ops = this.unconfirmed;
    const [first, second] = ops;
    if (first === undefined) return null;
    const unsent = {
      content: this.#content,
      op: second === undefined ? first : this.#type.compose(first, second),
    };
    const confirmed = this.#takeConfirmed();
    const step = this.#type.diff(this.#content, confirmed);
    this.#inFlight = this.#pending = null;
    this.#content = confirmed;
    return { unsent, step };
  }

  /** Starts again from a snapshot; local edits must have been rolled back. Returns the change. */
  restart(content: C, revision: number, hash: string | undefined): O {
    const step = this.#type.diff(this.#content, content);
    this.#content = this.#confirmed = content;
    this.#committedSince = [];
    this.#inFlight = this.#pending = null;
    this.#revision = this.#head = revision;
    this.#hash = hash;
    for (const early of [...this.#early.keys()]) {
      if (early <= revision) this.#early.delete(early);
      else this.noteHead(early);
    }
    return step;
  }

  /** Forgets what came early, as at the end of a connection; it is fetched again. */
  dropEarly(): void {
    this.#early.clear();
    this.#head = this.#revision;
  }

  #isOwn(entry: LogEntry<O>): boolean {
    const sent = this.#inFlight?.submission;
    return sent !== undefined && sent.clientId === entry.clientId && sent.seq === entry.seq;
  }

  #takeNext(): LogEntry<O> | undefined {
    const entry = this.#early.get(this.#revision + 1);
    if (entry === undefined) return undefined;
    this.#early.delete(entry.revision);
    this.#revision = entry.revision;
    this.#hash = entry.hash;
    return entry;
  }

  #stepOf(entry: LogEntry<O>): Step<O> {
    if (!this.#isOwn(entry)) return { entry, isAck: false, localOp: this.#rebase(entry.op) };
    this.#inFlight = null;
    return { entry, isAck: true, localOp: null };
  }

  /** Carries the own operations over `op`, and returns `op` in terms of the local content. */
  #rebase(op: O): O {
    const type = this.#type;
    if (this.#inFlight !== null) {
      const own = this.#inFlight.current;
      this.#inFlight.current = type.transform(own, op, "left");
      op = type.transform(op, own, "right");
    }
    if (this.#pending !== null) {
      const own = this.#pending;
      const transformed = type.transform(own, op, "left");
      op = type.transform(op, own, "right");
      this.#pending = type.isNoop(transformed) ? null : transformed;
    }
    return op;
  }
}
