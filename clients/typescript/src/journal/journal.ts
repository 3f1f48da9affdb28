// The journals of this device: which there are, and how a document goes on from one.

import { CloudSyncError } from "../errors.js";
import type { ClientCredentials } from "../identity.js";
import type { AnyContent, AnyOp } from "../document/context.js";
import type { OtType } from "../ot/type.js";
import { DocumentState } from "../document/state.js";
import { typeByName } from "../ot/types.js";
import type { Scheduler } from "../scheduler.js";
import type { UnsentCopies } from "./copies.js";
import { DocumentJournal, type JournalPosition } from "./document_journal.js";
import {
  baseKey, dataKey, headFromText, headKey, kHeads, recordKey, stateFromTexts,
  type AnyState, type JournalHead,
} from "./format.js";
import type { ClientLocks } from "./locks.js";
import { randomId } from "./random_id.js";
import { salvage } from "./salvage.js";
import type { JournalStore } from "./store.js";

type Entry = [key: string, value: string];

/** A copy of a document to go on from. */
export type Restored = {
  type: OtType<AnyContent, AnyOp>;
  title: string;
  state: AnyState;
  /** See JournalHead. */
  mustStartOver: boolean;
  /** Who made it; null for one that no server knows. */
  credentials: ClientCredentials | null;
  journal: DocumentJournal;
};

/** Saved documents that are kept for reading and editing offline; what is unsent is always kept. */
export const kOfflineDocumentsMax = 50;
/** A store that does not answer must not keep a document from being opened. */
export const kReadTimeoutMs = 3_000;

export class Journal {
  readonly #store: JournalStore;
  readonly #locks: ClientLocks;
  readonly #scheduler: Scheduler;
  readonly #copies: UnsentCopies;

  constructor(store: JournalStore, locks: ClientLocks, scheduler: Scheduler, copies: UnsentCopies) {
    this.#store = store;
    this.#locks = locks;
    this.#scheduler = scheduler;
    this.#copies = copies;
  }

  get locks(): ClientLocks {
    return this.#locks;
  }

  /** Resolves once the unsent copies of earlier pages are known. Rejects if the store does not answer. */
  copiesLoaded(): Promise<void> {
    return this.#inTime(this.#copies.load());
  }

  /** All of this device, those with unsent edits first, then the newest. Rejects if the store cannot be read. */
  async heads(): Promise<JournalHead[]> {
    const entries = await this.#read(kHeads);
    const heads: JournalHead[] = [];
    for (const [key, text] of entries) {
      try {
        heads.push(headFromText(text));
      } catch (error) {
        await this.#giveUp(key, text, error);
      }
    }
    return heads.sort((a, b) => Number(b.isUnsent) - Number(a.isUnsent) || b.updatedAtMs - a.updatedAtMs);
  }

  /**
   * The copy of a journal of which the client id must be held. Null if there is none any more, or if it
   * makes no sense: then what it held has become an unsent copy, and the journal is gone. Rejects if the
   * store cannot be read.
   */
  async restore({ key, documentId }: JournalHead): Promise<Restored | null> {
    // Another page may have emptied it before we held it.
    const [entry] = await this.#read(headKey(key, documentId));
    if (entry === undefined) return null;
    const head = headFromText(entry[1]);
    const entries = await this.#read(dataKey(key, documentId));
    try {
      const { type, state, records } = replay(head, entries);
      const recordBytes = records.reduce((sum, text) => sum + text.length, 0);
      const journal = this.begin(documentId, { key, recordCount: records.length, recordBytes }, head.credentials);
      const { title, mustStartOver, credentials } = head;
      return { type, title, state, mustStartOver, credentials, journal };
    } catch (error) {
      await this.#toCopy(head, entries, error);
      return null;
    }
  }

