// What a document type offers to the client: the pure twin of the server's src/ot/type.h.
// Ties: a client keeps `left` for its own operation, as the server does for the incoming one.

import type Delta from "quill-delta";
import type { TextOp } from "ot-text-unicode";

import type { JsonOp } from "./json_op.js";
import type { JsonPath, JsonValue } from "./json_value.js";

export interface TypeMap {
  text: { content: string; op: TextOp };
  "rich-text": { content: Delta; op: Delta };
  json: { content: JsonValue; op: JsonOp };
}

export type TypeName = keyof TypeMap;
export type Content<Name extends TypeName> = TypeMap[Name]["content"];
export type Op<Name extends TypeName> = TypeMap[Name]["op"];

/**
 * In the type's units: code points for `text`, UTF-16 units for the others. In a `json` document it is at
 * the value that `path` leads to; if that is a string, index and length are offsets in it, else they are 0.
 */
export type Selection = { index: number; length: number; path?: JsonPath };

/** A place in a text or list, a revision: whole, and exact in a double. */
export function isPosition(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

export type Side = "left" | "right";

export interface OtType<C, O> {
  readonly name: TypeName;
  /** The side of an undo against a later change of others that must stay. */
  readonly undoSide: Side;

  /** Reads content of the wire; throws CloudSyncError `bad_reply` if it is none. */
  contentFromWire(value: unknown): C;
  contentToWire(content: C): unknown;
  /** Reads an operation of the wire; throws CloudSyncError `bad_reply` if it is none. */
  opFromWire(value: unknown): O;
  opToWire(op: O): unknown;

  /** Throws CloudSyncError `op_invalid` unless `op` can be applied to `content`. */
  check(content: C, op: O): void;
  /**
   * `op` as it is applied: in normal form and without halves of surrogate pairs. Where it inserts one, or
   * leaves one of a pair, U+FFFD takes its place, so that all positions stay. `op` must pass `check`.
   */
  repair(content: C, op: O): O;
  isNoop(op: O): boolean;
  apply(content: C, op: O): C;
  /** apply(apply(c, a), b) = apply(c, compose(a, b)) */
  compose(a: O, b: O): O;
  /** apply(apply(c, b), transform(a, b, "left")) = apply(apply(c, a), transform(b, a, "right")) */
  transform(op: O, other: O, side: Side): O;
  /** What undoes `op`, which was made on `content`. */
  invert(op: O, content: C): O;
  /** `op` as what the server takes at once, and what is to follow it, if it is too long. */
  split(op: O): [O, O | null];
  /** An operation that leads from one content to the other. */
  diff(from: C, to: C): O;

  /** An operation that makes `content` of the empty document. */
  insertAll(content: C): O;

  /** Where `selection` is after `op`; an insert right at an end moves it only if it is the owner's. */
  transformSelection(selection: Selection, op: O, isOwn: boolean): Selection;
  /** The text that `op` inserts, for showing it to a person. */
  insertedText(op: O): string;
  /** The content as plain text. */
  plainText(content: C): string;
}

export function oppositeOf(side: Side): Side {
  return side === "left" ? "right" : "left";
}

/** `selection` with both ends moved by `position`. */
export function transformEnds({ index, length }: Selection, position: (at: number) => number): Selection {
  const start = position(index);
  return { index: start, length: length === 0 ? 0 : Math.max(0, position(index + length) - start) };
}

/** All of `ops`, which follow each other, as one; undefined if there are none. O(n log n) components. */
export function composeAll<C, O>(type: OtType<C, O>, ops: readonly O[], first = 0, end = ops.length): O | undefined {
  if (end - first <= 1) return end > first ? ops[first] : undefined;
  const middle = (first + end) >> 1;
  return type.compose(composeAll(type, ops, first, middle) as O, composeAll(type, ops, middle, end) as O);
}
