// The operation that leads from one JSON document to another, as for an application that edits a plain
// value and wants to send what changed.

import { CloudSyncError } from "../errors.js";
import type { JsonComponent, JsonOp } from "./json_op.js";
import { isEqual, isList, isObject, type JsonList, type JsonObject, type JsonPath, type JsonValue } from "./json_value.js";
import { commonPrefix, commonSuffix } from "./text.js";

/**
 * Small, but not the smallest: lists are compared from both ends, and moves are not found. Throws
 * CloudSyncError `op_invalid` if the roots are of different kinds, since the root cannot be replaced.
 */
export function diffJson(from: JsonValue, to: JsonValue): JsonOp {
  const op: JsonComponent[] = [];
  diffValue(op, [], from, to);
  return op;
}

function diffValue(op: JsonComponent[], path: JsonPath, from: JsonValue, to: JsonValue): void {
  if (isEqual(from, to)) return;
  if (typeof from === "string" && typeof to === "string") diffString(op, path, from, to);
  else if (isList(from) && isList(to)) diffList(op, path, from, to);
  else if (isObject(from) && isObject(to)) diffObject(op, path, from, to);
  else if (path.length === 0) throw new CloudSyncError("op_invalid", "The root cannot be replaced.");
  else op.push(typeof path.at(-1) === "number" ? { p: path, ld: from, li: to } : { p: path, od: from, oi: to });
}

function diffString(op: JsonComponent[], path: JsonPath, from: string, to: string): void {
  const start = commonPrefix(from, to);
  const rest = commonSuffix(from, to, Math.min(from.length, to.length) - start);
  const removed = from.slice(start, from.length - rest);
  const inserted = to.slice(start, to.length - rest);
  if (removed !== "") op.push({ p: [...path, start], sd: removed });
  if (inserted !== "") op.push({ p: [...path, start], si: inserted });
}

function diffObject(op: JsonComponent[], path: JsonPath, from: JsonObject, to: JsonObject): void {
  for (const [key, value] of Object.entries(from)) {
    const present = to[key];
    if (!Object.hasOwn(to, key) || present === undefined) op.push({ p: [...path, key], od: value });
    else diffValue(op, [...path, key], value, present);
  }
  for (const [key, value] of Object.entries(to)) {
    if (!Object.hasOwn(from, key)) op.push({ p: [...path, key], oi: value });
  }
}

function diffList(op: JsonComponent[], path: JsonPath, from: JsonList, to: JsonList): void {
  const common = Math.min(from.length, to.length);
  const isSame = (i: number, j: number): boolean => isEqual(from[i] ?? null, to[j] ?? null);
  let start = 0;
  while (start < common && isSame(start, start)) start++;
  let rest = 0;
  while (rest < common - start && isSame(from.length - 1 - rest, to.length - 1 - rest)) rest++;
  const removed = from.slice(start, from.length - rest);
  const inserted = to.slice(start, to.length - rest);
  const both = Math.min(removed.length, inserted.length);
  for (let i = 0; i < both; i++) diffValue(op, [...path, start + i], removed[i] ?? null, inserted[i] ?? null);
  for (const value of removed.slice(both)) op.push({ p: [...path, start + both], ld: value });
  inserted.slice(both).forEach((value, i) => op.push({ p: [...path, start + both + i], li: value }));
}
