// Documents of type `json`: what the vectors don't show.

import { describe, expect, test } from "vitest";

import { diffJson, type JsonOp, type JsonValue } from "../src/index.js";
import { jsonType } from "../src/ot/json.js";
import { Fixture } from "./support/fixture.js";
import { FakeAuthority } from "./support/fake_authority.js";
import { seededRandom } from "./support/fake_scheduler.js";

const kContent: JsonValue = { list: [1, { a: "x" }], text: "a😀b", n: 1, half: 0.5 };

describe("an operation that the server would refuse is refused", () => {
  const refused: [string, unknown][] = [
    ["no list", {}],
    ["no path", [{ li: 1 }]],
    ["an unknown field", [{ p: ["n"], na: 1, extra: 1 }]],
    ["two actions", [{ p: ["n"], na: 1, oi: 1 }]],
    ["no action", [{ p: ["n"] }]],
    ["the root", [{ p: [], oi: {} }]],
    ["a path through nothing", [{ p: ["nothing", "k"], oi: 1 }]],
    ["an index past the end", [{ p: ["list", 3], li: 1 }]],
    ["a deletion at the end", [{ p: ["list", 2], ld: null }]],
    ["an index that is text", [{ p: ["list", "0"], li: 1 }]],
    ["a key that is a number", [{ p: ["list", 1, 0], oi: 1 }]],
    ["another value than is there", [{ p: ["list", 0], ld: 2 }]],
    ["a key over one that exists", [{ p: ["n"], oi: 2 }]],
    ["a key that does not exist", [{ p: ["m"], od: 2 }]],
    ["other text than is there", [{ p: ["text", 0], sd: "b" }]],
    ["an offset in a pair", [{ p: ["text", 2], si: "x" }]],
    ["half of a pair", [{ p: ["text", 1], sd: "\ud83d" }]],
    ["no text", [{ p: ["text", 0], si: "" }]],
    ["an addition to a fraction", [{ p: ["half"], na: 1 }]],
    ["a fraction", [{ p: ["n"], na: 0.5 }]],
    ["a sum beyond 2^53", [{ p: ["n"], na: 2 ** 53 }]],
    ["an unsafe key", [{ p: ["__proto__"], oi: 1 }]],
    ["an unsafe key inside", [{ p: ["k"], oi: JSON.parse('{"a":{"constructor":1}}') as JsonValue }]],
    ["what is no JSON", [{ p: ["k"], oi: undefined, od: NaN }]],
    ["a move past the end", [{ p: ["list", 0], lm: 2 }]],
    ["a second component that does not fit", [{ p: ["list", 0], ld: 1 }, { p: ["list", 1], ld: { a: "x" } }]],
    ["an unknown subtype", [{ p: ["text"], t: "text1", o: [] }]],
  ];

  test.each(refused)("%s", (_what, op) => {
    expect(() => jsonType.check(kContent, op as JsonOp)).toThrow("does not fit");
  });

  test("and too many levels", () => {
    let deep: JsonValue = 1;
    for (let i = 0; i < 47; i++) deep = [deep];
    expect(() => jsonType.check({}, [{ p: ["k"], oi: deep }])).not.toThrow();
    expect(() => jsonType.check({}, [{ p: ["k"], oi: [deep] }])).toThrow("too deep");
  });
});

test("components see the ones before, and the content given stays as it is", () => {
  const before = structuredClone(kContent);
  const op: JsonOp = [
    { p: ["list", 0], lm: 1 }, { p: ["list", 0, "a", 1], si: "y" }, { p: ["new"], oi: [] },
    { p: ["new", 0], li: null }, { p: ["n"], na: -3 }, { p: ["half"], od: 0.5 },
  ];
  jsonType.check(kContent, op);
  expect(jsonType.apply(kContent, op)).toEqual({ list: [{ a: "xy" }, 1], text: "a😀b", n: -2, new: [null] });
  expect(kContent).toEqual(before);
});

test("what an operation does not touch is shared", () => {
  const content = { big: { a: [1] }, n: 1 };
  const after = jsonType.apply(content, [{ p: ["n"], na: 1 }]) as typeof content;
  expect(after.big).toBe(content.big);
});

test("an insert of null is one", () => {
  expect(jsonType.apply([], [{ p: [0], li: null }])).toEqual([null]);
  expect(jsonType.transform([{ p: [0], li: null }], [{ p: [0], li: 1 }], "right")).toEqual([{ p: [1], li: null }]);
});

describe("the difference", () => {
  test("of two values", () => {
    expect(diffJson({ a: 1, b: "a😀" }, { b: "a😁", c: [] })).toEqual([
      { p: ["a"], od: 1 }, { p: ["b", 1], sd: "😀" }, { p: ["b", 1], si: "😁" }, { p: ["c"], oi: [] },
    ]);
    expect(diffJson([1, 2, 3], [1, 3])).toEqual([{ p: [1], ld: 2 }]);
    expect(() => diffJson([], {})).toThrow("root");
  });

  test("leads from one to the other, for 500 random pairs", () => {
    const random = seededRandom(5);
    const value = (depth: number): JsonValue => {
      const kind = Math.floor(random() * (depth > 0 ? 6 : 4));
      const items = Array.from({ length: kind < 4 ? 0 : Math.floor(random() * 4) }, () => value(depth - 1));
      if (kind === 4) return items;
      if (kind === 5) return Object.fromEntries(items.map((item) => ["abc"[Math.floor(random() * 3)] ?? "", item]));
      return [null, Math.floor(random() * 5), random() < 0.5, ["", "a😀", "ab", "ba😀"][Math.floor(random() * 4)] ?? ""][kind] ?? null;
    };
    for (let i = 0; i < 500; i++) {
      const [from, to] = [{ v: value(3) }, { v: value(3) }];
      const op = diffJson(from, to);
      jsonType.check(from, op);
      expect(jsonType.apply(from, op), JSON.stringify([from, to])).toEqual(to);
    }
  });
});

test("more than the server takes at once goes in several operations", async () => {
  const fixture = new Fixture();
  const authority = new FakeAuthority("json", { list: [] });
  fixture.server.documents.set("j", authority);
  const opening = fixture.newClient().open("j");
  await fixture.scheduler.run(1_000);
  const document = await opening;
  if (!document.is("json")) throw new Error("not json");
  fixture.server.cutAll();
  for (let i = 0; i < 2_500; i++) document.submit([{ p: ["list", i], li: { i } }]);
  await fixture.scheduler.run(10_000);
  expect(document.state).toBe("saved");
  expect(authority.log.map(({ op }) => (op as unknown[]).length)).toEqual([1_000, 1_000, 500]);
  expect(authority.content).toEqual(document.content);
});
