import { describe, expect, test } from "vitest";

import { CloudSyncError, MemoryIdentity } from "../src/index.js";
import { failure } from "./support/fake_authority.js";
import { Fixture } from "./support/fixture.js";

describe("editing", () => {
  test("is saving until the server has the edit, then saved", async () => {
    const fixture = new Fixture();
    const { document, events } = await fixture.open();
    document.submit(["x"], "editor");
    await fixture.scheduler.run(1_000);
    expect(events).toEqual(['change local "xabc"', "state saving", "state saved"]);
    expect(fixture.authority.content).toBe("xabc");
  });

  test("composes what is typed while an operation is in flight", async () => {
    const fixture = new Fixture("");
    const { document } = await fixture.open();
    for (const [at, letter] of [..."hello"].entries()) document.submit(at === 0 ? [letter] : [at, letter]);
    await fixture.scheduler.run(1_000);
    expect(fixture.submissions()).toEqual(['[0,1,["h"]]', '[1,2,[1,"ello"]]']);
  });

  test("sends the first edit at once, and what comes within 50 ms of it together", async () => {
    const fixture = new Fixture("", { delayMs: 1 });
    const { document } = await fixture.open();
    const sentAfter = async (ms: number) => {
      await fixture.scheduler.run(ms);
      return fixture.submissions().length;
    };
    document.submit(["a"]);
    expect(await sentAfter(1)).toBe(1);
    await fixture.scheduler.run(20);
    document.submit([1, "b"]);
    await fixture.scheduler.run(10);
    document.submit([2, "c"]);
    expect(await sentAfter(18)).toBe(1);
    expect([await sentAfter(10), document.state]).toEqual([2, "saved"]);
    document.submit([3, "d"]);
    const closed = document.close({ timeoutMs: 1_000 });
    await fixture.scheduler.run(1_000);
    await closed;
    expect(fixture.submissions().map((sent) => JSON.parse(sent)[2])).toEqual([["a"], [1, "bc"], [3, "d"]]);
  });

  test("refuses an operation that does not fit, and keeps the content", async () => {
    const { document } = await new Fixture().open();
    expect(() => document.submit([4, "x"])).toThrow(CloudSyncError);
    expect(document.content).toBe("abc");
  });

  test("applies, reports and sends U+FFFD for half of a surrogate pair", async () => {
    const fixture = new Fixture();
    const { document, events } = await fixture.open();
    const applied = document.submit([1, "x\ud83d"]);
    expect(applied).toEqual([1, "x\ufffd"]);
    document.setPresence({ selection: { index: 3, length: 0 }, name: "\udc00" });
    await fixture.scheduler.run(1_000);
    expect(fixture.submissions()).toEqual(['[0,1,[1,"x\ufffd"]]']);
    expect([document.content, fixture.authority.content]).toEqual(["ax\ufffdbc", "ax\ufffdbc"]);
    expect(events[0]).toBe('change local "ax\ufffdbc"');
    const presence = fixture.server.sent.filter(({ event }) => event === "presence");
    expect(presence.at(-1)?.payload.state).toMatchObject({ name: "\ufffd" });
  });

  test("keeps remote changes waiting while held", async () => {
    const fixture = new Fixture();
    const [one, two] = [await fixture.open(), await fixture.open()];
    one.document.hold();
    two.document.submit(["remote "]);
    await fixture.scheduler.run(1_000);
    one.document.submit([3, "!"]);
    await fixture.scheduler.run(1_000);
    expect(one.document.content).toBe("abc!");
    one.document.release();
    await fixture.scheduler.run(1_000);
    expect([one.document.content, one.document.state]).toEqual(["remote abc!", "saved"]);
  });
});

