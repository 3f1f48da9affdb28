// What is typed outlives the page: the journal, one situation at a time.

import { describe, expect, test } from "vitest";

import { failure, FakeAuthority } from "./support/fake_authority.js";
import { Device, sameTab, type Page } from "./support/device.js";
import { FakeScheduler } from "./support/fake_scheduler.js";
import { FakeServer } from "./support/fake_server.js";

class Stage {
  readonly scheduler = new FakeScheduler();
  readonly server = new FakeServer(this.scheduler, { delayMs: 10 });
  readonly authority = new FakeAuthority("text", "abc");
  readonly device = new Device(this.scheduler, this.server);

  constructor() {
    this.server.documents.set("d", this.authority);
  }

  async open(page: Page) {
    const opening = page.open();
    await this.scheduler.run(1_000);
    return opening;
  }

  goOffline(): void {
    this.server.isUp = false;
    this.server.cutAll();
  }

  async goOnline(): Promise<void> {
    this.server.isUp = true;
    await this.scheduler.run(60_000);
  }

  /** A page with "abc" that is offline and has typed `text` at the start. */
  async typedOffline(text: string, page = this.device.page()) {
    const document = await this.open(page);
    this.goOffline();
    document.submit([text]);
    await this.scheduler.run(100);
    return { page, document };
  }

  submissions(): string[] {
    return this.server.sent
      .filter(({ event }) => event === "submit-op")
      .map(({ payload }) => JSON.stringify([payload.seq, payload.revision, payload.op]));
  }
}

describe("after a reload", () => {
  test("the document is there before any server answers, and can be edited", async () => {
    const stage = new Stage();
    const { page } = await stage.typedOffline("offline ");
    page.kill();
    const reloaded = stage.device.page(sameTab(page));
    const document = await stage.open(reloaded);
    expect([document.content, document.state, document.hasUnsavedChanges]).toEqual(["offline abc", "offline", true]);
    document.submit([8, "and on "]);
    await stage.goOnline();
    expect([document.state, stage.authority.content]).toEqual(["saved", "offline and on abc"]);
    expect(stage.authority.log.map(({ clientId }) => clientId)).toEqual(["client-1"]);
  });

  test("an operation in flight is sent again as it was, with what was typed behind it", async () => {
    const stage = new Stage();
    const page = stage.device.page();
    const document = await stage.open(page);
    stage.server.intercept = (event) => (event === "submit-op" ? "silence" : undefined);
    document.submit(["one "]);
    await stage.scheduler.run(100);
    document.submit([4, "two "]);
    await stage.scheduler.run(100);
    const [sent] = stage.submissions();
    page.kill();
    stage.server.intercept = () => undefined;
    stage.authority.submit("other", 0, 1, [3, "!"]);
    const again = await stage.open(stage.device.page(sameTab(page)));
    await stage.scheduler.run(5_000);
    expect(stage.submissions()[1]).toBe(sent);
    expect([again.state, stage.authority.content]).toEqual(["saved", "one two abc!"]);
  });

  test("an operation that was committed meanwhile is not sent again", async () => {
    const stage = new Stage();
    const page = stage.device.page();
    const document = await stage.open(page);
    document.submit(["x"]);
    // The server takes it, nothing comes back.
    await stage.scheduler.run(0);
    const seq = page.history.flatMap((event) => (event.kind === "submit" ? [event.seq] : []))[0] ?? 0;
    page.kill();
    stage.authority.submit("client-1", 0, seq, ["x"]);
    const sent = stage.submissions().length;
    const again = await stage.open(stage.device.page(sameTab(page)));
    await stage.scheduler.run(5_000);
    expect([again.content, again.state, stage.authority.content]).toEqual(["xabc", "saved", "xabc"]);
    expect(stage.submissions()).toHaveLength(sent);
  });

  test("what was typed behind an acknowledged operation is there, though the log was not seen to hold that", async () => {
    const stage = new Stage();
    const page = stage.device.page();
    const document = await stage.open(page);
    // As while an input method composes: the frame waits, its acknowledgement does not.
    document.hold();
    document.submit(["one "]);
    await stage.scheduler.run(1_000);
    expect(page.history.some(({ kind }) => kind === "ack")).toBe(true);
    document.submit([4, "two "]);
    await stage.scheduler.run(100);
    page.kill();
    const again = await stage.open(stage.device.page(sameTab(page)));
    await stage.scheduler.run(1_000);
    expect([again.content, again.state, stage.authority.content]).toEqual(["one two abc", "saved", "one two abc"]);
  });

  test("no sequence number is used for another operation", async () => {
    const stage = new Stage();
    let page = stage.device.page();
    for (let i = 0; i < 4; i++) {
      const document = await stage.open(page);
      document.submit([String(i)]);
      await stage.scheduler.run(1_000);
      page.kill();
      page = stage.device.page(sameTab(page));
    }
    expect(stage.authority.content).toBe("3210abc");
    expect(new Set(stage.authority.log.map(({ clientId }) => clientId))).toEqual(new Set(["client-1"]));
    expect(page.copies).toEqual([]);
  });

  test("what others did is there, too, and what is saved is no longer unsent", async () => {
    const stage = new Stage();
    const page = stage.device.page();
    const document = await stage.open(page);
    document.submit(["x"]);
    await stage.scheduler.run(1_000);
    stage.authority.submit("other", 1, 1, [4, "!"]);
    stage.server.sendAll("ops", { documentId: "d", ...stage.authority.frame(2) });
    await stage.scheduler.run(1_000);
    page.kill();
    stage.goOffline();
    const again = await stage.open(stage.device.page(sameTab(page)));
    expect([again.content, again.hasUnsavedChanges, again.revision]).toEqual(["xabc!", false, 2]);
    expect((await page.client.storedDocuments()).map(({ isUnsent }) => isUnsent)).toEqual([false]);
  });
});

