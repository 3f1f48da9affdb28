// The journal of one document under one client id, as entries of the store. A base holds everything that a
// copy continues from; records, numbered from 0, say what happened since, in the order in which it did:
// replayed on the base they lead to the same copy. Every write is one transaction, so what is found after a
// crash is the copy as it was at some moment.
//
//   head/<client>/<document>/        what it is about, without the content: small, for listing
//   data/<client>/<document>/0/      the base: the copy at some moment
//   data/<client>/<document>/1/<n>/  the records: what came next
//   copy/<id>/                       text given back to the person, until it is dismissed (copies.ts)

import { DocumentState, type LogEntry, type Submission } from "../document/state.js";
import type { AnyContent, AnyOp } from "../document/context.js";
import type { ClientCredentials } from "../identity.js";
import type { OtType, TypeName } from "../ot/type.js";
import { typeByName } from "../ot/types.js";

export const kHeads = "head/";
const kVersion = 1;

export type JournalHead = {
  /** The client id under which it is kept, or a name of its own while there was no connection yet. */
  readonly key: string;
  readonly documentId: string;
  /** What brings the client back; null while there was no connection yet. */
  readonly credentials: ClientCredentials | null;
  readonly type: TypeName;
  readonly title: string;
  /** It holds edits that were not met in the server's log. */
  readonly isUnsent: boolean;
  /** The server's history is another: what was unsent is a copy already, and the next join is to ask for all. */
  readonly mustStartOver: boolean;
  /** When it was begun or compacted, in milliseconds since 1970. */
  readonly updatedAtMs: number;
};

/** The copy's history since the base. An acknowledgement is a `committed` entry of our own. */
export type JournalRecord =
  | { kind: "edit"; op: AnyOp }
  | { kind: "submitted"; submission: Submission<AnyOp>; rest: AnyOp | null }
  | { kind: "committed"; entry: LogEntry<AnyOp> };

type Type = OtType<AnyContent, AnyOp>;
export type AnyState = DocumentState<AnyContent, AnyOp>;

/** A client id has no slash; a name of the application's might. */
function pathOf(key: string, documentId: string): string {
  return `${encodeURIComponent(key)}/${encodeURIComponent(documentId)}/`;
}

export function headKey(key: string, documentId: string): string {
  return kHeads + pathOf(key, documentId);
}

/** All but the head: one read is of one moment. */
export function dataKey(key: string, documentId: string): string {
  return `data/${pathOf(key, documentId)}`;
}

export function baseKey(key: string, documentId: string): string {
  return `${dataKey(key, documentId)}0/`;
}

/** Keys are ordered as the numbers are. */
export function recordKey(key: string, documentId: string, number: number): string {
  return `${dataKey(key, documentId)}1/${String(number).padStart(10, "0")}/`;
}

export function headToText(head: JournalHead): string {
  return JSON.stringify({ version: kVersion, ...head });
}

/** Throws for what is none, or of another version. */
export function headFromText(text: string): JournalHead {
  const { version, ...head } = JSON.parse(text) as JournalHead & { version: unknown };
  if (version !== kVersion) throw new Error(`The journal is of version ${String(version)}.`);
  typeByName(head.type);
  if (typeof head.key !== "string" || typeof head.documentId !== "string") throw new Error("The journal has no name.");
  return head;
}

export function baseToText(type: Type, state: AnyState): string {
  const { content, revision, hash, inFlight, pending, lastSeq } = state.export();
  return JSON.stringify({
    content: type.contentToWire(content),
    revision,
    hash,
    inFlight: inFlight === null ? null : {
      submission: { ...inFlight.submission, op: type.opToWire(inFlight.submission.op) },
      current: type.opToWire(inFlight.current),
    },
    pending: pending === null ? null : type.opToWire(pending),
    lastSeq,
  });
}

type Wire = { [name: string]: unknown };

function submissionOf(type: Type, value: unknown): Submission<AnyOp> {
  const { clientId, seq, revision, op } = value as { clientId: string; seq: number; revision: number; op: unknown };
  return { clientId, seq, revision, op: type.opFromWire(op) };
}

function stateFromBase(type: Type, text: string): AnyState {
  const base = JSON.parse(text) as Wire;
  const inFlight = base.inFlight as { submission: unknown; current: unknown } | null;
  return DocumentState.restore(type, {
    content: type.contentFromWire(base.content),
    revision: base.revision as number,
    hash: base.hash as string | undefined,
    inFlight: inFlight === null ? null : {
      submission: submissionOf(type, inFlight.submission),
      current: type.opFromWire(inFlight.current),
    },
    pending: base.pending === null ? null : type.opFromWire(base.pending),
    lastSeq: base.lastSeq as number,
  });
}

export function recordToText(type: Type, record: JournalRecord): string {
  if (record.kind === "edit") return JSON.stringify(["edit", type.opToWire(record.op)]);
  if (record.kind === "submitted") {
    const { submission, rest } = record;
    const wire = { ...submission, op: type.opToWire(submission.op) };
    return JSON.stringify(["submitted", wire, rest === null ? null : type.opToWire(rest)]);
  }
  const { entry } = record;
  return JSON.stringify(["committed", { ...entry, op: type.opToWire(entry.op) }]);
}

/** Replays the records on the base. Throws if that cannot be done. */
export function stateFromTexts(type: Type, base: string, records: readonly string[]): AnyState {
  const state = stateFromBase(type, base);
  const advance = (): unknown => state.advance(() => undefined);
  for (const text of records) {
    const [kind, value, rest] = JSON.parse(text) as [string, unknown, unknown];
    if (kind === "committed") {
      const entry = value as LogEntry<unknown>;
      state.enqueue({ ...entry, op: type.opFromWire(entry.op), hash: entry.hash });
      continue;
    }
    // Entries of the log that follow each other are applied at once.
    advance();
    if (kind === "edit") state.edit(type.opFromWire(value));
    else if (kind === "submitted") state.submit(submissionOf(type, value), rest === null ? null : type.opFromWire(rest));
    else throw new Error(`The journal has a record of the unknown kind ${kind}.`);
  }
  advance();
  if (state.missing !== null) throw new Error("The journal has a gap.");
  return state;
}