describe("a lost connection", () => {
  test("resumes with the same client id and sends the identical submission again", async () => {
    const fixture = new Fixture();
    const { document, events } = await fixture.open();
    fixture.server.intercept = (event) => (event === "submit-op" ? "silence" : undefined);
    document.submit(["x"]);
    await fixture.scheduler.run(100);
    fixture.server.intercept = () => undefined;
    fixture.server.cutAll();
    await fixture.scheduler.run(2_000);
    expect(fixture.submissions()).toEqual(['[0,1,["x"]]', '[0,1,["x"]]']);
    expect(fixture.authority.log.map(({ clientId }) => clientId)).toEqual(["client-1"]);
    expect(events.slice(1)).toEqual(["state saving", "state offline", "state saving", "state saved"]);
  });

  test("takes the own operation in the catch-up for its acknowledgement", async () => {
    const fixture = new Fixture();
    const { document } = await fixture.open();
    document.submit(["x"]);
    // Committed, but neither frame nor ack come back.
    fixture.authority.submit("client-1", 0, 1, ["x"]);
    fixture.server.cutAll();
    await fixture.scheduler.run(2_000);
    expect([document.content, document.state]).toEqual(["xabc", "saved"]);
    expect(fixture.submissions()).toHaveLength(1);
  });

  test("sends what was typed offline once, and nothing before", async () => {
    const fixture = new Fixture();
    const { document } = await fixture.open();
    fixture.server.isUp = false;
    fixture.server.cutAll();
    await fixture.scheduler.run(60_000);
    document.submit(["offline "]);
    document.setPresence({ selection: { index: 8, length: 0 } });
    await fixture.scheduler.run(60_000);
    expect([document.state, document.hasUnsavedChanges]).toEqual(["offline", true]);
    expect(fixture.submissions()).toEqual([]);
    fixture.server.isUp = true;
    await fixture.scheduler.run(6_000);
    expect([document.state, fixture.authority.content]).toEqual(["saved", "offline abc"]);
    expect(fixture.submissions()).toHaveLength(1);
    expect(fixture.server.violations).toEqual([]);
  });

  test("asks for the next page of what it missed before it applies one", async () => {
    const fixture = new Fixture("", { fetchLimit: 2 });
    const { document } = await fixture.open();
    fixture.server.isUp = false;
    fixture.server.cutAll();
    for (let i = 0; i < 7; i++) fixture.authority.submit("other", i, i, [String(i)]);
    const fetches = () => fixture.server.sent.filter(({ event }) => event === "fetch-ops").length;
    const changes: string[] = [];
    document.on("change", () => changes.push(`${document.content} with ${fetches()} asked for`));
    fixture.server.isUp = true;
    await fixture.scheduler.run(6_000);
    expect(changes).toEqual([
      "10 with 0 asked for", "3210 with 2 asked for", "543210 with 3 asked for", "6543210 with 3 asked for",
    ]);
  });

  test("goes on under a new identity when the server refuses the old one", async () => {
    const fixture = new Fixture();
    const { document } = await fixture.open();
    fixture.server.refuseConnect = ({ client }) => (client === undefined ? null : { code: "forbidden", message: "" });
    fixture.server.cutAll();
    document.submit(["x"]);
    await fixture.scheduler.run(3_000);
    expect(fixture.authority.log.map(({ clientId }) => clientId)).toEqual(["client-2"]);
    expect([document.content, document.state]).toEqual(["xabc", "saved"]);
  });
});

