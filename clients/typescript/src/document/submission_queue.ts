// One submission at a time on its way to the server: what is sent next, when the identical one is sent
// again, and what an answer means. The log alone says that an operation was accepted.

import { CloudSyncError, toCloudSyncError } from "../errors.js";
import type { DocumentJournal } from "../journal/document_journal.js";
import type { Timer } from "../scheduler.js";
import type { AnyOp, Core, DocumentContext } from "./context.js";
import type { Retry } from "./retry.js";
import type { Submission } from "./state.js";
import { revisionOf } from "./wire.js";

/** What an answer asks of the session. */
export type SubmissionObserver = {
  /** The server's log holds the operation at `revision`. */
  onCommitted(revision: number): void;
  /** It is time to send, or to send again. */
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
  readonly #journal: DocumentJournal | null;
  readonly #observer: SubmissionObserver;
  /** Sent and not answered, on this connection. A new object each time: answers to another are void. */
  #sent: { submission: Submission<AnyOp> } | null = null;
  #internalErrors = 0;
  /** Sooner than that there is no new submission: edits wait for more. */
  #opensAtMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | null = null;
  /** The last submission that the history was told of. */
  #toldSeq = 0;

  constructor(
    documentId: string, context: DocumentContext, retry: Retry, journal: DocumentJournal | null,
    observer: SubmissionObserver,
  ) {
    this.#documentId = documentId;
    this.#context = context;
    this.#retry = retry;
    this.#journal = journal;
    this.#observer = observer;
  }

  /** Sends the next submission, or the one in flight again; without any, what the others may know of us. */
  flush(core: Core): void {
    const { identity } = this.#context;
    const clientId = identity.current?.id;
    if (this.#sent !== null || clientId === undefined) return;
    const { state, ownPresence } = core;
    if (state.inFlight === null && state.hasUnsent && this.#waits()) return;
    const submission = state.inFlight ?? this.#take(core, clientId);
    if (submission === null) ownPresence.poke();
    else void this.#send(core, submission);
  }

  /** True if it is too soon; then it will be tried again. */
  #waits(): boolean {
    const { scheduler } = this.#context;
    const waitMs = this.#opensAtMs - scheduler.nowMs();
    if (waitMs <= 0) return false;
    this.#timer ??= scheduler.after(waitMs, () => {
      this.#timer = null;
      this.#observer.onResend();
    });
    return true;
  }

  #take({ state }: Core, clientId: string): Submission<AnyOp> | null {
    const { identity } = this.#context;
    // The journal may know of numbers that the identity does not: a crash can undo what sessionStorage took.
    const nextSeq = (): number => Math.max(identity.nextSeq(this.#documentId), state.lastSeq + 1);
    const submission = state.takeSubmission(clientId, nextSeq);
    if (submission === null) return null;
    // What is left of a large edit was cut off here, and need not wait for more.
    if (state.pending === null) this.#opensAtMs = this.#context.scheduler.nowMs() + this.#context.submitIntervalMs;
    this.#journal?.record({ kind: "submitted", submission, rest: state.pending });
    return submission;
  }

  /** The answer to what was sent is not awaited any more. */
  abandon(): void {
    this.#sent = null;
    this.#timer?.cancel();
    this.#timer = null;
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
    const { connection, history } = this.#context;
    const documentId = this.#documentId;
    const { revision, seq } = submission;
    const op = type.opToWire(submission.op);
    try {
      // Once it is sent, no later page may use its number for another.
      const stored = this.#journal?.untilStored() ?? null;
      if (stored !== null) await stored;
      if (this.#sent !== sent) return;
      if (this.#toldSeq !== seq) history({ kind: "submit", doc: documentId, seq, rev: revision, op });
      this.#toldSeq = seq;
      if (connection.isConnected) history({ kind: "sent", doc: documentId, seq });
      const reply = await connection.request("submit-op", { documentId, revision, seq, op });
      const committed = revisionOf(reply.revision);
      history({ kind: "ack", doc: documentId, seq, rev: committed });
      if (this.#sent === sent) this.#observer.onCommitted(committed);
    } catch (reason) {
      if (this.#sent === sent) this.#onError(toCloudSyncError(reason), seq);
    }
  }

  #onError(error: CloudSyncError, seq: number): void {
    if (error.code === "disconnected") return;
    this.#context.history({ kind: "reject", doc: this.#documentId, seq, code: error.code });
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
