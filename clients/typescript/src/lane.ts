// One client identity with its connection and the documents that are open under it. A page has one lane, and
// another one for each client that an earlier page left in the journal and that this page goes on as: its
// submissions must be resent under the id that they were made under.

import { CollaborativeDocument } from "./document/collaborative_document.js";
import type { DocumentContext } from "./document/context.js";
import { fieldsOf, stringOf } from "./document/wire.js";
import { Emitter } from "./emitter.js";
import { errorFromWire, type CloudSyncError } from "./errors.js";
import type { HistoryListener } from "./history.js";
import type { Identity } from "./identity.js";
import type { DocumentJournal } from "./journal/document_journal.js";
import type { Restored } from "./journal/journal.js";
import { Connection, type ConnectionOptions } from "./transport/connection.js";

export type LaneOptions = Omit<ConnectionOptions, "identity">
  & Omit<DocumentContext, "connection" | "identity" | "history">
  & { history: HistoryListener };

export type LaneEvents = {
  connected: void;
  disconnected: { message: string };
  /** The server refuses this client. */
  error: CloudSyncError;
  /** The last document was closed. */
  empty: void;
};

export class Lane extends Emitter<LaneEvents> {
  readonly identity: Identity;
  readonly #connection: Connection;
  readonly #context: DocumentContext;
  readonly #documents = new Map<string, CollaborativeDocument>();

  constructor(identity: Identity, options: LaneOptions) {
    super();
    this.identity = identity;
    this.#connection = new Connection({ ...options, identity });
    const { scheduler, fetchJson, copies, submitIntervalMs } = options;
    this.#context = {
      connection: this.#connection, identity, scheduler, fetchJson, copies, submitIntervalMs,
      history: (fact) => options.history({ client: identity.current?.id ?? "", ...fact }),
    };
    this.#listen();
  }

  get isConnected(): boolean {
    return this.#connection.isConnected;
  }

  /** Neither connected nor about to be. */
  get isIdle(): boolean {
    return this.#connection.state === "idle";
  }

  get documents(): readonly CollaborativeDocument[] {
    return [...this.#documents.values()];
  }

  /** Opens a document that is not open here, and connects. */
  open(documentId: string, restored: Restored | null, journal: DocumentJournal | null): CollaborativeDocument {
    const document = new CollaborativeDocument(documentId, this.#context, restored, journal);
    this.#documents.set(documentId, document);
    document.on("state", (state) => state === "closed" && this.forget(document));
    if (this.#connection.isConnected) document.session.connected();
    else this.#connection.start();
    return document;
  }

  forget(document: CollaborativeDocument): void {
    if (this.#documents.get(document.id) !== document) return;
    this.#documents.delete(document.id);
    if (this.#documents.size === 0) this.emit("empty", undefined);
  }

  /** Connects again, under a new identity, after `superseded` or a refusal. */
  reconnect(): void {
    if (!this.isIdle || this.#documents.size === 0) return;
    this.identity.forget();
    for (const document of this.documents) document.session.resumed();
    this.#connection.start();
  }

  stop(): void {
    this.#connection.stop();
  }

  retryNow(): void {
    this.#connection.retryNow();
  }

  drop(): void {
    this.#connection.drop();
  }

  #listen(): void {
    const { history } = this.#context;
    this.#connection.on("connected", () => {
      history({ kind: "conn", up: true });
      this.emit("connected", undefined);
      for (const document of this.documents) document.session.connected();
    });
    this.#connection.on("disconnected", (loss) => {
      history({ kind: "conn", up: false });
      for (const document of this.documents) document.session.disconnected();
      this.emit("disconnected", loss);
    });
    this.#connection.on("failed", (error) => {
      for (const document of this.documents) {
        document.session.disconnected();
        document.fail(error);
      }
      this.emit("error", error);
    });
    this.#connection.on("message", ({ name, payload }) => {
      if (name === "session-closed") this.#onSessionClosed(payload);
      else this.#documents.get(stringOf(fieldsOf(payload).documentId))?.receive({ name, payload });
    });
  }

  #onSessionClosed(payload: unknown): void {
    const error = errorFromWire(payload);
    // Others pass, and the disconnect that follows leads to a reconnect.
    if (error.code !== "client_superseded") return;
    // Reconnecting would throw the other page out again.
    this.#connection.stop();
    for (const document of this.documents) document.session.superseded();
    this.emit("disconnected", { message: error.message });
  }
}
