// `rich-text`: Quill Delta. Lengths are UTF-16 units, an embed counts 1; content is a Delta of inserts.

import Delta, { type Op as DeltaOp } from "quill-delta";

import { CloudSyncError } from "../errors.js";
import type { OtType } from "./type.js";

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

/**
 * With equal neighbours joined: compose leaves seams, and where depends on the order of operations.
 * Two who have the same text then have the same components.
 */
function merged(delta: Delta): Delta {
  const result = new Delta();
  for (const op of delta.ops) result.push(op);
  return result;
}

export const richTextType: OtType<Delta, Delta> = {
  name: "rich-text",

  contentFromWire(value) {
    const components = componentsOf(value);
    if (!components.every((c) => c.insert !== undefined)) {
      throw new CloudSyncError("bad_reply", "Rich text content is not made of inserts.");
    }
    return merged(new Delta(components));
  },

  opFromWire: (value) => new Delta(componentsOf(value)),
  opToWire: (op) => op.ops,

  check(content, op) {
    op.ops.forEach(checkComponent);
    if (consumedLength(op) > content.length()) {
      throw new CloudSyncError("op_invalid", "The operation is longer than the document.");
    }
  },

  isNoop: (op) => op.ops.length === 0,
  apply: (content, op) => merged(content.compose(op)),
  compose: (a, b) => a.compose(b),
  // As rich-text/lib/type.js has it: `left` leaves the priority to the other operation.
  transform: (op, other, side) => other.transform(op, side === "left"),

  diff: (from, to) => from.diff(to),
  insertAll: (content) => content,

  transformPosition: (position, op, isOwn) => op.transformPosition(position, !isOwn),

  insertedText(op) {
    return op.ops.map((c) => (typeof c.insert === "string" ? c.insert : "")).join("");
  },

  plainText(content) {
    return content.ops.map((c) => (typeof c.insert === "string" ? c.insert : "\ufffc")).join("");
  },
};
