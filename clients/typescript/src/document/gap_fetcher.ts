// Fetches the operations between our revision and what has arrived, one range at a time.

import { CloudSyncError, toCloudSyncError } from "../errors.js";
import type { AnyOp, Core, DocumentContext } from "./context.js";
import type { LogEntry } from "./state.js";
import { logEntriesOf, revisionOf, stringOf } from "./wire.js";

export type FetchObserver = {
  /** Must not throw. */
  onFetched(entries: readonly LogEntry<AnyOp>[]): void;
  onFetchError(error: CloudSyncError): void;
};

export class GapFetcher {
  readonly #documentId: string;
  readonly #context: DocumentContext;
  readonly #observer: FetchObserver;
  /** The request under way; answers to another are void. */
  #current: object | null = null;

  constructor(documentId: string, context: DocumentContext, observer: FetchObserver) {
    this.#documentId = documentId;
    this.#context = context;
    this.#observer = observer;
  }

  /** Asks for what is missing, if something is and was not asked for yet. */
  async fetch({ type, state }: Core): Promise<void> {
    const range = state.missing;
    if (range === null || this.#current !== null) return;
    const current = (this.#current = {});
    try {
      const reply = await this.#context.connection.request("fetch-ops", { documentId: this.#documentId, ...range });
      if (this.#current !== current) return;
      const hash = stringOf(reply.hash) || undefined;
      const entries = logEntriesOf(type, reply.ops, revisionOf(reply.revision), hash);
      if (entries.length === 0) throw new CloudSyncError("bad_reply", "No operations in the reply.");
      this.#current = null;
      this.#observer.onFetched(entries);
    } catch (reason) {
      if (this.#current !== current) return;
      this.#current = null;
      this.#observer.onFetchError(toCloudSyncError(reason));
    }
  }

  /** The answer is not awaited any more. */
  abandon(): void {
    this.#current = null;
  }
}
