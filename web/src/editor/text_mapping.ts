// Between plain text (operations count code points) and a Delta of Quill (UTF-16 units). Quill always
// ends in a line end that is not in the text.

import { codePointCount, Delta, diffText, type TextOp } from "@cloudsync/client";

import { shownText } from "./delta_mapping";

/** The UTF-16 offset that is `count` code points behind `from`. */
export function utf16Offset(text: string, count: number, from = 0): number {
  let offset = from;
  for (let i = 0; i < count && offset < text.length; i++) {
    const unit = text.charCodeAt(offset);
    offset += unit >= 0xd800 && unit <= 0xdbff ? 2 : 1;
  }
  return offset;
}

export function textToView(content: string): Delta {
  return new Delta().insert(`${shownText(content)}\n`);
}

/** `op` on `before` as a change for Quill. */
export function textOpToView(op: TextOp, before: string): Delta {
  const delta = new Delta();
  let offset = 0;
  for (const component of op) {
    if (typeof component === "string") {
      delta.insert(shownText(component));
      continue;
    }
    const count = typeof component === "number" ? component
      : typeof component.d === "number" ? component.d : codePointCount(component.d);
    const end = utf16Offset(before, count, offset);
    if (typeof component === "number") delta.retain(end - offset);
    else delta.delete(end - offset);
    offset = end;
  }
  return delta;
}

function splitsPair(text: string, offset: number): boolean {
  const unit = text.charCodeAt(offset);
  const previous = text.charCodeAt(offset - 1);
  return unit >= 0xdc00 && unit <= 0xdfff && previous >= 0xd800 && previous <= 0xdbff;
}

/** A change made in Quill as an operation on `before`. */
export function textOpFromView(delta: Delta, before: string): TextOp {
  const op: TextOp = [];
  let after = "";
  let offset = 0;
  let isClean = true;
  for (const part of delta.ops) {
    if (part.insert !== undefined) {
      const text = typeof part.insert === "string" ? part.insert : "";
      op.push(text);
      after += text;
      continue;
    }
    const length = Delta.Op.length(part);
    const end = Math.min(before.length, offset + length);
    // Diffs of Quill may cut through a character; the last line end is not ours to delete.
    isClean &&= !splitsPair(before, end) && (part.delete === undefined || offset + length === end);
    const count = codePointCount(before.slice(offset, end));
    if (part.delete === undefined) {
      after += before.slice(offset, end);
      op.push(count);
    } else {
      op.push({ d: count });
    }
    offset = end;
  }
  if (!isClean || /\p{Surrogate}/u.test(after)) return diffText(before, after + before.slice(offset));
  return normalized(op);
}

function normalized(op: TextOp): TextOp {
  const result = op.filter((c) => (typeof c === "object" ? c.d !== 0 : c !== 0 && c !== ""));
  while (typeof result.at(-1) === "number") result.pop();
  return result;
}
