// `text`: plain text, operations of ot-text-unicode. All counts are Unicode code points; content is
// an ordinary string of UTF-16 units.

import { type, type TextOp, type TextOpComponent, type TextType } from "ot-text-unicode";

import { CloudSyncError } from "../errors.js";
import { transformEnds, type OtType } from "./type.js";
import { cutsPair, isHighSurrogate, isLowSurrogate, wellFormedJson } from "./well_formed.js";

export type { TextOp, TextOpComponent };

const textUnicode: TextType<string> = type;

function isComponent(value: unknown): value is TextOpComponent {
  if (typeof value === "string" || typeof value === "number") return true;
  if (typeof value !== "object" || value === null || !("d" in value)) return false;
  return typeof value.d === "number" || typeof value.d === "string";
}

/** The number of code points of `text`; half of a surrogate pair counts as one. */
export function codePointCount(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    // The second half of a pair is not counted.
    if (!isLowSurrogate(text.charCodeAt(i)) || !cutsPair(text, i)) count++;
  }
  return count;
}

/** How many units of `a` and `b` from the start are equal, without splitting a surrogate pair. */
export function commonPrefix(a: string, b: string): number {
  const limit = Math.min(a.length, b.length);
  let n = 0;
  while (n < limit && a.charCodeAt(n) === b.charCodeAt(n)) n++;
  return n > 0 && isHighSurrogate(a.charCodeAt(n - 1)) ? n - 1 : n;
}

/** The same from the end, at most `limit`. */
export function commonSuffix(a: string, b: string, limit: number): number {
  let n = 0;
  while (n < limit && a.charCodeAt(a.length - 1 - n) === b.charCodeAt(b.length - 1 - n)) n++;
  return n > 0 && isLowSurrogate(a.charCodeAt(a.length - n)) ? n - 1 : n;
}

/** The smallest single replacement that leads from `from` to `to`. */
export function diffText(from: string, to: string): TextOp {
  const prefix = commonPrefix(from, to);
  const suffix = commonSuffix(from, to, Math.min(from.length, to.length) - prefix);
  const deleted = codePointCount(from.slice(prefix, from.length - suffix));
  const inserted = to.slice(prefix, to.length - suffix);
  if (deleted === 0 && inserted === "") return [];
  const op: TextOp = prefix === 0 ? [] : [codePointCount(from.slice(0, prefix))];
  if (inserted !== "") op.push(inserted);
  if (deleted > 0) op.push({ d: deleted });
  return op;
}

function consumedLength(op: TextOp): number {
  let length = 0;
  for (const component of op) {
    if (typeof component === "number") length += component;
    else if (typeof component === "object") {
      length += typeof component.d === "number" ? component.d : codePointCount(component.d);
    }
  }
  return length;
}

/** Whether two components of one kind stand beside each other; only then what was checked is not in normal form. */
function hasNeighbours(op: TextOp): boolean {
  return op.some((component, i) => i > 0 && typeof component === typeof op[i - 1]);
}

function isEmpty(component: TextOpComponent): boolean {
  const length = typeof component === "object" ? component.d : component;
  return length === 0 || length === "";
}

/** Whether `op` is as the server sends it: what comes by the thousand is not built anew. */
function isNormalForm(op: TextOp): boolean {
  return typeof op[op.length - 1] !== "number" && !hasNeighbours(op) && !op.some(isEmpty);
}

/** With neighbours merged. Transforming depends on it, and the reference merges in place. */
function normalForm(op: TextOp): TextOp {
  return textUnicode.normalize(op.map((c) => (typeof c === "object" ? { ...c } : c)));
}

function transformPosition(position: number, op: TextOp, isOwn: boolean): number {
  let at = 0;
  let result = position;
  for (const component of op) {
    if (at > result) break;
    if (typeof component === "number") {
      at += component;
    } else if (typeof component === "string") {
      const length = codePointCount(component);
      if (at < result || isOwn) {
        result += length;
      }
      at += length;
    } else {
      const length = typeof component.d === "number" ? component.d : codePointCount(component.d);
      result -= Math.min(length, Math.max(0, result - at));
    }
  }
  return result;
}

export const textType: OtType<string, TextOp> = {
  name: "text",
  undoSide: "left",

  contentFromWire(value) {
    if (typeof value !== "string") throw new CloudSyncError("bad_reply", "Text content is not a string.");
    return value;
  },

  contentToWire: (content) => content,

  opFromWire(value) {
    if (!Array.isArray(value) || !value.every(isComponent)) {
      throw new CloudSyncError("bad_reply", "Not an operation of type text.");
    }
    const op = value as TextOp;
    return isNormalForm(op) ? op : normalForm(op);
  },

  opToWire: (op) => op,

  check(content, op) {
    try {
      textUnicode.checkOp(op);
    } catch (error) {
      throw new CloudSyncError("op_invalid", error instanceof Error ? error.message : "Invalid operation.");
    }
    // One code point has at most two units: count only when the cheap bound does not decide.
    const consumed = consumedLength(op);
    if (consumed * 2 > content.length && consumed > codePointCount(content)) {
      throw new CloudSyncError("op_invalid", "The operation is longer than the document.");
    }
  },

  repair: (_content, op) => wellFormedJson(hasNeighbours(op) ? normalForm(op) : op),

  isNoop: (op) => op.length === 0,
  apply: (content, op) => textUnicode.apply(content, op),
  compose: (a, b) => textUnicode.compose(a, b),
  transform: (op, other, side) => textUnicode.transform(op, other, side),
  invert: (op, content) => textUnicode.invertWithDoc(op, content) as TextOp,
  split: (op) => [op, null],
  diff: diffText,
  insertAll: (content) => (content === "" ? [] : [content]),

  transformSelection: (selection, op, isOwn) =>
    transformEnds(selection, (position) => transformPosition(position, op, isOwn)),

  insertedText: (op) => op.filter((c): c is string => typeof c === "string").join(""),
  plainText: (content) => content,
};
