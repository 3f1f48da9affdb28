import { describe, expect, test } from "vitest";

import { codePointCount, Delta, diffText } from "../src/index.js";
import { richTextType } from "../src/ot/rich_text.js";
import { textType } from "../src/ot/text.js";

describe("text", () => {
  test("counts code points", () => {
    expect(codePointCount("a😀👩‍👧e\u0301")).toBe(7);
  });

  test("the difference never splits a surrogate pair", () => {
    expect(diffText("a😀b", "a😁b")).toEqual([1, "😁", { d: 1 }]);
    expect(diffText("𐐀x", "😀x")).toEqual(["😀", { d: 1 }]);
    expect(diffText("aaa", "aa")).toEqual([2, { d: 1 }]);
    expect(diffText("same", "same")).toEqual([]);
  });

  test("an insert at a position moves it only for its owner", () => {
    expect(textType.transformPosition(2, [2, "xy"], false)).toBe(2);
    expect(textType.transformPosition(2, [2, "xy"], true)).toBe(4);
    expect(textType.transformPosition(2, ["😀"], false)).toBe(3);
    expect(textType.transformPosition(5, [2, { d: 2 }], false)).toBe(3);
    expect(textType.transformPosition(3, [2, { d: 4 }], false)).toBe(2);
  });

  test("refuses what the server would refuse", () => {
    for (const op of [[4], [0, "x"], [""], [{ d: 4 }], [1, 1, "x"], [3, "x", { d: 1 }]]) {
      expect(() => textType.check("abc", op), JSON.stringify(op)).toThrow();
    }
    expect(() => textType.check("😀😀", [2, "x"])).not.toThrow();
    expect(() => textType.check("😀😀", [3, "x"])).toThrow("longer");
  });

  test("own inserts go first at a tie", () => {
    expect(textType.transform(["a"], ["b"], "left")).toEqual(["a"]);
    expect(textType.transform(["b"], ["a"], "right")).toEqual([1, "b"]);
  });
});

describe("rich text", () => {
  test("leaves the priority to the other operation for left, as the type on the server", () => {
    const a = new Delta().insert("a");
    const b = new Delta().insert("b");
    expect(richTextType.transform(a, b, "left").ops).toEqual([{ retain: 1 }, { insert: "a" }]);
    expect(richTextType.transform(b, a, "right").ops).toEqual([{ insert: "b" }]);
  });

  test("refuses what the server would refuse", () => {
    const content = new Delta().insert("abc\n");
    const invalid = [[{ delete: 5 }], [{ retain: -1 }], [{ insert: "x", delete: 1 }], [{}], [{ insert: "" }]];
    for (const ops of invalid) {
      expect(() => richTextType.check(content, new Delta(ops)), JSON.stringify(ops)).toThrow();
    }
  });

  test("reads a list of components as well as an object", () => {
    expect(richTextType.opFromWire([{ insert: "x" }]).ops).toEqual([{ insert: "x" }]);
    expect(richTextType.opFromWire({ ops: [{ insert: "x" }] }).ops).toEqual([{ insert: "x" }]);
    expect(() => richTextType.opFromWire("x")).toThrow("Delta");
  });
});