describe("an unanswered or refused submission", () => {
  test("is sent again, identical, after the timeout", async () => {
    const fixture = new Fixture();
    const { document } = await fixture.open();
    fixture.server.intercept = (event) => (event === "submit-op" ? "silence" : undefined);
    document.submit(["x"]);
    await fixture.scheduler.run(9_000);
    document.submit([1, "y"]);
    fixture.server.intercept = () => undefined;
    await fixture.scheduler.run(3_000);
    expect(fixture.submissions()).toEqual(['[0,1,["x"]]', '[0,1,["x"]]', '[1,2,[1,"y"]]']);
  });

  test.each(["overloaded", "rate_limited"] as const)("is sent again, identical, when it is %s, not before the server said", async (code) => {
    const fixture = new Fixture();
    const { document } = await fixture.open();
    fixture.server.intercept = (event) => (event === "submit-op" ? failure(code, 2_000) : undefined);
    document.submit(["x"]);
    await fixture.scheduler.run(1_900);
    expect(fixture.submissions()).toHaveLength(1);
    fixture.server.intercept = () => undefined;
    await fixture.scheduler.run(1_000);
    expect(fixture.submissions()).toEqual(['[0,1,["x"]]', '[0,1,["x"]]']);
    expect(document.state).toBe("saved");
  });

  test("becomes a copy when it is invalid, and editing goes on from the server's state", async () => {
    const fixture = new Fixture();
    const { document, events } = await fixture.open();
    fixture.server.intercept = (event) => (event === "submit-op" ? failure("op_invalid") : undefined);
    document.submit(["lost "]);
    document.submit([5, "too "]);
    await fixture.scheduler.run(100);
    expect(events).toContain('unsent op_invalid "lost too abc" "lost too "');
    expect([document.content, document.state]).toEqual(["abc", "saved"]);
    fixture.server.intercept = () => undefined;
    document.submit(["kept "]);
    await fixture.scheduler.run(100);
    expect(fixture.authority.content).toBe("kept abc");
  });

  test("becomes a copy, unsent, when it is larger than a message may be", async () => {
    const fixture = new Fixture("abc", { maxPayloadBytes: 1_000 });
    const { document, events } = await fixture.open();
    const paste = "x".repeat(1_000);
    document.submit([paste]);
    await fixture.scheduler.run(5_000);
    expect(events).toContain(`unsent too_large "${paste}abc" "${paste}"`);
    expect(fixture.submissions()).toEqual([]);
    expect([document.content, document.state, fixture.server.openCount]).toEqual(["abc", "saved", 1]);
    document.submit(["kept "]);
    await fixture.scheduler.run(100);
    expect(fixture.authority.content).toBe("kept abc");
  });

  test("joins again when the server forgot the membership", async () => {
    const fixture = new Fixture();
    const { document } = await fixture.open();
    let refusals = 1;
    fixture.server.intercept = (event) =>
      event === "submit-op" && refusals-- > 0 ? failure("not_joined") : undefined;
    document.submit(["x"]);
    await fixture.scheduler.run(2_000);
    expect([document.state, fixture.authority.content]).toEqual(["saved", "xabc"]);
  });
});

describe("another history on the server", () => {
  test("makes the whole text a copy and joins afresh", async () => {
    const fixture = new Fixture();
    const { document, events } = await fixture.open();
    document.submit(["acknowledged "]);
    await fixture.scheduler.run(1_000);
    fixture.server.isUp = false;
    fixture.server.cutAll();
    fixture.authority.forgetAfter(0);
    fixture.authority.submit("other", 0, 1, [3, " other"]);
    fixture.server.isUp = true;
    await fixture.scheduler.run(3_000);
    expect(events.filter((event) => event.startsWith("unsent"))).toEqual([
      'unsent history_diverged "acknowledged abc" "acknowledged abc"',
    ]);
    expect([document.content, document.state]).toEqual(["abc other", "saved"]);
  });

  test("keeps unsent edits as a copy when the revision is too old", async () => {
    const fixture = new Fixture();
    const { document, events } = await fixture.open();
    fixture.server.cutAll();
    document.submit(["unsent "]);
    fixture.server.intercept = (event, { revision }) =>
      event === "join-document" && revision !== undefined ? failure("revision_too_old") : undefined;
    await fixture.scheduler.run(3_000);
    expect(events).toContain('unsent revision_too_old "unsent abc" "unsent "');
    expect([document.content, document.state]).toEqual(["abc", "saved"]);
  });
});

