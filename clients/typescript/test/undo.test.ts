// Undo takes back what this client did, and nothing else, whatever happened meanwhile.

import { describe, expect, test } from "vitest";

import { CloudSyncClient, CollaborativeDocument, Delta, MemoryIdentity, type JsonValue, type TypeName } from "../src/index.js";
import { kUndoEntriesMax, kUndoMergeMs, UndoStack } from "../src/document/undo_stack.js";
import { textType } from "../src/ot/text.js";
import { FakeAuthority } from "./support/fake_authority.js";
import { FakeScheduler, seededRandom } from "./support/fake_scheduler.js";
import { FakeServer } from "./support/fake_server.js";

declare const process: { env: Record<string, string | undefined> };

/** A text that is edited by us, each edit an undo step of its own, and by others. */
class Page {
  readonly undo = new UndoStack(textType);
  text: string;
  #nowMs = 0;

  constructor(text: string) {
    this.text = text;
  }

  own(op: (string | number | { d: number })[], afterMs = 10_000): this {
    this.#nowMs += afterMs;
    const before = this.text;
    this.text = textType.apply(before, op);
    this.undo.record(op, before, this.#nowMs);
    return this;
  }

  others(op: (string | number | { d: number })[]): this {
    this.text = textType.apply(this.text, op);
    this.undo.follow(op);
    return this;
  }

  step(direction: "undo" | "redo"): this {
    const op = this.undo[direction](this.text);
    if (op !== null) this.text = textType.apply(this.text, op);
    return this;
  }
}

describe("the stack", () => {
  test("undoes and redoes edit by edit", () => {
    const page = new Page("abc").own([3, "d"]).own([{ d: 1 }]).own([1, "X"]);
    expect(page.text).toBe("bXcd");
    expect([1, 2, 3].map(() => page.step("undo").text)).toEqual(["bcd", "abcd", "abc"]);
    expect(page.undo.canUndo).toBe(false);
    expect(page.step("undo").text).toBe("abc");
    expect([1, 2, 3].map(() => page.step("redo").text)).toEqual(["abcd", "bcd", "bXcd"]);
    expect(page.undo.canRedo).toBe(false);
  });

  test("leaves what others did where it is", () => {
    const page = new Page("abc").own([1, "--"]).others([2, "?"]).own([{ d: 1 }]).others(["!"]);
    expect(page.text).toBe("!-?-bc");
    expect(page.step("undo").text).toBe("a!-?-bc");
    expect(page.others([7, "."]).step("undo").text).toBe("a!?bc.");
    expect(page.others(["0"]).step("redo").text).toBe("0a!-?-bc.");
    expect(page.step("redo").text).toBe("0!-?-bc.");
  });

  test("a new edit ends what could be redone", () => {
    const page = new Page("").own(["a"]).step("undo").own(["b"]);
    expect(page.step("redo").text).toBe("b");
    expect(page.step("undo").text).toBe("");
  });

  test("edits right after each other are one step, over what others did between them, until a seal", () => {
    const page = new Page("").own(["a"]).others(["<"]).own([2, "b"], kUndoMergeMs).others([3, ">"]);
    page.undo.seal();
    page.own([4, "!"], 0);
    expect(page.text).toBe("<ab>!");
    expect(page.step("undo").text).toBe("<ab>");
    expect(page.step("undo").text).toBe("<>");
    expect(page.step("redo").text).toBe("<ab>");
    const slow = new Page("").own(["a"]).own([1, "b"], kUndoMergeMs - 1).own([2, "c"], 2);
    expect(slow.step("undo").text).toBe("ab");
  });

  test("skips what others took back", () => {
    const page = new Page("x").own([1, "1"]).own([2, "2"]).others([2, { d: 1 }]);
    expect(page.step("undo").text).toBe("x");
    expect(page.undo.canUndo).toBe(false);
  });

  test("keeps the newest edits", () => {
    const page = new Page("");
    for (let i = 0; i <= kUndoEntriesMax; i++) page.own(["."]);
    for (let i = 0; i <= kUndoEntriesMax; i++) page.step("undo");
    expect(page.text).toBe(".");
  });
});

type Random = () => number;
const pick = (random: Random, limit: number): number => Math.floor(random() * limit);

/** Inserts `mark`, which is of one character, somewhere. */
function insertMark(document: CollaborativeDocument, random: Random, mark: string): void {
  if (document.is("text")) {
    const at = pick(random, document.content.length + 1);
    document.submit(at === 0 ? [mark] : [at, mark]);
  } else if (document.is("rich-text")) {
    const at = pick(random, document.content.length());
    document.submit(new Delta().retain(at).insert(mark, random() < 0.5 ? { bold: true } : {}));
  } else if (document.is("json")) {
    const { list, text } = document.content as { list: JsonValue[]; text: string };
    if (random() < 0.5) document.submit([{ p: ["list", pick(random, list.length + 1)], li: mark }]);
    else document.submit([{ p: ["text", pick(random, text.length + 1)], si: mark }]);
  }
}

const kEmpty: Record<TypeName, unknown> = { text: "", "rich-text": [{ insert: "\n" }], json: { list: [], text: "" } };
const marksOf = (document: CollaborativeDocument, author: string): number =>
  JSON.stringify(document.content).split(author).length - 1;

describe.each(["text", "rich-text", "json"] as const)("%s, with others at work", (typeName) => {
  const kEdits = 30;

  async function run(seed: number): Promise<void> {
    const scheduler = new FakeScheduler(seed);
    const random = seededRandom(seed * 104_729);
    const server = new FakeServer(scheduler, { delayMs: 60, duplicate: 0.1, fetchLimit: 5 });
    server.documents.set("d", new FakeAuthority(typeName, kEmpty[typeName]));
    const clients = ["A", "B"].map((name) => new CloudSyncClient({
      url: "http://x", name, identity: new MemoryIdentity(), scheduler, transport: server.transport,
    }));
    const opening = clients.map((client) => client.open("d"));
    await scheduler.run(5_000);
    const [ann, ben] = await Promise.all(opening);
    if (ann === undefined || ben === undefined) throw new Error("not open");
    const mix = async (step: () => void): Promise<void> => {
      step();
      insertMark(ben, random, "B");
      if (random() < 0.05) server.cutRandom();
      await scheduler.run(pick(random, 900));
    };
    for (let i = 0; i < kEdits; i++) await mix(() => insertMark(ann, random, "A"));
    while (ann.canUndo) await mix(() => ann.undo());
    expect(marksOf(ann, "A"), `seed ${seed}`).toBe(0);
    while (ann.canRedo) await mix(() => ann.redo());
    expect(marksOf(ann, "A"), `seed ${seed}`).toBe(kEdits);
    await scheduler.run(60_000);
    expect(ben.content, `seed ${seed}`).toEqual(ann.content);
    expect(ben.content, `seed ${seed}`).toEqual(server.documents.get("d")?.content);
    // Each of Ben's is there, and none of his own was undone.
    expect(marksOf(ann, "B"), `seed ${seed}`).toBe(marksOf(ben, "B"));
    expect(ben.canUndo).toBe(true);
    while (ben.canUndo) ben.undo();
    expect(marksOf(ben, "B"), `seed ${seed}`).toBe(0);
    expect(marksOf(ben, "A"), `seed ${seed}`).toBe(kEdits);
  }

  test("all of our edits go and come back, none of theirs", { timeout: 60_000 }, async () => {
    const one = process.env.CS_SEED;
    for (let seed = Number(one ?? 1); seed <= Number(one ?? 20); seed++) await run(seed);
  });
});

describe("a value that another changed later", () => {
  test("stays when our change is undone", async () => {
    const scheduler = new FakeScheduler(1);
    const server = new FakeServer(scheduler, { delayMs: 5, duplicate: 0, fetchLimit: 5 });
    server.documents.set("j", new FakeAuthority("json", { k: 0 }));
    server.documents.set("r", new FakeAuthority("rich-text", [{ insert: "word\n" }]));
    const clients = [1, 2].map(() => new CloudSyncClient({
      url: "http://x", identity: new MemoryIdentity(), scheduler, transport: server.transport,
    }));
    const opening = clients.flatMap((client) => [client.open("j"), client.open("r")]);
    await scheduler.run(1_000);
    const [json, rich, otherJson, otherRich] = await Promise.all(opening);
    if (json?.is("json") !== true || otherJson?.is("json") !== true) throw new Error("not json");
    if (rich?.is("rich-text") !== true || otherRich?.is("rich-text") !== true) throw new Error("not rich text");
    json.submit([{ p: ["k"], od: 0, oi: 1 }]);
    rich.submit(new Delta().retain(4, { color: "red" }));
    await scheduler.run(1_000);
    otherJson.submit([{ p: ["k"], od: 1, oi: 2 }]);
    otherRich.submit(new Delta().retain(4, { color: "blue" }));
    await scheduler.run(1_000);
    expect([json.undo(), rich.undo()]).toEqual([null, null]);
    expect(json.content).toEqual({ k: 2 });
    expect(rich.content.ops[0]).toEqual({ insert: "word", attributes: { color: "blue" } });
  });
});
