// One submission at a time on its way to the server: what is sent next, when the identical one is sent
// again, and what an answer means. The log alone says that an operation was accepted.

import { CloudSyncError, toCloudSyncError } from "../errors.js";
import type { AnyOp, Core, DocumentContext } from "./context.js";
import type { Retry } from "./retry.js";
import type { Submission } from "./state.js";
import { revisionOf } from "./wire.js";

/** What an answer asks of the session. */
export type SubmissionObserver = {
  /** The server's log holds the operation at `revision`. */
  onCommitted(revision: number): void;
  /** It is time to send again. */
  onResend(): void;
  /** The server forgot the membership. */
  onRejoin(error: CloudSyncError): void;
  /** The server's history is another. */
  onDiverged(error: CloudSyncError): void;
  /** This operation will never be accepted. */
  onRefused(error: CloudSyncError): void;
};

/** `internal` may pass, but not for ever. */
const kInternalErrorsMax = 5;

export class SubmissionQueue {
  readonly #documentId: string;
  readonly #context: DocumentContext;
  readonly #retry: Retry;
  readonly #observer: SubmissionObserver;
  /** Sent and not answered, on this connection. A new object each time: answers to another are void. */
  #sent: { submission: Submission<AnyOp> } | null = null;
  #internalErrors = 0;

  constructor(documentId: string, context: DocumentContext, retry: Retry, observer: SubmissionObserver) {
    this.#documentId = documentId;
    this.#context = context;
    this.#retry = retry;
    this.#observer = observer;
  }

  /** Sends the next submission, or the one in flight again; without any, what the others may know of us. */
  flush(core: Core): void {
    const { identity } = this.#context;
    const clientId = identity.current?.id;
    if (this.#sent !== null || clientId === undefined) return;
    const { state, ownPresence } = core;
    const submission = state.inFlight ?? state.takeSubmission(clientId, () => identity.nextSeq(this.#documentId));
    if (submission === null) ownPresence.poke();
    else void this.#send(core, submission);
  }

  /** The answer to what was sent is not awaited any more. */
  abandon(): void {
    this.#sent = null;
  }

  /** The log holds what was in flight. */
  acknowledged(): void {
    this.#sent = null;
    this.#retry.cancel();
    this.#retry.succeeded();
    this.#internalErrors = 0;
  }

  async #send({ type }: Core, submission: Submission<AnyOp>): Promise<void> {
    const sent = { submission };
    this.#sent = sent;
    const { revision, seq, op } = submission;
    try {
      const reply = await this.#context.connection.request("submit-op", {
        documentId: this.#documentId, revision, seq, op: type.opToWire(op),
      });
      if (this.#sent === sent) this.#observer.onCommitted(revisionOf(reply.revision));
    } catch (reason) {
      if (this.#sent === sent) this.#onError(toCloudSyncError(reason));
    }
  }

  #onError(error: CloudSyncError): void {
    if (error.code === "disconnected") return;
    const isHopeless = error.code === "internal" && ++this.#internalErrors >= kInternalErrorsMax;
    if (error.remedy === "rejoin-fresh") this.#observer.onDiverged(error);
    else if (error.remedy === "rejoin") this.#observer.onRejoin(error);
    else if (error.remedy === "retry" && !isHopeless) this.#resendLater(error);
    else {
      this.#internalErrors = 0;
      this.#observer.onRefused(error);
    }
  }

  #resendLater(error: CloudSyncError): void {
    this.#retry.after(error, () => {
      this.#sent = null;
      this.#observer.onResend();
    });
  }
}