describe("a submission", () => {
  test("is sent only when the journal has it", async () => {
    const stage = new Stage();
    const document = await stage.open(stage.device.page());
    stage.device.delayMs = 2_000;
    document.submit(["x"]);
    for (let i = 0; i < 400; i++) {
      await stage.scheduler.run(10);
      const isWritten = stage.device.records.some((record) => record.startsWith('["submitted"'));
      if (!isWritten) expect(stage.submissions()).toEqual([]);
    }
    expect([document.state, stage.submissions().length]).toEqual(["saved", 1]);
  });

  test("does not wait for a journal that is full, and says that nothing is kept", async () => {
    const stage = new Stage();
    const page = stage.device.page();
    const document = await stage.open(page);
    stage.device.isFull = true;
    stage.goOffline();
    document.submit(["x"]);
    await stage.scheduler.run(100);
    expect([document.isStored, page.client.isStored]).toEqual([false, false]);
    await stage.goOnline();
    expect([document.state, document.isStored, stage.authority.content]).toEqual(["saved", true, "xabc"]);
  });

  test("does not wait for ever for a journal that does not answer", async () => {
    const stage = new Stage();
    const document = await stage.open(stage.device.page());
    stage.device.isStuck = true;
    document.submit(["x"]);
    await stage.scheduler.run(10_000);
    expect([document.state, stage.authority.content]).toEqual(["saved", "xabc"]);
  });

  test("is kept again once the journal has room", async () => {
    const stage = new Stage();
    const page = stage.device.page();
    const document = await stage.open(page);
    stage.device.isFull = true;
    stage.goOffline();
    document.submit(["x"]);
    await stage.scheduler.run(1_000);
    stage.device.isFull = false;
    await stage.scheduler.run(10_000);
    expect(document.isStored).toBe(true);
    page.kill();
    expect((await stage.open(stage.device.page())).content).toBe("xabc");
  });
});

