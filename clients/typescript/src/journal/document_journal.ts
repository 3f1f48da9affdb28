// Writes the journal of one open document: what happens is queued and written in the order in which it
// happened, one transaction at a time, so that what comes during a write goes with the next one. When the
// records outgrow the content they are replaced by a new base.
//
// A store that fails does not stop the person: the document goes on as without a journal, says so
// (`isStored`), and a new base is tried later. Until then the store holds an older moment; that it is older
// is noticed by the page that restores it (session.ts, `#checkOwn`).

import type { AnyContent, AnyOp } from "../document/context.js";
import type { ClientCredentials } from "../identity.js";
import { composeAll, type OtType } from "../ot/type.js";
import type { Scheduler } from "../scheduler.js";
import {
  baseKey, baseToText, dataKey, headKey, headToText, recordKey, recordToText,
  type AnyState, type JournalRecord,
} from "./format.js";
import type { CopyWrite } from "./copies.js";
import type { ClientLocks } from "./locks.js";
import type { Durability, JournalChange, JournalStore } from "./store.js";

/** What there is to write down. */
export type Journaled = {
  type: OtType<AnyContent, AnyOp>;
  title: string;
  state: AnyState;
  /** See JournalHead. */
  mustStartOver: boolean;
};

/** Where the journal of a restored document goes on. */
export type JournalPosition = { key: string; recordCount: number; recordBytes: number };

export type DocumentJournalOptions = {
  store: JournalStore;
  locks: ClientLocks;
  scheduler: Scheduler;
  documentId: string;
  /** Null for a document that is not in the journal yet: `identify` begins it. */
  position: JournalPosition | null;
  credentials: ClientCredentials | null;
};

/** Records are kept up to this many bytes, or those of the base where it has more: writing costs O(1) a byte. */
export const kRecordBytesMax = 64 * 1024;
/** The same for their number, which is what a restore costs. */
export const kRecordsMax = 1_000;
/** A write that takes longer counts as failed: nothing is sent while it is awaited. */
export const kWriteTimeoutMs = 5_000;
const kRetryMs = 5_000;

export class DocumentJournal {
  readonly #options: DocumentJournalOptions;
  #source: (() => Journaled | null) | null = null;
  #onStored: () => void = () => undefined;
  #key: string | null;
  #credentials: ClientCredentials | null;
  /** The key that the next base is written under. */
  #nextKey: string | null;
  #queue: JournalRecord[] = [];
  /** To be written together with the next base. */
  #extra: CopyWrite[] = [];
  #mustRebase: boolean;
  #recordCount: number;
  #recordBytes: number;
  #baseBytes = 0;
  #headIsUnsent: boolean | null = null;
  /** What happened, and how much of it is written: counts of events. */
  #happened = 0;
  #stored = 0;
  #waiting: { until: number; resolve(): void }[] = [];
  #isWriting = false;
  #isBroken = false;
  #isClosed = false;

  constructor(options: DocumentJournalOptions) {
    const { position } = options;
    this.#options = options;
    this.#key = this.#nextKey = position?.key ?? null;
    this.#credentials = options.credentials;
    this.#mustRebase = position === null;
    this.#recordCount = position?.recordCount ?? 0;
    this.#recordBytes = position?.recordBytes ?? 0;
  }

  /** Says what a base is made of and who wants to know when something was written. */
  attach(source: () => Journaled | null, onStored: () => void): void {
    this.#source = source;
    this.#onStored = onStored;
  }

  /** Everything so far survives a crash. */
  get isStored(): boolean {
    return this.#key !== null && !this.#isBroken && !this.#isClosed && this.#stored === this.#happened;
  }

