import { describe, expect, test } from "vitest";

import { TabIdentity } from "../src/identity.js";
import { MemoryLocks } from "../src/journal/locks.js";
import { newStorage } from "./support/session_storage.js";

const kAda = { id: "ada", secret: "s" };

describe("the identity of a tab", () => {
  test("survives a reload, and never uses a sequence number twice", async () => {
    const [storage, locks] = [newStorage(), new MemoryLocks()];
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
    const [storage, locks] = [newStorage(), new MemoryLocks()];
    new TabIdentity(storage, locks).adopt(kAda);
    const copy = new TabIdentity(newStorage({ ...storage }), locks);
    expect(await copy.acquire()).toBeNull();
  });

  test("is not kept when storage is full", async () => {
    const storage = newStorage();
    const identity = new TabIdentity(storage, new MemoryLocks());
    identity.adopt(kAda);
    Object.getPrototypeOf(storage).setItem = () => {
      throw new Error("QuotaExceededError");
    };
    expect(identity.nextSeq("d")).toBe(1);
    expect(storage.getItem("cloudsync.client")).toBeNull();
  });
});
