// A browser that can lose pages, or all of itself, at any moment: pages share a journal and its locks.

import { CloudSyncClient, MemoryLocks, TabIdentity, type CollaborativeDocument } from "../../src/index.js";
import type { Durability, HistoryEvent, JournalChange, JournalStore, LockManagerLike } from "../../src/index.js";
import type { Scheduler, Timer } from "../../src/scheduler.js";
import type { Transport, TransportFactory } from "../../src/transport/transport.js";
import type { FakeScheduler } from "./fake_scheduler.js";
import type { FakeServer } from "./fake_server.js";
import { newStorage } from "./session_storage.js";

export class Device {
  readonly entries = new Map<string, string>();
  readonly locks = new MemoryLocks();
  readonly scheduler: FakeScheduler;
  readonly server: FakeServer;
  /** How long a write takes, at most. */
  delayMs = 0;
  /** Writes fail, unless they only delete, as where the quota is exceeded. */
  isFull = false;
  /** Neither reads nor writes are answered. */
  isStuck = false;
  #writtenAtMs = 0;

  constructor(scheduler: FakeScheduler, server: FakeServer) {
    this.scheduler = scheduler;
    this.server = server;
  }

  /** A new tab; with the sessionStorage of another it is that one reloaded, or a duplicate. */
  page(storage: Storage = newStorage()): Page {
    return new Page(this, storage);
  }

  /** Writes take effect in the order in which they were asked for. */
  write(changes: readonly JournalChange[], isAlive: () => boolean): Promise<void> {
    if (this.isStuck) return new Promise(() => undefined);
    const waitMs = Math.max(0, this.#writtenAtMs - this.scheduler.nowMs()) + this.scheduler.random() * this.delayMs;
    this.#writtenAtMs = this.scheduler.nowMs() + waitMs;
    return new Promise((resolve, reject) => {
      const apply = (): void => {
        if (!isAlive()) return;
        if (this.isFull && changes.some((change) => "put" in change)) return reject(new Error("QuotaExceededError"));
        for (const change of changes) this.#apply(change);
        resolve();
      };
      if (waitMs === 0) apply();
      else this.scheduler.after(waitMs, apply);
    });
  }

  read(prefix: string): Promise<[string, string][]> {
    if (this.isStuck) return new Promise(() => undefined);
    const found = [...this.entries].filter(([key]) => key.startsWith(prefix));
    return Promise.resolve(found.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The records of all journals, oldest first. */
  get records(): string[] {
    const keys = [...this.entries.keys()].filter((key) => /^data\/.*\/1\//.test(key)).sort();
    return keys.map((key) => this.entries.get(key) ?? "");
  }

  #apply(change: JournalChange): void {
    if ("put" in change) this.entries.set(change.put, change.value);
    else for (const key of this.entries.keys()) if (key.startsWith(change.drop)) this.entries.delete(key);
  }
}

export class Page {
  readonly client: CloudSyncClient;
  readonly storage: Storage;
  /** What the client said that happened. */
  readonly history: HistoryEvent[] = [];
  readonly copies: string[] = [];
  #isAlive = true;
  readonly #transports: Transport[] = [];
  #release = (): void => undefined;

  constructor(device: Device, storage: Storage) {
    this.storage = storage;
    const released = new Promise<void>((resolve) => (this.#release = resolve));
    const isAlive = (): boolean => this.#isAlive;
    const locks: LockManagerLike = {
      request: (name, options, callback) => device.locks.request(name, options, (lock) => (
        lock === null ? callback(null) : Promise.race([callback(lock), released])
      )),
      query: () => device.locks.query(),
    };
    const journal: JournalStore = {
      locks,
      read: (prefix) => device.read(prefix),
      write: (changes, _durability: Durability) => (isAlive() ? device.write(changes, isAlive) : new Promise(() => undefined)),
    };
    const fetch = (): Promise<Response> => (
      device.server.isUp ? Promise.resolve(new Response("{}")) : Promise.reject(new Error("offline"))
    );
    this.client = new CloudSyncClient({
      url: "http://x", identity: new TabIdentity(storage, locks), journal, fetch,
      scheduler: this.#mortal(device.scheduler), transport: this.#mortalTransport(device.server.transport),
      history: (event) => this.history.push(event),
    });
    this.client.copies.on("added", ({ reason, text, insertedText }) => {
      this.copies.push(`${reason.code} "${text}" "${insertedText}"`);
    });
  }

  open(id = "d"): Promise<CollaborativeDocument<"text">> {
    return this.client.open(id) as Promise<CollaborativeDocument<"text">>;
  }

  /** SIGKILL, or the tab is closed: nothing of it happens any more, and its locks are free. */
  kill(): void {
    this.#isAlive = false;
    for (const transport of this.#transports) transport.close();
    this.#release();
  }

  #mortal(scheduler: Scheduler): Scheduler {
    return {
      nowMs: () => scheduler.nowMs(),
      random: () => scheduler.random(),
      after: (delayMs, callback): Timer => scheduler.after(delayMs, () => this.#isAlive && callback()),
    };
  }

  #mortalTransport(factory: TransportFactory): TransportFactory {
    return (options) => {
      const { handlers } = options;
      const transport = factory({
        ...options,
        handlers: {
          onOpen: () => this.#isAlive && handlers.onOpen(),
          onClose: (reason) => this.#isAlive && handlers.onClose(reason),
          onEvent: (name, payload) => this.#isAlive && handlers.onEvent(name, payload),
        },
      });
      this.#transports.push(transport);
      if (!this.#isAlive) transport.close();
      return transport;
    };
  }
}

/** What sessionStorage brings over a reload, and into a duplicated tab. */
export function sameTab(page: Page): Storage {
  return newStorage({ ...page.storage } as unknown as Record<string, string>);
}