describe("a journal that cannot be read", () => {
  test("is not written to: what it has is sent by a later page", async () => {
    const stage = new Stage();
    const { page } = await stage.typedOffline("offline ");
    page.kill();
    // Its lock is free in a moment.
    await stage.scheduler.run(1);
    stage.server.isUp = true;
    stage.device.isStuck = true;
    const next = stage.device.page(sameTab(page));
    const opening = next.open();
    await stage.scheduler.run(5_000);
    const document = await opening;
    expect([document.content, document.state]).toEqual(["abc", "saved"]);
    document.submit([3, "!"]);
    expect(document.isStored).toBe(false);
    await stage.scheduler.run(1_000);
    stage.device.isStuck = false;
    document.submit([4, "!"]);
    await stage.scheduler.run(10_000);
    next.kill();
    const last = await stage.open(stage.device.page());
    await stage.scheduler.run(5_000);
    expect([last.state, stage.authority.content]).toEqual(["saved", "offline abc!!"]);
  });
});

describe("a browser that was closed", () => {
  test("is taken over by the next tab that opens the document, under the same client id", async () => {
    const stage = new Stage();
    const { page } = await stage.typedOffline("offline ");
    page.kill();
    const next = stage.device.page();
    const document = await stage.open(next);
    expect(document.content).toBe("offline abc");
    await stage.goOnline();
    expect([document.state, stage.authority.content]).toEqual(["saved", "offline abc"]);
    expect(stage.authority.log.map(({ clientId }) => clientId)).toEqual(["client-1"]);
  });

  test("is taken over by a tab that has an id of its own, on another connection", async () => {
    const stage = new Stage();
    stage.server.documents.set("e", new FakeAuthority("text", ""));
    const { page } = await stage.typedOffline("offline ");
    page.kill();
    stage.server.isUp = true;
    const next = stage.device.page();
    const opening = next.client.open("e");
    await stage.scheduler.run(1_000);
    const other = await opening;
    const document = await stage.open(next);
    expect([other.clientId, document.clientId]).toEqual(["client-2", "client-1"]);
    await stage.scheduler.run(2_000);
    expect([document.state, stage.authority.content]).toEqual(["saved", "offline abc"]);
  });

  test("is taken over by any page, which sends what was left behind", async () => {
    const stage = new Stage();
    const first = await stage.typedOffline("one ");
    const second = await stage.typedOffline("two ", stage.device.page());
    first.page.kill();
    second.page.kill();
    const start = stage.device.page();
    start.client.recover();
    await stage.scheduler.run(10_000);
    expect((await start.client.storedDocuments())[0]?.isUnsent).toBe(true);
    await stage.goOnline();
    expect(stage.authority.content).toMatch(/^(one two|two one) abc$/);
    expect((await start.client.storedDocuments()).map(({ isUnsent }) => isUnsent)).toEqual([false]);
  });

  test("is sent by one of two pages only", async () => {
    const stage = new Stage();
    const { page } = await stage.typedOffline("offline ");
    page.kill();
    stage.server.isUp = true;
    const pages = [stage.device.page(), stage.device.page()];
    for (const { client } of pages) client.recover();
    await stage.scheduler.run(30_000);
    expect(stage.authority.content).toBe("offline abc");
    expect([stage.submissions().length, stage.server.supersededCount]).toEqual([1, 0]);
  });

  test("is handed over to the document that is opened while it is being sent", async () => {
    const stage = new Stage();
    const { page } = await stage.typedOffline("offline ");
    page.kill();
    stage.server.isUp = true;
    stage.server.intercept = (event) => (event === "submit-op" ? "silence" : undefined);
    const start = stage.device.page();
    start.client.recover();
    await stage.scheduler.run(5_000);
    expect(stage.submissions()).toHaveLength(1);
    stage.server.intercept = () => undefined;
    const document = await stage.open(start);
    await stage.scheduler.run(5_000);
    expect([document.clientId, document.state, stage.authority.content]).toEqual(["client-1", "saved", "offline abc"]);
    expect([new Set(stage.submissions()).size, stage.server.supersededCount]).toEqual([1, 0]);
  });

  test("is left alone while it may only be reloading", async () => {
    const stage = new Stage();
    const { page } = await stage.typedOffline("offline ");
    const other = stage.device.page();
    stage.server.isUp = true;
    page.kill();
    other.client.recover();
    await stage.scheduler.run(1);
    const again = await stage.open(stage.device.page(sameTab(page)));
    await stage.scheduler.run(20_000);
    expect([again.clientId, again.state, stage.authority.content]).toEqual(["client-1", "saved", "offline abc"]);
    expect(stage.submissions()).toHaveLength(1);
  });
});