  /**
   * What the server had according to a journal that another page holds: enough to go on from as another
   * client. Null if it cannot be read.
   */
  async fork(head: JournalHead): Promise<Restored | null> {
    try {
      const replayed = replay(head, await this.#read(dataKey(head.key, head.documentId)));
      const { type } = replayed;
      const { content, revision, hash } = replayed.state.export();
      const state = new DocumentState(type, content, revision, hash);
      const journal = this.begin(head.documentId, null, null);
      return { type, title: head.title, state, mustStartOver: head.mustStartOver, credentials: null, journal };
    } catch {
      return null;
    }
  }

  /** The journal of a document that is opened; without a position it is empty. */
  begin(documentId: string, position: JournalPosition | null, credentials: ClientCredentials | null): DocumentJournal {
    const [store, locks, scheduler] = [this.#store, this.#locks, this.#scheduler];
    return new DocumentJournal({ store, locks, scheduler, documentId, position, credentials });
  }

  /** A name for a journal that is begun before the server gave a client id. */
  newKey(): string {
    return `unnamed-${randomId()}`;
  }

  /** Forgets the oldest saved documents beyond the bound, of clients that nobody is. */
  async evict(): Promise<void> {
    const heads = await this.heads();
    const saved = heads.filter(({ isUnsent }) => !isUnsent).slice(kOfflineDocumentsMax);
    for (const head of saved) {
      const held = await this.#locks.held();
      if (held.has(head.key) || !(await this.#locks.hold(head.key))) continue;
      const { key, documentId } = head;
      const [entry] = await this.#read(headKey(key, documentId)).catch(() => []);
      const isStillSaved = entry !== undefined && !headFromText(entry[1]).isUnsent;
      if (isStillSaved) await this.begin(documentId, positionOf(key), null).remove();
      this.#locks.release(key);
    }
  }

  /** A head that cannot be read has nothing that could be replayed: all that is there becomes the copy. */
  async #giveUp(headEntry: string, head: string, error: unknown): Promise<void> {
    const path = headEntry.slice(kHeads.length);
    const key = decodeURIComponent(path.split("/")[0] ?? "");
    if (!(await this.#locks.hold(key))) return;
    const entries = await this.#read(`data/${path}`);
    const documentId = decodeURIComponent(path.split("/")[1] ?? "");
    const unread = { key, documentId, credentials: null, title: "", isUnsent: true, mustStartOver: false, updatedAtMs: 0 };
    await this.#toCopy({ ...unread, type: typeNameIn(head) }, entries, error);
    this.#locks.release(key);
  }

  async #toCopy(head: JournalHead, entries: readonly Entry[], error: unknown): Promise<void> {
    const { documentId, title, type, key } = head;
    const [base = "", ...records] = entries.map(([, text]) => text);
    const reason = new CloudSyncError("journal_unreadable", `The journal of this device cannot be read: ${String(error)}`);
    const copy = this.#copies.add({ documentId, title, type, reason, content: undefined, ...salvage(type, base, records) });
    await this.begin(documentId, positionOf(key), null).remove(copy);
  }

  #read(prefix: string): Promise<Entry[]> {
    return this.#inTime(this.#store.read(prefix));
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#scheduler.after(kReadTimeoutMs, () => reject(new Error("The store does not answer.")));
      answer.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

function replay(head: JournalHead, entries: readonly Entry[]): { type: Restored["type"]; state: AnyState; records: string[] } {
  const { key, documentId } = head;
  entries.forEach(([at], i) => {
    const expected = i === 0 ? baseKey(key, documentId) : recordKey(key, documentId, i - 1);
    if (at !== expected) throw new Error("A part is missing.");
  });
  const [base, ...records] = entries.map(([, text]) => text);
  if (base === undefined) throw new Error("It is empty.");
  const type = typeByName(head.type);
  return { type, state: stateFromTexts(type, base, records), records };
}

function positionOf(key: string): JournalPosition {
  return { key, recordCount: 0, recordBytes: 0 };
}

function typeNameIn(head: string): "text" | "rich-text" | "json" {
  return head.includes('"rich-text"') ? "rich-text" : head.includes('"json"') ? "json" : "text";
}
