// Where a journal is kept: a map of strings, ordered by key, that is written in transactions.

import { MemoryLocks, type LockManagerLike } from "./locks.js";

export type JournalChange =
  | { put: string; value: string }
  /** Removes every entry whose key starts with this. */
  | { drop: string };

/**
 * - `relaxed`: what was written survives the end of the program, however it ends
 * - `strict`: it survives a loss of power, too
 */
export type Durability = "relaxed" | "strict";

/** Implement it to keep a journal elsewhere than in a browser, as in a file. */
export interface JournalStore {
  /** Among all that may use the same store at the same time. */
  readonly locks: LockManagerLike;
  /** The entries whose key starts with `prefix`, ordered by key, of one moment. */
  read(prefix: string): Promise<[key: string, value: string][]>;
  /**
   * Makes all changes, in order, or none; resolves once they are as durable as asked for. Writes take
   * effect in the order in which they were asked for. Rejects if nothing was changed.
   */
  write(changes: readonly JournalChange[], durability: Durability): Promise<void>;
}

/** For as long as the object lives: several clients of a program, one after the other; tests. */
export class MemoryJournalStore implements JournalStore {
  readonly locks = new MemoryLocks();
  readonly #entries = new Map<string, string>();

  read(prefix: string): Promise<[string, string][]> {
    const found = [...this.#entries].filter(([key]) => key.startsWith(prefix));
    return Promise.resolve(found.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  write(changes: readonly JournalChange[], _durability: Durability): Promise<void> {
    for (const change of changes) {
      if ("put" in change) this.#entries.set(change.put, change.value);
      else for (const key of this.#entries.keys()) if (key.startsWith(change.drop)) this.#entries.delete(key);
    }
    return Promise.resolve();
  }
}
