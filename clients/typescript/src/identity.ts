// Who this client is to the server. The id and its secret come with the first join reply and bring
// the same client back after a reconnect or a reload of the page. A tab holds its id under a Web
// Lock, so that a duplicated tab (which copies sessionStorage) gets an id of its own.

import { ClientLocks, type LockManagerLike } from "./journal/locks.js";

export type ClientCredentials = { id: string; secret: string };

export interface Identity {
  readonly current: ClientCredentials | null;
  /** What holds the id against other pages, if something does. */
  readonly locks?: ClientLocks;
  /** Called before every connection attempt: the credentials to resume with, if any. */
  acquire(): Promise<ClientCredentials | null>;
  /** Called with the credentials of a join reply. */
  adopt(credentials: ClientCredentials): void;
  /** The server refused the credentials. */
  forget(): void;
  /** A sequence number that this client has never used in the document. */
  nextSeq(documentId: string): number;
  /** Lets the id go, so that a later page of this tab may have it. */
  release(): void;
}

/** For as long as the object lives: scripts, tests. */
export class MemoryIdentity implements Identity {
  #current: ClientCredentials | null = null;
  readonly #seqs = new Map<string, number>();

  get current(): ClientCredentials | null {
    return this.#current;
  }

  acquire(): Promise<ClientCredentials | null> {
    return Promise.resolve(this.#current);
  }

  adopt(credentials: ClientCredentials): void {
    if (credentials.id !== this.#current?.id) this.#seqs.clear();
    this.#current = credentials;
  }

  forget(): void {
    this.#current = null;
    this.#seqs.clear();
  }

  nextSeq(documentId: string): number {
    const seq = (this.#seqs.get(documentId) ?? 0) + 1;
    this.#seqs.set(documentId, seq);
    return seq;
  }

  release(): void {}
}

const kClientKey = "cloudsync.client";
const kSeqKeyPrefix = "cloudsync.seq.";
/** Sequence numbers reserved at a time: storage is written once for so many operations. */
const kSeqBlock = 1_000;

type SeqBlock = { next: number; end: number };

/** For a tab of a browser. */
export class TabIdentity implements Identity {
  readonly #storage: Storage;
  readonly locks: ClientLocks;
  readonly #seqs = new Map<string, SeqBlock>();
  #current: ClientCredentials | null = null;
  #loaded: Promise<void> | null = null;

  constructor(storage: Storage, locks: LockManagerLike) {
    this.#storage = storage;
    this.locks = new ClientLocks(locks);
  }

  get current(): ClientCredentials | null {
    return this.#current;
  }

  async acquire(): Promise<ClientCredentials | null> {
    this.#loaded ??= this.#load();
    await this.#loaded;
    return this.#current;
  }

  adopt(credentials: ClientCredentials): void {
    if (credentials.id === this.#current?.id) return;
    this.forget();
    this.#current = credentials;
    this.#store(kClientKey, JSON.stringify(credentials));
    void this.locks.hold(credentials.id);
  }

  /** The lock stays: edits under the old id may still be in the journal of this page. */
  forget(): void {
    this.#current = null;
    this.#seqs.clear();
    for (const key of Object.keys(this.#storage)) {
      if (key === kClientKey || key.startsWith(kSeqKeyPrefix)) this.#storage.removeItem(key);
    }
  }

  nextSeq(documentId: string): number {
    let block = this.#seqs.get(documentId);
    if (block === undefined || block.next >= block.end) {
      const key = kSeqKeyPrefix + documentId;
      const next = Number(this.#storage.getItem(key) ?? "1");
      block = { next, end: next + kSeqBlock };
      this.#seqs.set(documentId, block);
      this.#store(key, String(block.end));
    }
    return block.next++;
  }

  release(): void {
    this.locks.releaseAll();
  }

  async #load(): Promise<void> {
    const credentials = this.#stored();
    if (credentials !== null && (await this.locks.hold(credentials.id))) this.#current = credentials;
    else this.forget();
  }

  /** When storage is full, no later page must resume: it would not know the numbers used. */
  #store(key: string, value: string): void {
    try {
      this.#storage.setItem(key, value);
    } catch {
      this.#storage.removeItem(kClientKey);
    }
  }

  #stored(): ClientCredentials | null {
    try {
      const value = JSON.parse(this.#storage.getItem(kClientKey) ?? "null") as ClientCredentials | null;
      return typeof value?.id === "string" && typeof value.secret === "string" ? value : null;
    } catch {
      return null;
    }
  }
}

/** The best identity that this environment offers. */
export function defaultIdentity(): Identity {
  try {
    if (typeof sessionStorage !== "undefined" && typeof navigator !== "undefined" && navigator.locks) {
      return new TabIdentity(sessionStorage, navigator.locks as unknown as LockManagerLike);
    }
  } catch {
    // Storage is denied: live without.
  }
  return new MemoryIdentity();
}
