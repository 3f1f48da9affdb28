// What a document type offers to the client: the pure twin of the server's src/ot/type.h.
// Ties: a client keeps `left` for its own operation, as the server does for the incoming one.

import type Delta from "quill-delta";
import type { TextOp } from "ot-text-unicode";

export interface TypeMap {
  text: { content: string; op: TextOp };
  "rich-text": { content: Delta; op: Delta };
}

export type TypeName = keyof TypeMap;
export type Content<Name extends TypeName> = TypeMap[Name]["content"];
export type Op<Name extends TypeName> = TypeMap[Name]["op"];

/** In the type's units: code points for `text`, UTF-16 units for `rich-text`. */
export type Selection = { index: number; length: number };

export type Side = "left" | "right";

export interface OtType<C, O> {
  readonly name: TypeName;

  /** Reads content of the wire; throws CloudSyncError `bad_reply` if it is none. */
  contentFromWire(value: unknown): C;
  /** Reads an operation of the wire; throws CloudSyncError `bad_reply` if it is none. */
  opFromWire(value: unknown): O;
  opToWire(op: O): unknown;

  /** Throws CloudSyncError `op_invalid` unless `op` can be applied to `content`. */
  check(content: C, op: O): void;
  /**
   * `op` without halves of surrogate pairs: where it inserts one, or leaves one of a pair, U+FFFD takes
   * its place, so that all positions stay. The same object if there is none. `op` must pass `check`.
   */
  repair(content: C, op: O): O;
  isNoop(op: O): boolean;
  apply(content: C, op: O): C;
  /** apply(apply(c, a), b) = apply(c, compose(a, b)) */
  compose(a: O, b: O): O;
  /** apply(apply(c, b), transform(a, b, "left")) = apply(apply(c, a), transform(b, a, "right")) */
  transform(op: O, other: O, side: Side): O;
  /** An operation that leads from one content to the other. */
  diff(from: C, to: C): O;

  /** An operation that makes `content` of the empty document. */
  insertAll(content: C): O;

  /** Where `position` is after `op`; an insert right at it moves it only if it is the owner's. */
  transformPosition(position: number, op: O, isOwn: boolean): number;
  /** The text that `op` inserts, for showing it to a person. */
  insertedText(op: O): string;
  /** The content as plain text. */
  plainText(content: C): string;
}

export function transformSelection<C, O>(
  type: OtType<C, O>, selection: Selection, op: O, isOwn: boolean,
): Selection {
  const start = type.transformPosition(selection.index, op, isOwn);
  if (selection.length === 0) return { index: start, length: 0 };
  const end = type.transformPosition(selection.index + selection.length, op, isOwn);
  return { index: start, length: Math.max(0, end - start) };
}
