// Operations of type `json`: lists of components that are applied one after the other, each with a path
// (docs/ot.md). The rules are those of npm ot-json0.

/// <reference path="./ot-json0.d.ts" />
import json0 from "ot-json0";

import { isList, isObject, memberOf, type JsonKey, type JsonPath, type JsonValue } from "./json_value.js";

export type JsonComponent = {
  p: JsonPath;
  /** Adds to a number. */
  na?: number;
  /** Inserts into and deletes from a list; both replace. */
  li?: JsonValue;
  ld?: JsonValue;
  /** Moves an element of a list; the index is that behind the move. */
  lm?: number;
  /** Inserts into and deletes from an object; both replace. */
  oi?: JsonValue;
  od?: JsonValue;
  /** Inserts into, deletes from a string; the path ends in the offset. */
  si?: string;
  sd?: string;
  /** The same as several `si` and `sd`; operations come back without it. */
  t?: "text0";
  o?: readonly { p: number; i?: string; d?: string }[];
};
export type JsonOp = readonly JsonComponent[];

const json = json0.type;

/** The reference changes what it is given. */
function copyOf(op: JsonOp): JsonOp {
  return JSON.parse(JSON.stringify(op)) as JsonOp;
}

/** A string edited in both encodings at once is not transformed by the reference: here is one. */
function withoutSubtypes(op: JsonOp): JsonOp {
  if (op.every(({ o }) => o === undefined)) return op;
  return op.flatMap((component): JsonComponent[] => {
    if (component.o === undefined) return [component];
    return component.o.map(({ p, i, d }) => {
      const path = [...component.p, p];
      return i !== undefined ? { p: path, si: i } : { p: path, sd: d ?? "" };
    });
  });
}

function changesNothing({ p, na, lm }: JsonComponent): boolean {
  return na === 0 || (lm !== undefined && lm === p.at(-1));
}

/**
 * Adds a component, merged into the last one as the reference does; then that may merge, too. Returns false
 * if it was added as it is.
 */
function append(op: JsonComponent[], component: JsonComponent): boolean {
  if (changesNothing(component)) return true;
  const last = op.pop();
  // The reference changes the component that it merges into.
  const merged = last === undefined ? [] : [{ ...last, p: [...last.p] }];
  json.append(merged, component);
  const [only] = merged;
  if (last === undefined || only === undefined || merged.length !== 1) {
    op.push(...merged);
    return only === undefined;
  }
  append(op, only);
  return true;
}

/**
 * The server's normal form, so that what it transforms is what we transformed: transforming over merged
 * components may differ.
 */
export function normalForm(op: JsonOp): JsonOp {
  const normal: JsonComponent[] = [];
  for (const component of withoutSubtypes(op)) append(normal, component);
  return normal;
}

/** Both in normal form. */
export function compose(first: JsonOp, second: JsonOp): JsonOp {
  const op = [...first];
  // What follows a component that did not merge does not either: `second` is in normal form.
  const kept = second.findIndex((component) => !append(op, component));
  if (kept >= 0) op.push(...second.slice(kept + 1));
  return op;
}

export function transform(op: JsonOp, other: JsonOp, side: "left" | "right"): JsonOp {
  return normalForm(json.transform(copyOf(op), copyOf(other), side) as JsonComponent[]);
}

export function invert(op: JsonOp): JsonOp {
  return normalForm(json.invert(copyOf(op)) as JsonComponent[]);
}

/** Applies components one by one; the content given stays as it is. */
export class JsonEditor {
  content: JsonValue;
  /** Copies of our own, which need not be copied again. */
  readonly #owned = new Set<unknown>();

  constructor(content: JsonValue) {
    this.content = content;
  }

  /** `component` must fit the content. */
  apply(component: JsonComponent): void {
    this.content = this.#opened(this.content, component.p, 0);
    this.content = json.apply(this.content, [component]) as JsonValue;
  }

  /** `value` with all on `path` from `depth` on as copies that may be changed in place. */
  #opened(value: JsonValue, path: JsonPath, depth: number): JsonValue {
    const key: JsonKey | undefined = path[depth];
    if (key === undefined || (!isList(value) && !isObject(value))) return value;
    const copy = this.#owned.has(value) ? value : isList(value) ? [...value] : { ...value };
    this.#owned.add(copy);
    const member = memberOf(copy, key);
    // Only what is passed through is changed; the last key may be that of a value that goes.
    if (member !== undefined && depth + 1 < path.length) {
      (copy as Record<JsonKey, JsonValue>)[key] = this.#opened(member, path, depth + 1);
    }
    return copy;
  }
}
