// The entry point: one client is one connection to a server, shared by all its open documents.

import { CollaborativeDocument } from "./document/collaborative_document.js";
import { fieldsOf, stringOf } from "./document/wire.js";
import { CloudSyncError, errorFromWire, toCloudSyncError } from "./errors.js";
import { Emitter } from "./emitter.js";
import { defaultIdentity, type Identity } from "./identity.js";
import type { TypeName } from "./ot/type.js";
import { isTypeName, typeByName } from "./ot/types.js";
import { wellFormed, wellFormedJson } from "./ot/well_formed.js";
import { systemScheduler, type Scheduler } from "./scheduler.js";
import { Connection } from "./transport/connection.js";
import { socketIoTransport } from "./transport/socket_io_transport.js";
import type { TransportFactory } from "./transport/transport.js";

export type ClientOptions = {
  /** The server's URL, such as `https://cloudsync.example`; in a browser, the page's by default. */
  url?: string;
  /** The display name of a guest. */
  name?: string;
  /** Where the client's id is kept; by default per tab, or in memory. */
  identity?: Identity;
  scheduler?: Scheduler;
  transport?: TransportFactory;
  fetch?: typeof globalThis.fetch;
};

export type DocumentInfo = {
  id: string;
  type: TypeName;
  title: string;
  revision: number;
  /** Milliseconds since 1970. */
  createdAt?: number;
  updatedAt?: number;
};

export type ClientEvents = {
  connected: void;
  disconnected: { message: string };
  /** The server refuses this client: it is not tried again until `reconnect()`. */
  error: CloudSyncError;
};

const kDocumentsPath = "/api/v1/documents";

export class CloudSyncClient extends Emitter<ClientEvents> {
  readonly #url: string;
  readonly #identity: Identity;
  readonly #scheduler: Scheduler;
  readonly #fetch: typeof globalThis.fetch;
  readonly #connection: Connection;
  readonly #documents = new Map<string, CollaborativeDocument>();
  #name: string | undefined;

