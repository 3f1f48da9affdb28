// What a client saw, for tests that check a whole run afterwards (tests/integration/history_file.mjs writes
// it down for cloudsync-check). Events are told as they happen; a listener must not change anything.

import type { Content, TypeName } from "./ot/type.js";

export type HistoryEvent = HistoryFact & {
  /** The client's id; empty while it has none. */
  client: string;
};

export type HistoryFact =
  /** Joined with a snapshot. */
  | { kind: "open"; doc: string; type: TypeName; rev: number; hash: string | undefined; content: Content<TypeName> }
  /** Joined with operations. */
  | { kind: "resume"; doc: string; rev: number; hash: string | undefined }
  | { kind: "conn"; up: boolean }
  /** An operation became a submission, and is in the journal, if there is one; `op` is as it is sent. */
  | { kind: "submit"; doc: string; seq: number; rev: number; op: unknown }
  | { kind: "sent"; doc: string; seq: number }
  | { kind: "ack"; doc: string; seq: number; rev: number }
  | { kind: "reject"; doc: string; seq: number; code: string }
  /** A committed operation, own ones too, entered the copy. */
  | { kind: "apply"; doc: string; rev: number; clientId: string; seq: number; hash: string | undefined }
  /** The saved indicator changed. */
  | { kind: "light"; doc: string; saved: boolean }
  /** Text was given back to the person. */
  | { kind: "copy"; doc: string; text: string }
  /** The document goes on from the journal. */
  | { kind: "reload"; doc: string };

export type HistoryListener = (event: HistoryEvent) => void;
