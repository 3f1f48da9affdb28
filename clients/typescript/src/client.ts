// The entry point: one client is one connection to a server, shared by all its open documents; what an
// earlier page left in the journal may need another (lane.ts).

import type { CollaborativeDocument } from "./document/collaborative_document.js";
import { fieldsOf, stringOf } from "./document/wire.js";
import { CloudSyncError, errorFromWire, toCloudSyncError } from "./errors.js";
import { Emitter } from "./emitter.js";
import type { HistoryListener } from "./history.js";
import { defaultIdentity, type ClientCredentials, type Identity } from "./identity.js";
import { UnsentCopies } from "./journal/copies.js";
import { defaultJournalStore } from "./journal/indexed_db_store.js";
import { Journal } from "./journal/journal.js";
import { ClientLocks } from "./journal/locks.js";
import { identityOf, OrphanDrain } from "./journal/orphans.js";
import type { JournalStore } from "./journal/store.js";
import { takeOver } from "./journal/take_over.js";
import { Lane, type LaneOptions } from "./lane.js";
import type { TypeName } from "./ot/type.js";
import { isTypeName, typeByName } from "./ot/types.js";
import { wellFormed, wellFormedJson } from "./ot/well_formed.js";
import { systemScheduler, type Scheduler } from "./scheduler.js";
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
  /**
   * Where edits are kept that the server does not have yet, so that they outlive this program: in a
   * browser IndexedDB by default, else nowhere. `null` for nowhere.
   */
  journal?: JournalStore | null;
  /**
   * Edits that come sooner behind a submission, in milliseconds, travel with the next; 0: what was
   * acknowledged meanwhile alone decides. The first edit after a pause never waits.
   */
  submitIntervalMs?: number;
  /** Is told what happens, for tests that check whole runs. */
  history?: HistoryListener;
};