  /** It is kept under the client id from now on. What was under another name moves. */
  identify(credentials: ClientCredentials): void {
    if (credentials.id === this.#nextKey && this.#credentials !== null) return;
    this.#credentials = credentials;
    this.#nextKey = credentials.id;
    // What is under the other name must not stay there: see #leaveOldKey.
    this.#isBroken = false;
    this.rebase();
  }

  /** Begins a journal of a copy that no server has given an id for. */
  beginUnnamed(key: string): void {
    this.#nextKey = key;
    this.rebase();
  }

  record(record: JournalRecord): void {
    if (this.#isClosed) return;
    // A base has it all.
    if (!this.#mustRebase) this.#queue.push(record);
    this.#happen();
  }

  /** What records don't say happened to the copy, and `extra` is written with it, if anything. */
  rebase(...extra: CopyWrite[]): void {
    if (this.#isClosed) return;
    this.#mustRebase = true;
    this.#extra.push(...extra);
    this.#happen();
  }

  /**
   * Null if everything so far is written or cannot be: then there is nothing to wait for. Else resolves as
   * soon as it is so. Never rejects.
   */
  untilStored(): Promise<void> | null {
    if (this.#stored === this.#happened || this.#isBroken || this.#nextKey === null || this.#isClosed) return null;
    return new Promise((resolve) => this.#waiting.push({ until: this.#happened, resolve }));
  }

  /** Writes what is queued, and nothing from then on. The entries stay. */
  async close(): Promise<void> {
    await this.untilStored();
    this.#end();
  }

  /** The document is not to come back from here: the entries go, and `extra` is written with that. */
  async remove(...extra: CopyWrite[]): Promise<void> {
    const copies = [...this.#extra, ...extra];
    const changes = [...copies.map(({ change }) => change), ...this.#dropAll()];
    this.#end();
    try {
      await this.#options.store.write(changes, "strict");
      for (const { onWritten } of copies) onWritten();
    } catch {
      // Both stay as they were: the next page finds the edits.
    }
  }

  #end(): void {
    this.#isClosed = true;
    this.#queue = [];
    this.#settle();
  }

  #happen(): void {
    this.#happened++;
    if (this.#isWriting || this.#isBroken || this.#nextKey === null) return;
    this.#isWriting = true;
    // What happens in the same turn goes with the same write.
    queueMicrotask(() => void this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    while (this.#stored < this.#happened && !this.#isClosed) {
      if (!(await this.#writeOnce())) break;
    }
    this.#isWriting = false;
  }

  /** Returns false if it failed. */
  async #writeOnce(): Promise<boolean> {
    const key = this.#nextKey;
    if (key === null) return false;
    try {
      if (!(await this.#options.locks.hold(key))) throw new Error("Another page holds the client id.");
      if (this.#isClosed) return false;
      // Named otherwise meanwhile.
      if (this.#nextKey !== key) return true;
      const until = this.#happened;
      const write = this.#prepare(key);
      if (write === null) return false;
      await this.#withTimeout(this.#options.store.write(write.changes, write.durability));
      this.#key = key;
      this.#extra = this.#extra.filter(({ change, onWritten }) => {
        if (!write.changes.includes(change)) return true;
        onWritten();
        return false;
      });
      this.#stored = until;
    } catch {
      await this.#leaveOldKey();
      this.#fail();
      return false;
    }
    this.#settle();
    this.#onStored();
    return true;
  }

  /**
   * Edits that are sent under another client id than the journal has them under would be sent once more by a
   * page that restores it, and nothing in the log would tell. If it cannot be moved, it goes. (A full store
   * still deletes.)
   */
  async #leaveOldKey(): Promise<void> {
    if (this.#key === null || this.#key === this.#nextKey || this.#isClosed) return;
    const { store, documentId } = this.#options;
    const changes = [{ drop: headKey(this.#key, documentId) }, { drop: dataKey(this.#key, documentId) }];
    try {
      await this.#withTimeout(store.write(changes, "strict"));
      this.#key = null;
    } catch {
      // Neither works: a crash before the acknowledgement may double what is sent.
    }
  }

  #prepare(key: string): { changes: JournalChange[]; durability: Durability } | null {
    const journaled = this.#source?.() ?? null;
    if (journaled === null) return null;
    // As after a long absence: not worth writing one by one.
    const areMany = this.#recordCount + this.#queue.length > kRecordsMax;
    if (this.#mustRebase || areMany) return this.#prepareBase(key, journaled);
    const records = this.#takeRecords(journaled.type);
    const texts = records.map((record) => recordToText(journaled.type, record));
    const bytes = texts.reduce((sum, text) => sum + text.length, 0);
    const isLong = this.#recordBytes + bytes > Math.max(kRecordBytesMax, this.#baseBytes);
    if (isLong) return this.#prepareBase(key, journaled);
    const { documentId } = this.#options;
    const changes: JournalChange[] = texts.map((value, i) => (
      { put: recordKey(key, documentId, this.#recordCount + i), value }
    ));
    this.#recordCount += texts.length;
    this.#recordBytes += bytes;
    if (journaled.state.hasUnsent !== this.#headIsUnsent) changes.push(this.#head(key, journaled));
    // A sequence number that was sent must never be forgotten: the server would see it used twice.
    const isSubmission = records.some(({ kind }) => kind === "submitted");
    return { changes, durability: isSubmission ? "strict" : "relaxed" };
  }

  #prepareBase(key: string, journaled: Journaled): { changes: JournalChange[]; durability: Durability } {
    const { documentId } = this.#options;
    const value = baseToText(journaled.type, journaled.state);
    const changes = [
      ...this.#dropAll(),
      { put: baseKey(key, documentId), value },
      this.#head(key, journaled),
      ...this.#extra.map(({ change }) => change),
    ];
    this.#baseBytes = value.length;
    this.#queue = [];
    this.#recordCount = this.#recordBytes = 0;
    this.#mustRebase = false;
    return { changes, durability: "strict" };
  }

  /** What is queued; edits that follow each other are one. */
  #takeRecords(type: Journaled["type"]): JournalRecord[] {
    const records: JournalRecord[] = [];
    let edits: AnyOp[] = [];
    const flushEdits = (): void => {
      const op = composeAll(type, edits);
      if (op !== undefined) records.push({ kind: "edit", op });
      edits = [];
    };
    for (const record of this.#queue) {
      if (record.kind === "edit") {
        edits.push(record.op);
        continue;
      }
      flushEdits();
      records.push(record);
    }
    flushEdits();
    this.#queue = [];
    return records;
  }

  #head(key: string, { type, title, state, mustStartOver }: Journaled): JournalChange {
    const { documentId } = this.#options;
    this.#headIsUnsent = state.hasUnsent;
    const value = headToText({
      key, documentId, credentials: this.#credentials, type: type.name, title,
      isUnsent: state.hasUnsent, mustStartOver, updatedAtMs: Date.now(),
    });
    return { put: headKey(key, documentId), value };
  }

  #dropAll(): JournalChange[] {
    const { documentId } = this.#options;
    const keys = new Set([this.#key, this.#nextKey].filter((key) => key !== null));
    return [...keys].flatMap((key) => [{ drop: headKey(key, documentId) }, { drop: dataKey(key, documentId) }]);
  }

  #withTimeout(written: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.scheduler.after(kWriteTimeoutMs, () => reject(new Error("The store does not answer.")));
      written.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  /** Goes on without; a base, which says everything, is tried later. */
  #fail(): void {
    this.#isBroken = true;
    this.#mustRebase = true;
    this.#queue = [];
    this.#settle();
    this.#onStored();
    this.#options.scheduler.after(kRetryMs, () => {
      if (this.#isClosed) return;
      this.#isBroken = false;
      this.#happen();
    });
  }

  #settle(): void {
    const isOver = this.#isBroken || this.#isClosed;
    const done = this.#waiting.filter(({ until }) => isOver || until <= this.#stored);
    this.#waiting = this.#waiting.filter((waiting) => !done.includes(waiting));
    for (const { resolve } of done) resolve();
  }
}
