import { describe, expect, test } from "vitest";

import { Delta } from "../src/index.js";
import { richTextType } from "../src/ot/rich_text.js";
import { codePointCount, diffText, textType } from "../src/ot/text.js";
import { cutsPair, wellFormed, wellFormedJson } from "../src/ot/well_formed.js";
import { seededRandom } from "./support/fake_scheduler.js";

const kHigh = "\ud83d";
const kLow = "\ude00";

describe("well-formed text", () => {
  test("has U+FFFD for each half, in as many units and code points", () => {
    for (const [text, expected] of [
      ["", ""], ["a😀b", "a😀b"], [kHigh, "\ufffd"], [kLow, "\ufffd"], [`${kLow}${kHigh}`, "\ufffd\ufffd"],
      [`${kHigh}😀${kLow}`, "\ufffd😀\ufffd"],
    ] as const) {
      expect(wellFormed(text)).toBe(expected);
      expect(codePointCount(text)).toBe([...expected].length);
    }
  });

  test("reaches every string and key of a value, and leaves a whole value as it is", () => {
    expect(wellFormedJson([{ [kHigh]: [kLow, 1, null, true] }])).toEqual([{ "\ufffd": ["\ufffd", 1, null, true] }]);
    const whole = [{ insert: "😀", attributes: { link: "x" } }];
    expect(wellFormedJson(whole)).toBe(whole);
  });
});

describe("the repair of an operation", () => {
  const content = new Delta().insert("a😀b").insert("😀", { bold: true }).insert("\n");
  const repaired = (op: Delta) => richTextType.repair(content, op).ops;

  test("leaves an operation without halves as it is", () => {
    const op = new Delta().retain(1).delete(2).insert("😀").retain(1).retain(2, { bold: null });
    expect(richTextType.repair(content, op)).toBe(op);
    const text = [1, "😀", { d: 1 }];
    expect(textType.repair("a😀", text)).toBe(text);
  });

  test("replaces halves in text, formats and embeds", () => {
    const op = new Delta().insert(`x${kHigh}`, { link: kLow }).insert({ image: kHigh });
    expect(repaired(op)).toEqual([
      { insert: "x\ufffd", attributes: { link: "\ufffd" } }, { insert: { image: "\ufffd" } },
    ]);
    expect(textType.repair("", [kHigh])).toEqual(["\ufffd"]);
  });

  test("mends the difference to a text with a half", () => {
    const op = diffText("a😀b", `a${kHigh}b`);
    textType.check("a😀b", op);
    expect(textType.repair("a😀b", op)).toEqual([1, "\ufffd", { d: 1 }]);
  });

  test("joins halves that neighbouring inserts share", () => {
    expect(repaired(new Delta([{ insert: kHigh }, { insert: kLow }]))).toEqual([{ insert: "😀" }]);
  });

  test("leaves U+FFFD of a pair of which one half is deleted, formatted or parted", () => {
    const outcome = (op: Delta) => richTextType.apply(content, richTextType.repair(content, op)).ops;
    const rest = content.ops.slice(1);
    expect(outcome(new Delta().retain(1).delete(1))).toEqual([{ insert: "a\ufffdb" }, ...rest]);
    expect(outcome(new Delta().retain(2).delete(1))).toEqual([{ insert: "a\ufffdb" }, ...rest]);
    expect(outcome(new Delta().retain(2).insert("x"))).toEqual([{ insert: "a\ufffdx\ufffdb" }, ...rest]);
    expect(outcome(new Delta().retain(2).retain(1, { bold: true }))).toEqual([
      { insert: "a\ufffd" }, { insert: "\ufffd", attributes: { bold: true } }, { insert: "b" }, ...rest,
    ]);
  });

  test("touches nothing but the pairs that are cut", () => {
    const long = new Delta().insert("😀 and a long text, then 😀").insert("\n");
    const op = new Delta().delete(1).retain(24, { bold: true }).delete(1);
    expect(richTextType.repair(long, op).ops).toEqual([
      { insert: "\ufffd", attributes: { bold: true } }, { delete: 2 },
      { retain: 23, attributes: { bold: true } },
      { insert: "\ufffd" }, { delete: 2 },
    ]);
  });

  test("takes a pair whose half is exchanged for another character", () => {
    const op = new Delta().retain(2).insert("\ude01").delete(1);
    expect(richTextType.apply(content, richTextType.repair(content, op)).ops[0]).toEqual({ insert: "a😁b" });
  });

  test("cuts no pair and leads to the well-formed text of what was asked for, for 2000 random edits", () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const random = seededRandom(seed);
      const pick = (limit: number) => Math.floor(random() * limit);
      const pieces = ["a", "😀", "😁", "𐐀", "\u0301"];
      const from = new Delta();
      for (let i = 0; i < 6; i++) from.insert(pieces[pick(5)] ?? "", pick(3) === 0 ? { bold: true } : {});
      from.insert("\n");
      const op = new Delta().retain(pick(5));
      for (let i = pick(3); i >= 0; i--) {
        op.insert([kHigh, kLow, "\ude01", "x", "😀"][pick(5)] ?? "", pick(2) === 0 ? { bold: true } : {});
        if (pick(2) === 0) op.delete(pick(3));
        else op.retain(pick(3), pick(2) === 0 ? { italic: true } : {});
      }
      if (new Delta(op.ops.filter((c) => c.insert === undefined)).length() > from.length()) continue;
      const wanted = wellFormedJson(from.compose(op).ops.reduce((all, c) => all.push(c), new Delta()).ops);
      const whole = richTextType.repair(from, op);
      expect(richTextType.apply(from, whole).ops, `seed ${seed}`).toEqual(wanted);
      expect(wellFormedJson(whole.ops), `seed ${seed}`).toEqual(whole.ops);
      const text = richTextType.plainText(from);
      let at = 0;
      for (const component of whole.ops) {
        if (component.insert === undefined) at += Delta.Op.length(component);
        expect(cutsPair(text, at), `seed ${seed}`).toBe(false);
      }
    }
  });
});
