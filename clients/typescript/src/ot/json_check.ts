// Whether an operation fits a document: what the server would refuse must not be sent. The tables are in
// docs/ot.md, "What is refused".

import { JsonEditor, type JsonComponent, type JsonOp } from "./json_op.js";
import { isEqual, isList, isObject, memberOf, valueAt, type JsonValue } from "./json_value.js";
import { isPosition } from "./type.js";
import { cutsPair } from "./well_formed.js";

/** Levels of a document, and whole numbers that sums of doubles keep exact: src/ot/json_path.h, json_op.h. */
const kLevelsMax = 48;
const kCounterMax = 2 ** 53;

const kFields: ReadonlySet<string> = new Set(["p", "na", "li", "ld", "lm", "oi", "od", "si", "sd", "t", "o"]);
/** Keys with which careless programs change other objects than the one they mean. */
const kUnsafeKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

type Problem = string | null;

/** The first problem of `op` on `content`, naming the component; null if it fits. */
export function problemOf(content: JsonValue, op: JsonOp): Problem {
  const editor = new JsonEditor(content);
  for (const [i, component] of op.entries()) {
    const problem = problemOfShape(component) ?? problemOfEffect(editor.content, component);
    if (problem !== null) return `component ${i}: ${problem}`;
    editor.apply(component);
  }
  return null;
}

function isCounter(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) <= kCounterMax;
}

/** What can be said without the document. */
function problemOfShape(component: JsonComponent): Problem {
  if (!isObject(component)) return "must be an object";
  const unknown = Object.keys(component).find((field) => !kFields.has(field));
  if (unknown !== undefined) return `the field ${unknown} is unknown`;
  const { p, na, li, ld, lm, oi, od, si, sd, t, o } = component;
  const isThere = (...values: unknown[]): boolean => values.some((value) => value !== undefined);
  if (!isList(p) || p.length > kLevelsMax) return "the path p must be a list of at most 48 keys";
  const badKey = p.find((key) => !isPosition(key) && (typeof key !== "string" || kUnsafeKeys.has(key)));
  if (badKey !== undefined) return `${String(badKey)} is no key of a path`;
  const actions = [isThere(na), isThere(li, ld), isThere(lm), isThere(oi, od), isThere(si), isThere(sd), isThere(t, o)];
  if (actions.filter(Boolean).length !== 1) return "must have one action";
  const levels = kLevelsMax - p.length;
  if (![li, ld, oi, od].every((value) => value === undefined || isValue(value, levels))) {
    return "a value is no JSON, too deep, or has an unsafe key";
  }
  return null;
}

function isValue(value: unknown, levels: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (levels <= 0 || typeof value !== "object") return false;
  if (isList(value)) return value.every((item) => isValue(item, levels - 1));
  return Object.entries(value).every(([key, item]) => !kUnsafeKeys.has(key) && isValue(item, levels - 1));
}

function problemOfEffect(content: JsonValue, component: JsonComponent): Problem {
  const { p, na, lm, si, sd, o } = component;
  if (o !== undefined) return problemOfSubtype(content, component);
  const holder = valueAt(content, na === undefined ? p.slice(0, -1) : p);
  if (na !== undefined) return problemOfAddition(holder, na);
  const key = p.at(-1);
  if (key === undefined) return "the root cannot be replaced";
  if (holder === undefined) return "the path leads nowhere";
  if (si !== undefined || sd !== undefined) return problemOfText(holder, key, si, sd);
  if (lm !== undefined) return problemOfMove(holder, key, lm);
  return "oi" in component || "od" in component
    ? problemOfMember(holder, key, component.od, component.oi)
    : problemOfElement(holder, key, component.ld, component.li);
}

function problemOfAddition(value: JsonValue | undefined, na: number): Problem {
  // The sum itself may be rounded to what is allowed.
  const fits = isCounter(na) && isCounter(value) && value <= kCounterMax - na && value >= -kCounterMax - na;
  return fits ? null : "na, the number and the sum must be whole numbers within 2^53 of 0";
}

function problemOfText(text: JsonValue, offset: unknown, si: unknown, sd: unknown): Problem {
  if (typeof text !== "string") return "there is no string";
  if (!isPosition(offset) || offset > text.length) return "the offset is past the end";
  if (cutsPair(text, offset)) return "the offset is inside a surrogate pair";
  const edit = si ?? sd;
  if (typeof edit !== "string" || edit === "") return "what is inserted or deleted must be a string, not empty";
  if (sd === undefined) return null;
  if (!text.startsWith(edit, offset)) return "sd is not what is there";
  return cutsPair(text, offset + edit.length) ? "the deletion ends inside a surrogate pair" : null;
}

function problemOfMove(list: JsonValue, from: unknown, to: unknown): Problem {
  if (!isList(list)) return "there is no list";
  return isPosition(from) && isPosition(to) && from < list.length && to < list.length
    ? null : "the index is past the end";
}

function problemOfElement(
  list: JsonValue, index: unknown, ld: JsonValue | undefined, li: JsonValue | undefined,
): Problem {
  if (!isList(list)) return "there is no list";
  const isPureInsert = ld === undefined && li !== undefined;
  if (!isPosition(index) || index > list.length - (isPureInsert ? 0 : 1)) return "the index is past the end";
  return ld !== undefined && !isEqual(ld, list[index] ?? null) ? "ld is not what is there" : null;
}

function problemOfMember(
  object: JsonValue, key: unknown, od: JsonValue | undefined, oi: JsonValue | undefined,
): Problem {
  if (!isObject(object)) return "there is no object";
  if (typeof key !== "string") return "the path must end in a key of an object";
  const present = memberOf(object, key);
  if (od !== undefined) {
    return present !== undefined && isEqual(od, present) ? null : "od is not what is there";
  }
  return present !== undefined && oi !== undefined ? "the key exists: name its value as od" : null;
}

function problemOfSubtype(content: JsonValue, { p, t, o }: JsonComponent): Problem {
  if (t !== "text0" || !isList(o)) return "the subtype is unknown";
  const editor = new JsonEditor(content);
  for (const { p: offset, i, d } of o) {
    if ((i === undefined) === (d === undefined)) return "text0 has components {p, i or d}";
    const text = valueAt(editor.content, p);
    const problem = text === undefined ? "the path leads nowhere" : problemOfText(text, offset, i, d);
    if (problem !== null) return problem;
    editor.apply(i !== undefined ? { p: [...p, offset], si: i } : { p: [...p, offset], sd: d ?? "" });
  }
  return null;
}
