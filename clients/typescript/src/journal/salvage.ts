// What a person can still read of a journal that cannot be replayed.

import { fieldsOf } from "../document/wire.js";
import type { TypeName } from "../ot/type.js";
import { typeByName } from "../ot/types.js";

/** What an operation of any type inserts is in these members, or stands in a list by itself (`text`). */
const kInserting = ["insert", "si", "li", "oi"];

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function insertedBy(op: unknown): string {
  if (!Array.isArray(op)) return "";
  return op.map((component: unknown) => {
    if (typeof component === "string") return component;
    const fields = fieldsOf(component);
    return kInserting.map((name) => {
      const value = fields[name];
      return value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
    }).join("");
  }).join("");
}

function contentText(type: TypeName, base: string): string {
  const { content } = fieldsOf(parsed(base));
  try {
    const known = typeByName(type);
    return known.plainText(known.contentFromWire(content));
  } catch {
    return content === undefined ? base : JSON.stringify(content);
  }
}

/** The content without the edits, and what these inserted, in the order in which they were made. */
export function salvage(type: TypeName, base: string, records: readonly string[]): { text: string; insertedText: string } {
  const { inFlight, pending } = fieldsOf(parsed(base));
  const edits = records.map((record) => {
    const [kind, value] = (parsed(record) ?? ["edit", [record]]) as [unknown, unknown];
    return kind === "edit" ? insertedBy(value) : "";
  });
  const insertedText = [insertedBy(fieldsOf(inFlight).current), insertedBy(pending), ...edits].join("");
  return { text: contentText(type, base), insertedText };
}