describe("a duplicated tab", () => {
  test("shows offline what the server had, and sends under an id of its own", async () => {
    const stage = new Stage();
    const { page, document } = await stage.typedOffline("mine ");
    const duplicate = await stage.open(stage.device.page(sameTab(page)));
    expect(duplicate.content).toBe("abc");
    duplicate.submit([3, " too"]);
    await stage.scheduler.run(100);
    expect(duplicate.isStored).toBe(true);
    await stage.goOnline();
    expect([document.content, duplicate.content]).toEqual(["mine abc too", "mine abc too"]);
    expect(document.clientId).not.toBe(duplicate.clientId);
  });

  test("that was closed before it ever connected is taken over", async () => {
    const stage = new Stage();
    const { document } = await stage.typedOffline("mine ");
    const copy = stage.device.page();
    (await stage.open(copy)).submit([3, " too"]);
    await stage.scheduler.run(100);
    copy.kill();
    expect((await stage.open(stage.device.page())).content).toBe("abc too");
    await stage.goOnline();
    expect([document.content, stage.authority.content]).toEqual(["mine abc too", "mine abc too"]);
  });
});

describe("text that the server will not take", () => {
  test("of a restored backup becomes a copy, which outlives reloads until it is dismissed", async () => {
    const stage = new Stage();
    const page = stage.device.page();
    const document = await stage.open(page);
    document.submit(["acknowledged "]);
    await stage.scheduler.run(1_000);
    stage.goOffline();
    document.submit(["unsent "]);
    await stage.scheduler.run(100);
    page.kill();
    stage.authority.forgetAfter(0);
    stage.authority.submit("other", 0, 1, [3, " other"]);
    stage.server.isUp = true;
    const next = stage.device.page(sameTab(page));
    const restored = await stage.open(next);
    await stage.scheduler.run(5_000);
    expect(next.copies).toEqual(['history_diverged "unsent acknowledged abc" "unsent "']);
    expect([restored.content, restored.state]).toEqual(["abc other", "saved"]);
    next.kill();
    const last = stage.device.page();
    const again = await stage.open(last);
    expect(again.unsentCopies.map(({ insertedText }) => insertedText)).toEqual(["unsent "]);
    again.dismissCopy(again.unsentCopies[0]?.id ?? "");
    await stage.scheduler.run(100);
    last.kill();
    expect((await stage.open(stage.device.page())).unsentCopies).toEqual([]);
    expect(stage.authority.content).toBe("abc other");
  });

  test("is listed until its removal is written, so that no reload brings it back", async () => {
    const stage = new Stage();
    const { page } = await stage.typedOffline("unsent ");
    page.kill();
    stage.server.isUp = true;
    stage.server.intercept = (event, { revision }) =>
      event === "join-document" && revision !== undefined ? failure("revision_too_old") : undefined;
    const next = stage.device.page(sameTab(page));
    const document = await stage.open(next);
    await stage.scheduler.run(5_000);
    const [copy] = document.unsentCopies;
    expect(copy?.insertedText).toBe("unsent ");
    stage.device.delayMs = 1_000;
    void document.dismissCopy(copy?.id ?? "");
    expect(document.unsentCopies).toEqual([copy]);
    next.client.copies.on("dismissed", () => next.kill());
    await stage.scheduler.run(2_000);
    expect(document.unsentCopies).toEqual([]);
    expect((await stage.open(stage.device.page())).unsentCopies).toEqual([]);
  });

  test("can be dismissed where the journal answers nothing", async () => {
    const stage = new Stage();
    const page = stage.device.page();
    const document = await stage.open(page);
    stage.goOffline();
    document.submit(["unsent "]);
    await stage.scheduler.run(100);
    stage.device.isStuck = true;
    stage.server.intercept = (event) => event === "join-document" ? failure("history_diverged") : undefined;
    await stage.goOnline();
    expect(document.unsentCopies).toHaveLength(1);
    await document.dismissCopy(document.unsentCopies[0]?.id ?? "");
    expect(document.unsentCopies).toEqual([]);
  });

  test("is one copy, also if the page goes before it has the server's content", async () => {
    const stage = new Stage();
    const { page } = await stage.typedOffline("unsent ");
    page.kill();
    stage.server.isUp = true;
    stage.server.intercept = (event, { revision }) => {
      if (event !== "join-document") return undefined;
      return revision === undefined ? "silence" : failure("history_diverged");
    };
    const next = stage.device.page(sameTab(page));
    await stage.open(next);
    expect(next.copies).toHaveLength(1);
    next.kill();
    stage.server.intercept = (event, { revision }) =>
      event === "join-document" && revision !== undefined ? failure("history_diverged") : undefined;
    const last = stage.device.page();
    const document = await stage.open(last);
    await stage.scheduler.run(5_000);
    expect([last.copies, document.content, document.state]).toEqual([next.copies, "abc", "saved"]);
  });

  test.each(["revision_too_old", "revision_unknown"])("for %s becomes a copy", async (code) => {
    const stage = new Stage();
    const { page } = await stage.typedOffline("unsent ");
    page.kill();
    stage.server.isUp = true;
    stage.server.intercept = (event, { revision }) =>
      event === "join-document" && revision !== undefined ? failure(code) : undefined;
    const next = stage.device.page(sameTab(page));
    const document = await stage.open(next);
    await stage.scheduler.run(5_000);
    expect([next.copies, document.content]).toEqual([[`${code} "unsent abc" "unsent "`], "abc"]);
  });

  test("for seq_reused becomes a copy, and the next edit is saved", async () => {
    const stage = new Stage();
    const { page } = await stage.typedOffline("unsent ");
    page.kill();
    stage.server.isUp = true;
    stage.server.intercept = (event) => (event === "submit-op" ? failure("seq_reused") : undefined);
    const next = stage.device.page(sameTab(page));
    const document = await stage.open(next);
    await stage.scheduler.run(5_000);
    expect(next.copies).toEqual(['seq_reused "unsent abc" "unsent "']);
    stage.server.intercept = () => undefined;
    document.submit(["next "]);
    await stage.scheduler.run(5_000);
    expect([document.state, stage.authority.content]).toEqual(["saved", "next abc"]);
  });

  test("of a deleted document becomes a copy, found by any page", async () => {
    const stage = new Stage();
    const { page } = await stage.typedOffline("unsent ");
    page.kill();
    stage.server.documents.delete("d");
    stage.server.isUp = true;
    const next = stage.device.page(sameTab(page));
    const document = await stage.open(next);
    await stage.scheduler.run(5_000);
    expect([next.copies, document.state]).toEqual([['not_found "unsent abc" "unsent "'], "closed"]);
    const later = stage.device.page();
    later.client.recover();
    await stage.scheduler.run(1_000);
    expect(later.client.copies.list("d")).toHaveLength(1);
    expect(await later.client.storedDocuments()).toEqual([]);
  });

  test.each([
    ["a record that is cut off", (text: string) => text.slice(0, -4)],
    ["a record of a kind that is not known", () => '["future", 1]'],
    ["an operation that does not fit", () => '["edit", [99, "x"]]'],
  ])("because the journal has %s becomes a copy", async (_what, damage) => {
    const stage = new Stage();
    const { page } = await stage.typedOffline("unsent ");
    page.kill();
    for (const [key, value] of stage.device.entries) {
      if (/^data\/.*\/1\//.test(key)) stage.device.entries.set(key, damage(value));
    }
    const base = [...stage.device.entries.keys()].find((key) => key.endsWith("/0/")) ?? "";
    stage.device.entries.set(`${base.slice(0, -2)}1/0000000001/`, '["edit", ["more "]]');
    stage.server.isUp = true;
    const next = stage.device.page(sameTab(page));
    const document = await stage.open(next);
    expect(next.copies.join()).toMatch(/^journal_unreadable "abc" ".*more "$/);
    expect(document.content).toBe("abc");
    document.submit(["new "]);
    await stage.scheduler.run(1_000);
    expect(stage.authority.content).toBe("new abc");
  });

  test("because the journal is older than what was sent becomes a copy, and is in the log once", async () => {
    const stage = new Stage();
    const page = stage.device.page();
    const document = await stage.open(page);
    document.submit(["one "]);
    await stage.scheduler.run(1_000);
    const before = new Map(stage.device.entries);
    document.submit(["two "]);
    await stage.scheduler.run(1_000);
    page.kill();
    // The device's disk comes back as it was, with an edit that was unsent then.
    stage.device.entries.clear();
    for (const [key, value] of before) stage.device.entries.set(key, value);
    const data = [...before.keys()].filter((key) => key.startsWith("data/"));
    const base = data.find((key) => key.endsWith("/0/")) ?? "";
    stage.device.entries.set(`${base.slice(0, -2)}1/${String(data.length - 1).padStart(10, "0")}/`, '["edit",["two "]]');
    const next = stage.device.page(sameTab(page));
    const again = await stage.open(next);
    await stage.scheduler.run(5_000);
    expect(next.copies).toEqual(['journal_outdated "two one abc" "two "']);
    expect([again.content, stage.authority.content]).toEqual(["two one abc", "two one abc"]);
  });
});

describe("the journal's size", () => {
  test("stays bounded while a document is edited for long", async () => {
    const stage = new Stage();
    const page = stage.device.page();
    const document = await stage.open(page);
    let most = 0;
    for (let i = 0; i < 3_000; i++) {
      document.submit(["x".repeat(50), { d: Math.min(50, document.content.length) }]);
      await stage.scheduler.run(20);
      most = Math.max(most, [...stage.device.entries.values()].reduce((sum, text) => sum + text.length, 0));
    }
    expect(most).toBeGreaterThan(10_000);
    expect(most).toBeLessThan(2 * 64 * 1024 + 10_000);
    page.kill();
    const again = await stage.open(stage.device.page(sameTab(page)));
    expect(again.content).toBe(stage.authority.content);
  });

  test("is that of small records while a large document is typed into", async () => {
    const stage = new Stage();
    stage.server.documents.set("large", new FakeAuthority("text", "y".repeat(500_000)));
    const page = stage.device.page();
    const opening = page.open("large");
    await stage.scheduler.run(1_000);
    const document = await opening;
    for (let i = 0; i < 50; i++) {
      document.submit(["x"]);
      await stage.scheduler.run(20);
    }
    const bytes = stage.device.records.reduce((sum, text) => sum + text.length, 0);
    expect(stage.device.records.length).toBeGreaterThan(50);
    expect(bytes).toBeLessThan(50_000);
  });

  test("does not grow with documents that are only read", async () => {
    const stage = new Stage();
    for (let i = 0; i < 60; i++) stage.server.documents.set(`d${i}`, new FakeAuthority("text", ""));
    for (let i = 0; i < 60; i++) {
      const page = stage.device.page();
      const opening = page.open(`d${i}`);
      await stage.scheduler.run(1_000);
      await opening;
      page.kill();
    }
    const page = stage.device.page();
    page.client.recover();
    await stage.scheduler.run(1_000);
    expect(await page.client.storedDocuments()).toHaveLength(50);
  });
});
