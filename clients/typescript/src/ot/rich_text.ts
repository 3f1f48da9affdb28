// `rich-text`: Quill Delta. Lengths are UTF-16 units, an embed counts 1; content is a Delta of inserts.

import Delta, { type Op as DeltaOp } from "quill-delta";

import { CloudSyncError } from "../errors.js";
import { transformEnds, type OtType } from "./type.js";
import { cutsPair, wellFormedJson } from "./well_formed.js";

export { Delta };
export type { DeltaOp };

function componentsOf(value: unknown): DeltaOp[] {
  const list = Array.isArray(value) ? value : (value as { ops?: unknown } | null)?.ops;
  if (!Array.isArray(list) || !list.every((c) => typeof c === "object" && c !== null)) {
    throw new CloudSyncError("bad_reply", "Not a Delta.");
  }
  return list as DeltaOp[];
}

function isPositiveInteger(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value > 0;
}

function checkComponent(op: DeltaOp): void {
  const kinds = Number(op.insert !== undefined) + Number(op.retain !== undefined) + Number(op.delete !== undefined);
  const isValid =
    kinds === 1 &&
    (op.insert === undefined || (typeof op.insert === "string" ? op.insert.length > 0 : op.insert !== null)) &&
    (op.retain === undefined || typeof op.retain === "object" || isPositiveInteger(op.retain)) &&
    (op.delete === undefined || isPositiveInteger(op.delete));
  if (!isValid) throw new CloudSyncError("op_invalid", `Invalid component ${JSON.stringify(op)}.`);
}

function consumedLength(op: Delta): number {
  let length = 0;
  for (const component of op.ops) {
    if (component.insert === undefined) length += Delta.Op.length(component);
  }
  return length;
}

function plainText(content: Delta): string {
  return content.ops.map((c) => (typeof c.insert === "string" ? c.insert : "\ufffc")).join("");
}

/**
 * With equal neighbours joined: compose leaves seams, and where depends on the order of operations.
 * Two who have the same text then have the same components.
 */
function merged(delta: Delta): Delta {
  const result = new Delta();
  for (const op of delta.ops) result.push(op);
  return result;
}

/**
 * As the server brings it into, on which transforming and equality depend: an insert before a delete
 * beside it, no attribute set to null where there is nothing to remove. The same object if it is so.
 */
function normalForm(op: Delta): Delta {
  const normal = new Delta();
  for (const { insert, retain, delete: length, attributes } of op.ops) {
    if (insert !== undefined) normal.insert(insert, withoutNulls(attributes));
    else if (retain !== undefined) normal.retain(retain, attributes);
    else normal.delete(length ?? 0);
  }
  normal.chop();
  const isSame = (c: DeltaOp, i: number): boolean =>
    (c.insert === undefined) === (op.ops[i]?.insert === undefined) && attributeCount(c) === attributeCount(op.ops[i]);
  return normal.ops.length === op.ops.length && normal.ops.every(isSame) ? op : normal;
}

function withoutNulls(attributes: DeltaOp["attributes"]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes ?? {}).filter(([, value]) => value !== null));
}

/** None and an empty object are told apart. */
function attributeCount(component: DeltaOp | undefined): number {
  return component?.attributes === undefined ? -1 : Object.keys(component.attributes).length;
}

/** Whether a component of `op` ends between the halves of a pair in `content`. */
function cutsPairs(content: Delta, op: Delta): boolean {
  let at = 0;
  let i = 0;
  let start = 0;
  for (const component of op.ops) {
    if (component.insert !== undefined) continue;
    at += Delta.Op.length(component);
    if (isCut()) return true;
  }
  return false;

  function isCut(): boolean {
    let part = content.ops[i];
    for (; part !== undefined && start + Delta.Op.length(part) <= at; part = content.ops[++i]) {
      start += Delta.Op.length(part);
    }
    return typeof part?.insert === "string" && cutsPair(part.insert, at - start);
  }
}

/** `op` with U+FFFD for every half of a pair in its strings; the same object if there is none. */
function withWholeStrings(op: Delta): Delta {
  const components = wellFormedJson(op.ops);
  // Halves that two inserts share are one character once these are joined.
  return components === op.ops ? op : new Delta(wellFormedJson(merged(op).ops));
}

/**
 * `op` with each pair that it cuts taken out: the halves that stay are deleted and inserted again, so that
 * they join what is inserted beside them, and the rest of the text is left alone.
 */
function withPairsTakenOut(content: Delta, op: Delta): Delta {
  const text = plainText(content);
  const result = new Delta();
  let at = 0;
  for (const component of op.ops) {
    if (component.insert !== undefined) {
      result.push(component);
      continue;
    }
    const end = at + Delta.Op.length(component);
    if (cutsPair(text, at)) takeHalf(component);
    const whole = end - at - (cutsPair(text, end) ? 1 : 0);
    if (whole > 0) result.push(Delta.Op.length(component) === whole ? component : resized(component, whole));
    at += whole;
    if (at < end) takeHalf(component);
  }
  if (cutsPair(text, at)) takeHalf({ retain: 1 });
  return result.chop();

  function takeHalf(component: DeltaOp): void {
    const half = content.slice(at, at + 1).compose(new Delta([resized(component, 1)]));
    for (const kept of half.ops) result.push(kept);
    result.delete(1);
    at++;
  }
}

/** A retain or delete of another length. */
function resized(component: DeltaOp, length: number): DeltaOp {
  return component.delete !== undefined ? { delete: length } : { ...component, retain: length };
}

export const richTextType: OtType<Delta, Delta> = {
  name: "rich-text",
  undoSide: "left",

  contentFromWire(value) {
    const components = componentsOf(value);
    if (!components.every((c) => c.insert !== undefined)) {
      throw new CloudSyncError("bad_reply", "Rich text content is not made of inserts.");
    }
    return merged(new Delta(components));
  },

  contentToWire: (content) => content.ops,

  opFromWire: (value) => new Delta(componentsOf(value)),
  opToWire: (op) => op.ops,

  check(content, op) {
    op.ops.forEach(checkComponent);
    if (consumedLength(op) > content.length()) {
      throw new CloudSyncError("op_invalid", "The operation is longer than the document.");
    }
  },

  repair(content, op) {
    const normal = normalForm(op);
    return withWholeStrings(cutsPairs(content, normal) ? withPairsTakenOut(content, normal) : normal);
  },

  isNoop: (op) => op.ops.length === 0,
  apply: (content, op) => merged(content.compose(op)),
  compose: (a, b) => a.compose(b),
  // As rich-text/lib/type.js has it: `left` leaves the priority to the other operation.
  transform: (op, other, side) => other.transform(op, side === "left"),

  invert: (op, content) => op.invert(content),
  split: (op) => [op, null],
  diff: (from, to) => from.diff(to),
  insertAll: (content) => content,

  transformSelection: (selection, op, isOwn) =>
    transformEnds(selection, (position) => op.transformPosition(position, !isOwn)),

  insertedText(op) {
    return op.ops.map((c) => (typeof c.insert === "string" ? c.insert : "")).join("");
  },

  plainText,
};