describe("opening and closing", () => {
  test("rejects with the server's code for an unknown document", async () => {
    const fixture = new Fixture();
    const opening = fixture.newClient().open("nowhere");
    const outcome = opening.catch((error: unknown) => error);
    await fixture.scheduler.run(1_000);
    expect(await outcome).toMatchObject({ name: "CloudSyncError", code: "not_found" });
  });

  test("waits for the acknowledgement before it leaves", async () => {
    const fixture = new Fixture();
    const { document } = await fixture.open();
    document.submit(["last words "]);
    const closing = document.close();
    expect(document.state).toBe("saving");
    await fixture.scheduler.run(1_000);
    await closing;
    expect([document.state, fixture.authority.content]).toEqual(["closed", "last words abc"]);
  });

  test("rejects and stays open when the last edits cannot be saved", async () => {
    const fixture = new Fixture();
    const { document } = await fixture.open();
    fixture.server.isUp = false;
    fixture.server.cutAll();
    document.submit(["x"]);
    const outcome = document.close({ timeoutMs: 5_000 }).catch((error: unknown) => error);
    await fixture.scheduler.run(6_000);
    expect(await outcome).toMatchObject({ code: "timeout" });
    expect([document.state, document.content]).toEqual(["offline", "xabc"]);
  });

  test("stops when another page takes the client over, and resumes when asked", async () => {
    const fixture = new Fixture();
    const { client, document } = await fixture.open();
    const twin = new MemoryIdentity();
    twin.adopt({ id: "client-1", secret: "secret of client-1" });
    await fixture.open(twin);
    await fixture.scheduler.run(60_000);
    expect(document.state).toBe("superseded");
    document.submit(["x"]);
    client.reconnect();
    await fixture.scheduler.run(2_000);
    expect([document.state, fixture.authority.content]).toEqual(["saved", "xabc"]);
  });
});

describe("presence and members", () => {
  test("moves with edits made meanwhile, ours and theirs", async () => {
    const fixture = new Fixture();
    const [one, two] = [await fixture.open(), await fixture.open()];
    two.document.setPresence({ selection: { index: 1, length: 1 } });
    await fixture.scheduler.run(1_000);
    one.document.submit(["12"]);
    expect(one.document.presence[0]?.state.selection).toEqual({ index: 3, length: 1 });
    await fixture.scheduler.run(1_000);
    two.document.submit([3, "3"]);
    await fixture.scheduler.run(1_000);
    // Their own insert at their cursor moves it.
    expect(one.document.presence[0]?.state.selection).toEqual({ index: 4, length: 1 });
  });

  test("is sent at most once in 50 ms, and only when nothing is pending", async () => {
    const fixture = new Fixture();
    const { document } = await fixture.open();
    for (let i = 0; i < 10; i++) {
      document.setPresence({ selection: { index: i % 3, length: 0 } });
      await fixture.scheduler.run(10);
    }
    fixture.server.intercept = (event) => (event === "submit-op" ? "silence" : undefined);
    const before = fixture.server.sent.filter(({ event }) => event === "presence").length;
    expect(before).toBeLessThanOrEqual(3);
    document.submit(["x"]);
    document.setPresence({ selection: { index: 3, length: 0 } });
    await fixture.scheduler.run(1_000);
    expect(fixture.server.sent.filter(({ event }) => event === "presence")).toHaveLength(before);
  });

  test("that the others expect is repeated now and then only", async () => {
    const fixture = new Fixture();
    const [one, two] = [await fixture.open(), await fixture.open()];
    const sent = () => fixture.server.sent.filter(({ event }) => event === "presence").length;
    two.document.setPresence({ selection: { index: 0, length: 0 } });
    await fixture.scheduler.run(1_000);
    for (let key = 1; key <= 25; key++) {
      two.document.submit(key === 1 ? ["x"] : [key - 1, "x"]);
      two.document.setPresence({ selection: { index: key, length: 0 } });
      await fixture.scheduler.run(100);
      expect(one.document.presence[0]?.state.selection).toEqual({ index: key, length: 0 });
      expect(one.document.presence[0]?.reports).toBeGreaterThan(key);
    }
    expect(sent()).toBe(2);
    two.document.setPresence({ selection: { index: 5, length: 2 } });
    await fixture.scheduler.run(100);
    expect(sent()).toBe(3);
    expect(one.document.presence[0]?.state.selection).toEqual({ index: 5, length: 2 });
  });

  test("follows who comes and goes", async () => {
    const fixture = new Fixture();
    const [one, two] = [await fixture.open(), await fixture.open()];
    expect(one.document.members.map(({ clientId }) => clientId)).toEqual(["client-2"]);
    await two.client.close();
    await fixture.scheduler.run(1_000);
    expect(one.document.members).toEqual([]);
  });
});
