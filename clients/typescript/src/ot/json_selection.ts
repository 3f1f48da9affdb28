// Cursors in JSON documents, inside of strings, too: the twin of the server's src/ot/json_cursor.cc.

import type { JsonComponent, JsonOp } from "./json_op.js";
import type { JsonKey, JsonPath } from "./json_value.js";
import type { Selection } from "./type.js";

type Range = { path: JsonKey[]; index: number; length: number };

/**
 * Where `selection` is after `op`. It follows its value through lists; if the value is deleted it is at
 * what held it, if replaced at the start of the new one.
 */
export function transformJsonSelection(selection: Selection, op: JsonOp, isOwn: boolean): Selection {
  const range = { path: [...(selection.path ?? [])], index: selection.index, length: selection.length };
  for (const component of op) follow(range, component, isOwn);
  return range;
}

function follow(range: Range, component: JsonComponent, isOwn: boolean): void {
  const { p, na, lm, li, ld, od, oi, si, sd } = component;
  const holder = p.slice(0, -1);
  const key = p.at(-1);
  if (na !== undefined || key === undefined || !isPrefix(holder, range.path)) return;
  const depth = holder.length;
  const isInside = range.path.length > depth;
  if ((si ?? sd) !== undefined) {
    if (!isInside) followText(range, component, isOwn);
  } else if (!isInside) {
    return;
  } else if (oi !== undefined || od !== undefined) {
    if (od !== undefined && key === range.path[depth]) cut(range, depth + (oi !== undefined ? 1 : 0));
  } else {
    followElement(range, depth, { from: key as number, to: lm, isInsert: li !== undefined, isDelete: ld !== undefined });
  }
}

function isPrefix(prefix: JsonPath, path: JsonPath): boolean {
  return prefix.length <= path.length && prefix.every((key, i) => key === path[i]);
}

/** The value that the cursor is in is gone: it stays at the first `levels` of its path. */
function cut(range: Range, levels: number): void {
  range.path.length = levels;
  range.index = range.length = 0;
}

type ListEdit = { from: number; to: number | undefined; isInsert: boolean; isDelete: boolean };

function followElement(range: Range, depth: number, { from, to, isInsert, isDelete }: ListEdit): void {
  const index = range.path[depth];
  if (typeof index !== "number") return;
  if (to !== undefined) range.path[depth] = followMove(index, from, to);
  else if (!isDelete) range.path[depth] = from <= index ? index + 1 : index;
  else if (from === index) cut(range, depth + (isInsert ? 1 : 0));
  else if (!isInsert && from < index) range.path[depth] = index - 1;
}

/** Where the element at `index` is after the one at `from` was moved to `to`. */
function followMove(index: number, from: number, to: number): number {
  if (index === from) return to;
  const takenOut = index > from ? index - 1 : index;
  const isPushed = index > to || (index === to && from > to);
  return isPushed ? takenOut + 1 : takenOut;
}

function followText(range: Range, component: JsonComponent, isOwn: boolean): void {
  const end = offsetAfter(range.index + range.length, component, isOwn);
  range.index = offsetAfter(range.index, component, isOwn);
  range.length = end - range.index;
}

function offsetAfter(offset: number, { p, si, sd }: JsonComponent, isOwn: boolean): number {
  const at = p.at(-1) as number;
  if (si !== undefined) return at < offset || (at === offset && isOwn) ? offset + si.length : offset;
  if (offset <= at) return offset;
  return Math.max(at, offset - (sd ?? "").length);
}