/** A document that can be shown without the server. */
export type StoredDocument = {
  id: string;
  type: TypeName;
  title: string;
  /** It has edits that are not on the server. */
  isUnsent: boolean;
  /** Milliseconds since 1970. */
  updatedAtMs: number;
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
const kProbeTimeoutMs = 5_000;
/** Joins what a held key repeats (30 a second) and edits of one gesture; others see it within RAIL's 100 ms. */
const kSubmitIntervalMs = 50;

export class CloudSyncClient extends Emitter<ClientEvents> {
  /** Text that the server did not take, of all documents, until it is dismissed. */
  readonly copies: UnsentCopies;
  readonly #url: string;
  readonly #scheduler: Scheduler;
  readonly #fetch: typeof globalThis.fetch;
  readonly #laneOptions: LaneOptions;
  readonly #main: Lane;
  /** Others, for clients of earlier pages. */
  readonly #lanes = new Set<Lane>();
  readonly #opening = new Map<string, Promise<CollaborativeDocument>>();
  readonly #journal: Journal | null;
  readonly #drain: OrphanDrain | null;
  #name: string | undefined;

  constructor(options: ClientOptions = {}) {
    super();
    this.#url = options.url ?? globalThis.location.origin;
    this.#name = options.name;
    this.#scheduler = options.scheduler ?? systemScheduler;
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    const store = options.journal === undefined ? defaultJournalStore() : options.journal;
    this.copies = new UnsentCopies(store);
    this.#laneOptions = {
      url: this.#url,
      scheduler: this.#scheduler,
      transport: options.transport ?? socketIoTransport,
      name: () => wellFormedJson(this.#name),
      fetchJson: (path) => this.#json(path),
      copies: this.copies,
      submitIntervalMs: options.submitIntervalMs ?? kSubmitIntervalMs,
      history: options.history ?? (() => undefined),
    };
    const identity = options.identity ?? defaultIdentity();
    this.#main = this.#newLane(identity);
    if (store === null) {
      this.#journal = this.#drain = null;
    } else {
      const locks = identity.locks ?? new ClientLocks(store.locks);
      this.#journal = new Journal(store, locks, this.#scheduler, this.copies);
      this.#drain = new OrphanDrain(this.#journal, this.#scheduler, {
        newLane: (other) => new Lane(other, this.#laneOptions),
        isOnline: () => this.#isOnline(),
        isOpening: (documentId) => this.#opening.has(documentId),
      });
    }
    globalThis.addEventListener?.("online", this.#onOnline);
    globalThis.addEventListener?.("offline", this.#onOffline);
  }

  get isConnected(): boolean {
    return this.#allLanes().some((lane) => lane.isConnected);
  }

  /** True while an edit of any document is not known to be on the server. */
  get hasUnsavedChanges(): boolean {
    return this.#documents().some((document) => document.hasUnsavedChanges);
  }

  /** False while an edit of any document would be lost with this program: ask before leaving the page. */
  get isStored(): boolean {
    return this.#documents().every((document) => document.isStored);
  }

  /** Whether there is a place for edits to outlive this program. That it works, `isStored` says. */
  get hasJournal(): boolean {
    return this.#journal !== null;
  }

  /** The name for connections from now on. Members see a change at the next one. */
  setName(name: string): void {
    this.#name = name;
  }

  /**
   * Opens a document and resolves when its content is there: at once, and offline, if the journal has it.
   * The same document is opened once: a second call resolves to the same object. Rejects with
   * CloudSyncError, such as `not_found`.
   */
  async open(documentId: string): Promise<CollaborativeDocument> {
    const document = await this.#documentOf(documentId);
    try {
      await document.opened;
    } catch (reason) {
      for (const lane of this.#allLanes()) lane.forget(document);
      throw reason;
    }
    return document;
  }

  /** What can be shown without the server, the unsent first, then the newest. Empty without a journal. */
  async storedDocuments(): Promise<StoredDocument[]> {
    const heads = (await this.#journal?.heads().catch(() => [])) ?? [];
    const byId = new Map<string, StoredDocument>();
    for (const { documentId: id, type, title, isUnsent, updatedAtMs } of heads) {
      if (!byId.has(id)) byId.set(id, { id, type, title, isUnsent, updatedAtMs });
    }
    return [...byId.values()];
  }

  /**
   * Sends the edits that pages which are gone left in the journal, now and whenever some are found. Done by
   * itself while a document is open: call it on pages without one.
   */
  recover(): void {
    void this.copies.load();
    this.#drain?.start();
    this.#journal?.evict().catch(() => undefined);
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
    for (const lane of this.#allLanes()) lane.reconnect();
  }

  /**
   * Closes all documents, each once its edits are acknowledged, and the connection. Rejects if that
   * takes too long; then nothing is lost, and `close` can be called again.
   */
  async close(options: { discard?: boolean; timeoutMs?: number } = {}): Promise<void> {
    await Promise.all(this.#documents().map((document) => document.close(options)));
    await this.#drain?.stop();
    for (const lane of this.#allLanes()) lane.stop();
    this.#main.identity.release();
    this.#journal?.locks.releaseAll();
    globalThis.removeEventListener?.("online", this.#onOnline);
    globalThis.removeEventListener?.("offline", this.#onOffline);
  }

  #allLanes(): Lane[] {
    return [this.#main, ...this.#lanes];
  }

  #documents(): CollaborativeDocument[] {
    return this.#allLanes().flatMap((lane) => lane.documents);
  }

  #documentOf(documentId: string): Promise<CollaborativeDocument> | CollaborativeDocument {
    const present = this.#documents().find(({ id }) => id === documentId);
    if (present !== undefined) return present;
    if (this.#journal === null) return this.#main.open(documentId, null, null);
    const known = this.#opening.get(documentId);
    if (known !== undefined) return known;
    const opening = this.#openFrom(this.#journal, documentId).finally(() => this.#opening.delete(documentId));
    this.#opening.set(documentId, opening);
    return opening;
  }

  async #openFrom(journal: Journal, documentId: string): Promise<CollaborativeDocument> {
    const { identity } = this.#main;
    try {
      await Promise.all([journal.copiesLoaded(), identity.acquire(), this.#drain?.yield(documentId)]);
      const restored = await takeOver(journal, documentId, identity.current);
      if (restored !== null) return this.#laneOf(restored.credentials).open(documentId, restored, restored.journal);
    } catch {
      // A store that cannot be read must not be written to, either: what it has would get lost. Nor should this
      // page use numbers of the client that it may be about, or that would be outdated.
      if (this.#main.isIdle) identity.forget();
      return this.#main.open(documentId, null, null);
    }
    return this.#main.open(documentId, null, journal.begin(documentId, null, null));
  }

  /** Where the client is, or can be, that has these credentials; without any, where we are. */
  #laneOf(credentials: ClientCredentials | null): Lane {
    const main = this.#main;
    const present = this.#allLanes().find((lane) => lane.identity.current?.id === credentials?.id);
    if (credentials === null) return main;
    if (present !== undefined) return present;
    if (main.isIdle && main.identity.current === null) {
      main.identity.adopt(credentials);
      return main;
    }
    const lane = this.#newLane(identityOf(credentials));
    this.#lanes.add(lane);
    return lane;
  }

  #newLane(identity: Identity): Lane {
    const lane = new Lane(identity, this.#laneOptions);
    lane.on("connected", () => {
      this.emit("connected", undefined);
      this.recover();
    });
    lane.on("disconnected", (loss) => this.emit("disconnected", loss));
    lane.on("error", (error) => this.emit("error", error));
    lane.on("empty", () => {
      if (this.#lanes.delete(lane)) lane.stop();
    });
    return lane;
  }

  readonly #onOnline = (): void => {
    for (const lane of this.#allLanes()) lane.retryNow();
    this.#drain?.start();
  };

  /** A dead network keeps a TCP connection open for minutes: don't wait for the heartbeat. */
  readonly #onOffline = (): void => {
    for (const lane of this.#allLanes()) lane.drop();
  };

  async #isOnline(): Promise<boolean> {
    const signal = AbortSignal.timeout(kProbeTimeoutMs);
    // Any answer will do, also one that another origin may not read.
    const init: RequestInit = { signal, cache: "no-store", mode: "no-cors" };
    return this.#fetch(new URL("/healthz", this.#url), init).then(() => true, () => false);
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
