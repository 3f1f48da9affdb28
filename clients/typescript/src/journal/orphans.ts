// Edits that pages which are gone left in the journal, sent by a page that is there: one client id at a time,
// under its lock, on a connection of its own. What the server does not take becomes an unsent copy.

import type { CollaborativeDocument } from "../document/collaborative_document.js";
import { MemoryIdentity, type ClientCredentials, type Identity } from "../identity.js";
import type { Lane } from "../lane.js";
import type { Scheduler, Timer } from "../scheduler.js";
import type { JournalHead } from "./format.js";
import type { Journal } from "./journal.js";

export type OrphanObserver = {
  newLane(identity: Identity): Lane;
  /** Whether it makes sense to try: a lock that is held in vain keeps other tabs from the text. */
  isOnline(): Promise<boolean>;
  /** This page goes on with the document itself. */
  isOpening(documentId: string): boolean;
};

/** A client must be gone for as long: a page that is reloaded lets its id go for a moment. */
export const kGoneForMs = 3_000;
/** What is not acknowledged by then is tried again later. */
export const kDrainTimeoutMs = 20_000;
const kAgainMs = 30_000;

export class OrphanDrain {
  readonly #journal: Journal;
  readonly #scheduler: Scheduler;
  readonly #observer: OrphanObserver;
  /** When each unsent client was first seen without a page. */
  readonly #goneSinceMs = new Map<string, number>();
  #timer: Timer | null = null;
  #pass: Promise<void> | null = null;
  /** The documents that are sent now, and what stops that. */
  #current: { documentIds: Set<string>; stop(): void; ended: Promise<void> } | null = null;
  #isStopped = false;

  constructor(journal: Journal, scheduler: Scheduler, observer: OrphanObserver) {
    this.#journal = journal;
    this.#scheduler = scheduler;
    this.#observer = observer;
  }

  /** Looks for edits that were left behind, now and again and again until `stop`. */
  start(): void {
    if (this.#isStopped || this.#pass !== null) return;
    this.#timer?.cancel();
    this.#pass = this.#lookAround().catch(() => kAgainMs).then((againMs) => {
      this.#pass = null;
      if (!this.#isStopped) this.#timer = this.#scheduler.after(againMs, () => this.start());
    });
  }

  /** Lets the document's journal go, if it is being sent. */
  async yield(documentId: string): Promise<void> {
    const current = this.#current;
    if (current === null || !current.documentIds.has(documentId)) return;
    current.stop();
    await current.ended;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#current?.stop();
    await this.#pass;
  }

  /** Returns when to look again. */
  async #lookAround(): Promise<number> {
    const unsent = (await this.#journal.heads()).filter(({ isUnsent }) => isUnsent);
    const held = await this.#journal.locks.held();
    const orphans = unsent.filter(({ key }) => !held.has(key));
    this.#note(orphans);
    // Another page may go at any time.
    if (orphans.length === 0) return kAgainMs;
    if (!(await this.#observer.isOnline())) return kAgainMs;
    const nowMs = this.#scheduler.nowMs();
    const ready = orphans.filter(({ key }) => nowMs - (this.#goneSinceMs.get(key) ?? nowMs) >= kGoneForMs);
    if (ready.length === 0) return kGoneForMs;
    for (const key of new Set(ready.map((head) => head.key))) {
      if (this.#isStopped) break;
      await this.#drain(key, ready.filter((head) => head.key === key));
    }
    return kGoneForMs;
  }

  #note(orphans: readonly JournalHead[]): void {
    const keys = new Set(orphans.map(({ key }) => key));
    for (const key of this.#goneSinceMs.keys()) if (!keys.has(key)) this.#goneSinceMs.delete(key);
    for (const key of keys) if (!this.#goneSinceMs.has(key)) this.#goneSinceMs.set(key, this.#scheduler.nowMs());
  }

  async #drain(key: string, heads: readonly JournalHead[]): Promise<void> {
    const { locks } = this.#journal;
    if (heads.some(({ documentId }) => this.#observer.isOpening(documentId))) return;
    if (!(await locks.hold(key))) return;
    let stop = (): void => undefined;
    let end = (): void => undefined;
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    const ended = new Promise<void>((resolve) => (end = resolve));
    this.#current = { documentIds: new Set(heads.map(({ documentId }) => documentId)), stop, ended };
    try {
      await this.#send(heads, stopped);
    } finally {
      this.#current = null;
      locks.release(key);
      end();
    }
  }

  async #send(heads: readonly JournalHead[], stopped: Promise<void>): Promise<void> {
    const lane = this.#observer.newLane(identityOf(heads[0]?.credentials ?? null));
    const documents: CollaborativeDocument[] = [];
    try {
      for (const head of heads) {
        const restored = await this.#journal.restore(head);
        if (restored !== null) documents.push(lane.open(head.documentId, restored, restored.journal));
      }
      const timeout = new Promise<void>((resolve) => this.#scheduler.after(kDrainTimeoutMs, resolve));
      await Promise.race([Promise.all(documents.map(untilDone)), stopped, timeout]);
    } finally {
      await Promise.all(documents.map((document) => document.suspend()));
      lane.stop();
    }
  }
}

export function identityOf(credentials: ClientCredentials | null): Identity {
  const identity = new MemoryIdentity();
  if (credentials !== null) identity.adopt(credentials);
  return identity;
}

/** Everything is in the server's log, or has become a copy. */
function untilDone(document: CollaborativeDocument): Promise<void> {
  return new Promise((resolve) => {
    const stop = document.on("state", () => {
      if (document.hasUnsavedChanges && document.state !== "closed") return;
      stop();
      resolve();
    });
  });
}
