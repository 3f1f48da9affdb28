import { describe, expect, test } from "vitest";
import { Delta, type TextOp } from "@cloudsync/client";
import { type as textUnicode } from "ot-text-unicode";

import { textOpFromView, textOpToView, textToView, utf16Offset } from "../src/editor/text_mapping";

const kFamily = "👩‍👧"; // 3 code points, 5 units

describe("text in Quill", () => {
  test("has one line end more than the document", () => {
    expect(textToView("ab").ops).toEqual([{ insert: "ab\n" }]);
    expect(textToView("").ops).toEqual([{ insert: "\n" }]);
  });

  test("code points become units", () => {
    expect(utf16Offset(`a${kFamily}b`, 4)).toBe(6);
    expect(textOpToView([4, "x", { d: 1 }], `a${kFamily}b`).ops).toEqual([{ retain: 6 }, { insert: "x" }, { delete: 1 }]);
    expect(textOpToView([1, { d: 3 }], `a${kFamily}b`).ops).toEqual([{ retain: 1 }, { delete: 5 }]);
  });

  test("units become code points", () => {
    expect(textOpFromView(new Delta().retain(6).insert("x").delete(1), `a${kFamily}b`)).toEqual([4, "x", { d: 1 }]);
    expect(textOpFromView(new Delta().insert("x").retain(2), "ab")).toEqual(["x"]);
  });

  test("a change that cuts through a character replaces the whole character", () => {
    // "😀" to "😁", as a difference of units would say it.
    const op = textOpFromView(new Delta().retain(2).insert("\ude01").delete(1), "a😀b");
    expect(textUnicode.apply("a😀b", op)).toBe("a😁b");
    expect(op).toEqual([1, "😁", { d: 1 }]);
  });

  test("the last line end is not ours to delete", () => {
    const op = textOpFromView(new Delta().retain(1).delete(2), "ab");
    expect(textUnicode.apply("ab", op)).toBe("a");
  });

  test("both directions agree on random edits", () => {
    let seed = 7;
    const random = (limit: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >>> 8) % limit;
    };
    const alphabet = ["a", "é", "😀", kFamily, "\n", "e\u0301"];
    let text = "start";
    for (let i = 0; i < 2_000; i++) {
      const length = [...text].length;
      const at = random(length + 1);
      const deleted = length > 40 ? length - at : Math.min(length - at, random(3));
      const raw: TextOp = [at, alphabet[random(alphabet.length)] ?? "", { d: deleted }];
      const op = textUnicode.normalize(raw);
      const view = textOpToView(op, text);
      const expected = textUnicode.apply(text, op);
      expect(textToView(text).compose(view).ops).toEqual(textToView(expected).ops);
      expect(textUnicode.apply(text, textOpFromView(view, text))).toBe(expected);
      text = expected;
    }
  });
});
