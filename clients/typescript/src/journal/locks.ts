// Who may use a client id: one page at a time. A browser frees the locks of a page that is gone,
// however it went, and so tells a journal that somebody still writes from one that was left behind.

/** The part of the Web Locks API that is used. */
export type LockManagerLike = {
  request(
    name: string,
    options: { ifAvailable: boolean },
    callback: (lock: unknown) => Promise<void>,
  ): Promise<unknown>;
  query(): Promise<{ held?: readonly { name?: string }[] }>;
};

const kLockPrefix = "cloudsync-client-";

type Hold = { isGranted: Promise<boolean>; release(): void };

/** The client ids that one page (or one client of a program) holds. */
export class ClientLocks {
  readonly #manager: LockManagerLike;
  readonly #holds = new Map<string, Hold>();

  constructor(manager: LockManagerLike) {
    this.#manager = manager;
  }

  /** Resolves to true if the id is ours alone, until `release`; to false if another has it. Never rejects. */
  hold(clientId: string): Promise<boolean> {
    const present = this.#holds.get(clientId);
    if (present !== undefined) return present.isGranted;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const isGranted = new Promise<boolean>((resolve) => {
      const held = this.#manager.request(kLockPrefix + clientId, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock === null ? Promise.resolve() : released;
      });
      held.catch(() => resolve(false));
    });
    const hold = { isGranted, release };
    this.#holds.set(clientId, hold);
    void isGranted.then((isOurs) => {
      if (!isOurs && this.#holds.get(clientId) === hold) this.#holds.delete(clientId);
    });
    return isGranted;
  }

  /** The id is ours, or about to be. */
  isHeld(clientId: string): boolean {
    return this.#holds.has(clientId);
  }

  release(clientId: string): void {
    this.#holds.get(clientId)?.release();
    this.#holds.delete(clientId);
  }

  releaseAll(): void {
    for (const clientId of [...this.#holds.keys()]) this.release(clientId);
  }

  /** The ids that somebody holds, we included. */
  async held(): Promise<Set<string>> {
    const { held = [] } = await this.#manager.query();
    const names = held.map(({ name }) => name ?? "").filter((name) => name.startsWith(kLockPrefix));
    return new Set(names.map((name) => name.slice(kLockPrefix.length)));
  }
}

/** Locks among the clients of one process. */
export class MemoryLocks implements LockManagerLike {
  readonly #held = new Set<string>();

  async request(name: string, _options: object, callback: (lock: unknown) => Promise<void>): Promise<void> {
    if (this.#held.has(name)) return callback(null);
    this.#held.add(name);
    try {
      await callback({ name });
    } finally {
      this.#held.delete(name);
    }
  }

  query(): Promise<{ held: { name: string }[] }> {
    return Promise.resolve({ held: [...this.#held].map((name) => ({ name })) });
  }
}
