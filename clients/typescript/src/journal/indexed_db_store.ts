// The journal's store in a browser: one IndexedDB database of the origin, shared by its tabs.

import type { LockManagerLike } from "./locks.js";
import type { Durability, JournalChange, JournalStore } from "./store.js";

const kDatabase = "cloudsync-journal";
const kEntries = "entries";
/** Above every character that a key has. */
const kAboveAll = "\uffff";

export class IndexedDbStore implements JournalStore {
  readonly locks: LockManagerLike;
  readonly #factory: IDBFactory;
  #database: Promise<IDBDatabase> | null = null;

  constructor(factory: IDBFactory, locks: LockManagerLike) {
    this.#factory = factory;
    this.locks = locks;
  }

  async read(prefix: string): Promise<[string, string][]> {
    const transaction = (await this.#open()).transaction(kEntries, "readonly");
    const entries = transaction.objectStore(kEntries);
    const keys = entries.getAllKeys(rangeOf(prefix));
    const values = entries.getAll(rangeOf(prefix));
    await completion(transaction);
    return keys.result.map((key, i) => [String(key), String(values.result[i])]);
  }

  async write(changes: readonly JournalChange[], durability: Durability): Promise<void> {
    const transaction = (await this.#open()).transaction(kEntries, "readwrite", { durability });
    const entries = transaction.objectStore(kEntries);
    for (const change of changes) {
      if ("put" in change) entries.put(change.value, change.put);
      else entries.delete(rangeOf(change.drop));
    }
    await completion(transaction);
  }

  #open(): Promise<IDBDatabase> {
    this.#database ??= this.#connect().catch((reason: unknown) => {
      this.#database = null;
      throw reason;
    });
    return this.#database;
  }

  #connect(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const request = this.#factory.open(kDatabase, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(kEntries);
      request.onerror = () => reject(request.error ?? new Error("The database cannot be opened."));
      request.onblocked = () => reject(new Error("Another page holds an older form of the database."));
      request.onsuccess = () => {
        const database = request.result;
        // The browser ends it when the person clears the site's data; a newer page, to change its form.
        database.onclose = () => (this.#database = null);
        database.onversionchange = () => {
          database.close();
          this.#database = null;
        };
        resolve(database);
      };
    });
  }
}

function rangeOf(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, prefix + kAboveAll);
}

function completion(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("The transaction was aborted."));
  });
}

/** The journal that this environment offers; null where there is none, or no way to own one (Web Locks). */
export function defaultJournalStore(): JournalStore | null {
  try {
    const hasLocks = typeof navigator !== "undefined" && navigator.locks !== undefined;
    if (typeof indexedDB === "undefined" || !hasLocks) return null;
    return new IndexedDbStore(indexedDB, navigator.locks as unknown as LockManagerLike);
  } catch {
    // Some browsers throw where storage is denied.
    return null;
  }
}
