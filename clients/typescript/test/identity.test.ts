import { describe, expect, test } from "vitest";

import { TabIdentity, type LockManagerLike } from "../src/identity.js";

/** The locks of one browser. */
class FakeLocks implements LockManagerLike {
  readonly #held = new Set<string>();

  async request(name: string, _options: object, callback: (lock: unknown) => Promise<void>): Promise<void> {
    if (this.#held.has(name)) return callback(null);
    this.#held.add(name);
    await callback({ name });
    this.#held.delete(name);
  }
}

/** sessionStorage; its keys are its own properties, as in a browser. */
function newStorage(entries: Record<string, string> = {}): Storage {
  const storage = Object.create({
    getItem(this: Record<string, string>, key: string) { return this[key] ?? null; },
    setItem(this: Record<string, string>, key: string, value: string) { this[key] = value; },
    removeItem(this: Record<string, string>, key: string) { delete this[key]; },
  }) as Storage;
  return Object.assign(storage, entries);
}

const kAda = { id: "ada", secret: "s" };

describe("the identity of a tab", () => {
  test("survives a reload, and never uses a sequence number twice", async () => {
    const [storage, locks] = [newStorage(), new FakeLocks()];
    const before = new TabIdentity(storage, locks);
    before.adopt(kAda);
    const used = [before.nextSeq("d"), before.nextSeq("d")];
    before.release();
    await Promise.resolve();
    const after = new TabIdentity(storage, locks);
    expect(await after.acquire()).toEqual(kAda);
    expect(after.nextSeq("d")).toBeGreaterThan(Math.max(...used));
  });

  test("is not shared by a duplicated tab", async () => {
    const [storage, locks] = [newStorage(), new FakeLocks()];
    new TabIdentity(storage, locks).adopt(kAda);
    const copy = new TabIdentity(newStorage({ ...storage }), locks);
    expect(await copy.acquire()).toBeNull();
  });

  test("is not kept when storage is full", async () => {
    const storage = newStorage();
    const identity = new TabIdentity(storage, new FakeLocks());
    identity.adopt(kAda);
    Object.getPrototypeOf(storage).setItem = () => {
      throw new Error("QuotaExceededError");
    };
    expect(identity.nextSeq("d")).toBe(1);
    expect(storage.getItem("cloudsync.client")).toBeNull();
  });
});
