// What the parts of an open document's protocol share.

import type { HistoryFact } from "../history.js";
import type { Identity } from "../identity.js";
import type { UnsentCopies } from "../journal/copies.js";
import type { Content, Op, OtType, TypeName } from "../ot/type.js";
import type { Scheduler } from "../scheduler.js";
import type { Connection } from "../transport/connection.js";
import type { OwnPresence } from "./own_presence.js";
import type { PresenceTracker } from "./presence.js";
import type { DocumentState } from "./state.js";
import type { UndoStack } from "./undo_stack.js";

export type DocumentContext = {
  connection: Connection;
  identity: Identity;
  scheduler: Scheduler;
  /** Fetches the JSON at a path of the server. */
  fetchJson(path: string): Promise<unknown>;
  /** Text that the server will not take. */
  copies: UnsentCopies;
  /** The least time between two new submissions of a document; edits meanwhile travel together. */
  submitIntervalMs: number;
  history(fact: HistoryFact): void;
};

export type AnyContent = Content<TypeName>;
export type AnyOp = Op<TypeName>;
export type Message = { name: string; payload: unknown };

/** Everything that exists once the first join reply is there. */
export type Core = {
  type: OtType<AnyContent, AnyOp>;
  state: DocumentState<AnyContent, AnyOp>;
  presence: PresenceTracker<AnyContent, AnyOp>;
  ownPresence: OwnPresence<AnyContent, AnyOp>;
  undo: UndoStack<AnyContent, AnyOp>;
};
