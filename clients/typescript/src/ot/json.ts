// `json`: JSON documents, operations of ot-json0. Offsets in strings are UTF-16 units.

import { CloudSyncError } from "../errors.js";
import { problemOf } from "./json_check.js";
import { diffJson } from "./json_diff.js";
import { compose, invert, JsonEditor, normalForm, transform, type JsonComponent, type JsonOp } from "./json_op.js";
import { transformJsonSelection } from "./json_selection.js";
import { isObject, type JsonValue } from "./json_value.js";
import type { OtType } from "./type.js";
import { wellFormedJson } from "./well_formed.js";

/** The server takes no more components in one operation (docs/ot.md). */
const kComponentsMax = 1_000;

function insertedText(op: JsonOp): string {
  return op.flatMap(({ si, li, oi }) => {
    const value = si ?? li ?? oi;
    return value === undefined ? [] : [typeof value === "string" ? value : JSON.stringify(value)];
  }).join("\n");
}

export const jsonType: OtType<JsonValue, JsonOp> = {
  name: "json",
  undoSide: "right",

  contentFromWire(value) {
    if (value === undefined) throw new CloudSyncError("bad_reply", "JSON content is missing.");
    return value as JsonValue;
  },

  contentToWire: (content) => content,

  opFromWire(value) {
    if (!Array.isArray(value) || !value.every((c) => Array.isArray((c as JsonComponent | null)?.p))) {
      throw new CloudSyncError("bad_reply", "Not an operation of type json.");
    }
    return normalForm(value as JsonComponent[]);
  },

  opToWire: (op) => op,

  check(content, op) {
    const problem = Array.isArray(op) ? problemOf(content, op as JsonOp) : "an operation is a list";
    if (problem !== null) throw new CloudSyncError("op_invalid", `The operation does not fit: ${problem}.`);
  },

  repair: (_content, op) => normalForm(wellFormedJson(op)),

  isNoop: (op) => op.length === 0,

  apply(content, op) {
    const editor = new JsonEditor(content);
    for (const component of op) editor.apply(component);
    return editor.content;
  },

  compose,
  transform,
  invert: (op) => invert(op),
  split: (op) => [op.slice(0, kComponentsMax), op.length > kComponentsMax ? op.slice(kComponentsMax) : null],
  diff: diffJson,
  // A new document is {}, and its root stays an object.
  insertAll: (content) => (isObject(content) ? diffJson({}, content) : []),
  transformSelection: transformJsonSelection,
  insertedText,
  plainText: (content) => JSON.stringify(content, null, 2),
};
