// The SDK gives the answers of tests/conformance/vectors, as must the server's engine
// (tests/conformance/ot_vectors_test.cc): client and server agree on every operation.

import { describe, expect, test } from "vitest";

import type { Op, Selection, TypeName } from "../src/index.js";
import type { AnyContent, AnyOp } from "../src/document/context.js";
import { presenceStateFromWire } from "../src/document/presence.js";
import { codePointCount, type TextOp } from "../src/ot/text.js";
import type { OtType, Side } from "../src/ot/type.js";
import { typeByName } from "../src/ot/types.js";
import json from "../../../tests/conformance/vectors/json.jsonl?raw";
import richText from "../../../tests/conformance/vectors/rich-text.jsonl?raw";
import text from "../../../tests/conformance/vectors/text.jsonl?raw";
import ties from "../../../tests/conformance/vectors/ties.jsonl?raw";

type Vector = {
  type: TypeName;
  call: "check" | "apply" | "compose" | "transform" | "invert" | "transform-cursor";
  doc?: unknown;
  op: unknown;
  other?: unknown;
  side?: Side;
  cursor?: unknown;
  own?: boolean;
  result: unknown;
};
type Type = OtType<AnyContent, AnyOp>;

/** The server keeps the length alone of what a text operation deletes. */
function lengthsOnly(op: TextOp): TextOp {
  return op.map((c) => (typeof c === "object" && typeof c.d === "string" ? { d: codePointCount(c.d) } : c));
}

function wireOf(type: Type, op: AnyOp): unknown {
  return type.name === "text" ? lengthsOnly(op as Op<"text">) : JSON.parse(JSON.stringify(type.opToWire(op)));
}

function contentToWire(content: AnyContent): unknown {
  const ops = (content as { ops?: unknown } | null)?.ops;
  return JSON.parse(JSON.stringify(Array.isArray(ops) ? ops : content));
}

/** As `submit` takes it. */
function operation(type: Type, value: unknown): AnyOp {
  return type.repair(type.contentFromWire(type.name === "text" ? "" : []), type.opFromWire(value));
}

function selection(value: unknown): Selection {
  const read = presenceStateFromWire({ selection: value })?.selection;
  if (read === undefined) throw new Error("no selection");
  return read;
}

function check(type: Type, { call, doc, op: wireOp, other, side, cursor, own, result }: Vector): void {
  const op = operation(type, wireOp);
  const content = doc === undefined ? undefined : type.contentFromWire(doc);
  if (content !== undefined) type.check(content, op);
  if (call === "check") expect(wireOf(type, op)).toEqual(result);
  else if (call === "compose") expect(wireOf(type, type.compose(op, operation(type, other)))).toEqual(result);
  else if (call === "transform") {
    expect(wireOf(type, type.transform(op, operation(type, other), side ?? "left"))).toEqual(result);
  } else if (call === "transform-cursor") {
    const moved = type.transformSelection(selection(cursor), op, own ?? false);
    expect(moved).toEqual(selection(result));
  } else if (content !== undefined) {
    const after = type.apply(content, op);
    if (call === "apply") expect(contentToWire(after)).toEqual(result);
    for (const inverse of call === "invert" ? [type.invert(op, content), operation(type, result)] : []) {
      expect(contentToWire(type.apply(after, inverse))).toEqual(contentToWire(content));
    }
    // The content given is as it was.
    expect(content).toEqual(type.contentFromWire(doc));
  }
}

describe.each(Object.entries({ text, "rich-text": richText, json, ties }))("%s", (_name, lines) => {
  const vectors = lines.trim().split("\n").map((line) => JSON.parse(line) as Vector);

  test(`${vectors.length} vectors`, () => {
    expect(vectors.length).toBeGreaterThan(30);
    for (const vector of vectors) {
      try {
        check(typeByName(vector.type), vector);
      } catch (error) {
        (error as Error).message += `\nin ${JSON.stringify(vector)}`;
        throw error;
      }
    }
  });
});
