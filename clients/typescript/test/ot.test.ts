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
    expect(textType.transformSelection({ index: 2, length: 0 }, [2, "xy"], false).index).toBe(2);
    expect(textType.transformSelection({ index: 2, length: 0 }, [2, "xy"], true).index).toBe(4);
    expect(textType.transformSelection({ index: 2, length: 0 }, ["😀"], false).index).toBe(3);
    expect(textType.transformSelection({ index: 5, length: 0 }, [2, { d: 2 }], false).index).toBe(3);
    expect(textType.transformSelection({ index: 3, length: 0 }, [2, { d: 4 }], false).index).toBe(2);
  });

  test("refuses what the server would refuse", () => {
    for (const op of [[4], [0, "x"], [""], [{ d: 4 }], [1, 1, "x"], [3, "x", { d: 1 }]]) {
      expect(() => textType.check("abc", op), JSON.stringify(op)).toThrow();
    }
    expect(() => textType.check("😀😀", [2, "x"])).not.toThrow();
    expect(() => textType.check("😀😀", [3, "x"])).toThrow("longer");
  });

  test("is edited in normal form, on which transforming depends", () => {
    expect(textType.repair("abc", ["x", "y", { d: 1 }, { d: 1 }])).toEqual(["xy", { d: 2 }]);
    const op = [1, "x"];
    expect(textType.repair("abc", op)).toBe(op);
  });

  test("is received in normal form, without building anew what is", () => {
    for (const [sent, normal] of [[["a", "b"], ["ab"]], [[1, "a", 2], [1, "a"]], [["", 1, "a"], [1, "a"]], [[{ d: 0 }, "a"], ["a"]], [[1, 2, "a"], [3, "a"]]]) {
      expect(textType.opFromWire(sent)).toEqual(normal);
    }
    const op = [1, "x", { d: 2 }];
    expect(textType.opFromWire(op)).toBe(op);
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

  test("is edited in normal form, on which transforming depends", () => {
    const content = new Delta().insert("abc\n");
    const repaired = (op: Delta): unknown => richTextType.repair(content, op).ops;
    expect(repaired(new Delta([{ delete: 1 }, { insert: "x" }]))).toEqual([{ insert: "x" }, { delete: 1 }]);
    expect(repaired(new Delta([{ insert: "x", attributes: { bold: null } }]))).toEqual([{ insert: "x" }]);
    expect(repaired(new Delta([{ retain: 1, attributes: {} }, { insert: "x" }, { retain: 1 }])))
      .toEqual([{ retain: 1 }, { insert: "x" }]);
    const op = new Delta().retain(1, { bold: null }).insert("x", { bold: true }).delete(1);
    expect(richTextType.repair(content, op)).toBe(op);
  });

  test("reads a list of components as well as an object", () => {
    expect(richTextType.opFromWire([{ insert: "x" }]).ops).toEqual([{ insert: "x" }]);
    expect(richTextType.opFromWire({ ops: [{ insert: "x" }] }).ops).toEqual([{ insert: "x" }]);
    expect(() => richTextType.opFromWire("x")).toThrow("Delta");
  });
});