  constructor(options: ClientOptions = {}) {
    super();
    this.#url = options.url ?? globalThis.location.origin;
    this.#name = options.name;
    this.#identity = options.identity ?? defaultIdentity();
    this.#scheduler = options.scheduler ?? systemScheduler;
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.#connection = new Connection({
      url: this.#url,
      identity: this.#identity,
      scheduler: this.#scheduler,
      transport: options.transport ?? socketIoTransport,
      name: () => wellFormedJson(this.#name),
    });
    this.#listen();
  }

  get isConnected(): boolean {
    return this.#connection.isConnected;
  }

  /** True while an edit of any document is not known to be on the server. */
  get hasUnsavedChanges(): boolean {
    return [...this.#documents.values()].some((document) => document.hasUnsavedChanges);
  }

  /** The name for connections from now on. Members see a change at the next one. */
  setName(name: string): void {
    this.#name = name;
  }

  /**
   * Opens a document and resolves when its content is there. The same document is opened once: a
   * second call resolves to the same object. Rejects with CloudSyncError, such as `not_found`.
   */
  async open(documentId: string): Promise<CollaborativeDocument> {
    const present = this.#documents.get(documentId);
    const document = present ?? this.#register(documentId);
    try {
      await document.opened;
    } catch (reason) {
      this.#forget(document);
      throw reason;
    }
    return document;
  }

  /** Creates a document; open it with the id. */
  async createDocument(type: TypeName, title: string): Promise<DocumentInfo> {
    const body = JSON.stringify({ type, title: wellFormed(title) });
    const headers = { "Content-Type": "application/json" };
    return infoOf(await this.#json(kDocumentsPath, { method: "POST", headers, body }));
  }

  /** What this user created or opened, the last opened first. */
  async listDocuments(): Promise<DocumentInfo[]> {
    const { documents } = fieldsOf(await this.#json(kDocumentsPath));
    // One of a type that only a newer client knows is left out.
    const known = (value: unknown): boolean => isTypeName(fieldsOf(value).type);
    return Array.isArray(documents) ? documents.filter(known).map(infoOf) : [];
  }

  /** Connects again, under a new identity, after `superseded` or `error`. */
  reconnect(): void {
    if (this.#connection.state !== "idle") return;
    this.#identity.forget();
    for (const document of this.#documents.values()) document.session.resumed();
    this.#connection.start();
  }

  /**
   * Closes all documents, each once its edits are acknowledged, and the connection. Rejects if that
   * takes too long; then nothing is lost, and `close` can be called again.
   */
  async close(options: { discard?: boolean; timeoutMs?: number } = {}): Promise<void> {
    await Promise.all([...this.#documents.values()].map((document) => document.close(options)));
    this.#connection.stop();
    this.#identity.release();
    globalThis.removeEventListener?.("online", this.#onOnline);
    globalThis.removeEventListener?.("offline", this.#onOffline);
  }

  #register(documentId: string): CollaborativeDocument {
    const document = new CollaborativeDocument(documentId, {
      connection: this.#connection,
      identity: this.#identity,
      scheduler: this.#scheduler,
      fetchJson: (path) => this.#json(path),
    });
    this.#documents.set(documentId, document);
    document.on("state", (state) => state === "closed" && this.#forget(document));
    if (this.#connection.isConnected) document.session.connected();
    else this.#connection.start();
    return document;
  }

  #forget(document: CollaborativeDocument): void {
    if (this.#documents.get(document.id) === document) this.#documents.delete(document.id);
  }

  #listen(): void {
    const documents = this.#documents;
    this.#connection.on("connected", () => {
      this.emit("connected", undefined);
      for (const document of [...documents.values()]) document.session.connected();
    });
    this.#connection.on("disconnected", (loss) => {
      for (const document of [...documents.values()]) document.session.disconnected();
      this.emit("disconnected", loss);
    });
    this.#connection.on("failed", (error) => {
      for (const document of [...documents.values()]) {
        document.session.disconnected();
        document.fail(error);
      }
      this.emit("error", error);
    });
    this.#connection.on("message", ({ name, payload }) => {
      if (name === "session-closed") this.#onSessionClosed(payload);
      else documents.get(stringOf(fieldsOf(payload).documentId))?.receive({ name, payload });
    });
    globalThis.addEventListener?.("online", this.#onOnline);
    globalThis.addEventListener?.("offline", this.#onOffline);
  }

  readonly #onOnline = (): void => this.#connection.retryNow();

  /** A dead network keeps a TCP connection open for minutes: don't wait for the heartbeat. */
  readonly #onOffline = (): void => this.#connection.drop();

  #onSessionClosed(payload: unknown): void {
    const error = errorFromWire(payload);
    // Others pass, and the disconnect that follows leads to a reconnect.
    if (error.code !== "client_superseded") return;
    // Reconnecting would throw the other page out again.
    this.#connection.stop();
    for (const document of [...this.#documents.values()]) document.session.superseded();
    this.emit("disconnected", { message: error.message });
  }

  async #json(path: string, init: RequestInit = {}): Promise<unknown> {
    let response: Response;
    let body: unknown;
    try {
      response = await this.#fetch(new URL(path, this.#url), { credentials: "include", ...init });
      body = await response.json().catch(() => null);
    } catch (reason) {
      throw new CloudSyncError("disconnected", toCloudSyncError(reason).message);
    }
    if (!response.ok) throw errorFromWire(fieldsOf(body).error);
    return body;
  }
}

function infoOf(value: unknown): DocumentInfo {
  const fields = fieldsOf(value);
  const info: DocumentInfo = {
    id: stringOf(fields.id),
    type: typeByName(fields.type).name,
    title: stringOf(fields.title),
    revision: typeof fields.revision === "number" ? fields.revision : 0,
  };
  if (typeof fields.createdAt === "number") info.createdAt = fields.createdAt;
  if (typeof fields.updatedAt === "number") info.updatedAt = fields.updatedAt;
  return info;
}
