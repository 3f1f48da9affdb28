// The protocol of one open document: when to join, receive, send and give up. Sending and fetching
// themselves are in submission_queue.ts and gap_fetcher.ts; what all that does to the text is decided in
// state.ts, and what the application sees is collaborative_document.ts.

import { CloudSyncError, toCloudSyncError } from "../errors.js";
import type { DocumentJournal, Journaled } from "../journal/document_journal.js";
import type { Restored } from "../journal/journal.js";
import { typeByName } from "../ot/types.js";
import type { AnyContent, AnyOp, Core, DocumentContext, Message } from "./context.js";
import { GapFetcher } from "./gap_fetcher.js";
import { Members } from "./members.js";
import { OwnPresence } from "./own_presence.js";
import { PresenceTracker, presenceStateFromWire, type PresenceState } from "./presence.js";
import { Retry } from "./retry.js";
import { DocumentState, type LogEntry, type Unsent } from "./state.js";
import { SubmissionQueue } from "./submission_queue.js";
import { UndoStack } from "./undo_stack.js";
import { fieldsOf, joinReplyOf, logEntriesOf, revisionOf, stringOf, type JoinReply } from "./wire.js";

/**
 * - `offline`: no connection, or between two attempts to join
 * - `joining`: the join reply is awaited; messages wait in the backlog
 * - `catching-up`: operations up to the head of the join reply are being fetched
 * - `live`: everything is sent and received as it comes
 * - `superseded`, `closed`: nothing is sent or received
 */
export type Phase = "offline" | "joining" | "catching-up" | "live" | "superseded" | "closed";

export type SessionObserver = {
  onOpened(): void;
  /** The content changed, not by `edit`. */
  onChange(op: AnyOp, origin: "remote" | "resync"): void;
  /** The phase, or whether something is unsent, may have changed. */
  onProgress(): void;
  onPresence(): void;
  onMembers(): void;
  /** The document cannot be used any more. */
  onFailed(error: CloudSyncError): void;
};

const kBacklogMax = 10_000;
/** In larger company a newcomer waits for our next move to see our cursor. */
const kPresenceRepeatMembersMax = 30;

export class DocumentSession {
  readonly members = new Members();
  readonly #id: string;
  readonly #context: DocumentContext;
  readonly #observer: SessionObserver;
  readonly #journal: DocumentJournal | null;
  readonly #retry: Retry;
  readonly #submissions: SubmissionQueue;
  readonly #gaps: GapFetcher;
  #core: Core | null = null;
  #title = "";
  #phase: Phase = "offline";
  /** Messages that came before their join reply was dealt with. */
  #backlog: Message[] = [];
  /** Counts joins and losses: what an older one still waits for is void. */
  #epoch = 0;
  /** Catching up ends at this revision. */
  #joinHead = 0;
  /** The server's history is not ours: the next join asks for a snapshot. */
  #mustStartOver = false;
  #holds = 0;
  /** The copy came from the journal: the server may know of more than that does. */
  #isRestored = false;
  /** The journal's last write, once the document is closed. */
  #ended: Promise<void> | undefined;

  /** `journal` without `restored` is to be begun. */
  constructor(
    id: string, context: DocumentContext, restored: Restored | null, journal: DocumentJournal | null,
    observer: SessionObserver,
  ) {
    this.#id = id;
    this.#context = context;
    this.#observer = observer;
    this.#journal = journal;
    this.#retry = new Retry(context.scheduler);
    this.#submissions = new SubmissionQueue(id, context, this.#retry, journal, {
      onCommitted: (revision) => this.#onCommitted(revision),
      onResend: () => this.flush(),
      onRejoin: (error) => this.#rejoin(error),
      onDiverged: (error) => this.#startOver(error),
      onRefused: (error) => this.#refused(error),
    });
    this.#gaps = new GapFetcher(id, context, {
      onFetched: (entries) => this.#onFetched(entries),
      onFetchError: (error) => this.#onFetchError(error),
    });
    journal?.attach(
      () => this.#journaled(),
      () => observer.onProgress(),
    );
    if (restored !== null) this.#restore(restored);
  }

  #journaled(): Journaled | null {
    if (this.#core === null) return null;
    return { type: this.#core.type, title: this.#title, state: this.#core.state, mustStartOver: this.#mustStartOver };
  }

  #restore({ type, state, title, mustStartOver, credentials }: Restored): void {
    this.#title = title;
    this.#mustStartOver = mustStartOver;
    // Nothing was sent from this copy yet, but perhaps from an earlier page of this client.
    if (credentials === null) state.noteSeq(this.#context.identity.nextSeq(this.#id));
    this.#core = this.#coreOf(type, state);
    this.#isRestored = true;
    this.#context.history({ kind: "reload", doc: this.#id });
  }

  get phase(): Phase {
    return this.#phase;
  }

  get title(): string {
    return this.#title;
  }

  get core(): Core | null {
    return this.#core;
  }

  get opened(): Core {
    if (this.#core === null) throw new CloudSyncError("closed", "The document is not open yet.");
    return this.#core;
  }

  /** Every edit, and every copy of what was not taken, survives a crash of this program. */
  get isStored(): boolean {
    const isSaved = this.#core?.state.hasUnsent !== true;
    return (isSaved || this.#journal?.isStored === true) && this.#context.copies.isStored(this.#id);
  }

  /** Applies an edit and returns it as it was applied. Throws CloudSyncError `op_invalid`. */
  edit(given: AnyOp, isUndoable: boolean): AnyOp {
    const { type, state, undo } = this.opened;
    const before = state.content;
    type.check(before, given);
    const op = type.repair(before, given);
    this.#editUnrecorded(op);
    if (isUndoable) undo.record(op, before, this.#context.scheduler.nowMs());
    else undo.follow(op);
    return op;
  }

  /** Undoes or redoes an own edit; returns what that changed, or null. */
  step(direction: "undo" | "redo"): AnyOp | null {
    const { state, undo } = this.opened;
    const op = undo[direction](state.content);
    if (op !== null) this.#editUnrecorded(op);
    return op;
  }

  #editUnrecorded(op: AnyOp): void {
    const { state, ownPresence, presence } = this.opened;
    state.edit(op);
    this.#journal?.record({ kind: "edit", op });
    ownPresence.follow(op, true);
    if (presence.followEdit(op)) this.#observer.onPresence();
  }

  hold(): void {
    this.#holds++;
  }

  release(): void {
    if (this.#holds > 0 && --this.#holds === 0) this.#drain();
  }

  // ---- The connection's life.

  connected(): void {
    if (this.#phase === "offline") void this.#join();
  }

  disconnected(): void {
    if (this.#phase !== "closed" && this.#phase !== "superseded") this.#leave("offline");
  }

  superseded(): void {
    if (this.#phase !== "closed") this.#leave("superseded");
  }

  resumed(): void {
    if (this.#phase === "superseded") this.#leave("offline");
  }

  /** Resolves once the journal is as it is to stay: without edits that are given up. */
  async close(): Promise<void> {
    const { connection } = this.#context;
    if (this.#phase === "closed") return this.#ended;
    const isMember = this.#phase === "live" || this.#phase === "catching-up";
    if (isMember && connection.isConnected) {
      connection.request("leave-document", { documentId: this.#id }).catch(() => undefined);
    }
    const isGivenUp = this.#core?.state.hasUnsent === true;
    this.#leave("closed");
    this.#ended = isGivenUp ? this.#journal?.remove() : this.#journal?.close();
    await this.#ended;
  }

  /** Ends it here; a later page goes on from the journal. */
  async suspend(): Promise<void> {
    if (this.#phase !== "closed") {
      this.#leave("closed");
      this.#ended = this.#journal?.close();
    }
    await this.#ended;
  }

  /** An event of the server about this document. */
  receive(message: Message): void {
    if (this.#phase === "joining") {
      // Past the bound only the newest is kept: it shows that there is a gap to fetch.
      if (this.#backlog.length >= kBacklogMax) this.#backlog.pop();
      this.#backlog.push(message);
    } else if (this.#phase === "live" || this.#phase === "catching-up") {
      this.#handle(message);
    }
  }

  #leave(phase: "offline" | "superseded" | "closed"): void {
    this.#epoch++;
    this.#phase = phase;
    this.#submissions.abandon();
    this.#gaps.abandon();
    this.#backlog = [];
    this.#retry.cancel();
    this.#core?.ownPresence.stop();
    this.#core?.state.dropEarly();
    if (this.#core?.presence.clear() === true) this.#observer.onPresence();
    this.#observer.onProgress();
  }

  // ---- Joining.

  async #join(): Promise<void> {
    const epoch = ++this.#epoch;
    this.#phase = "joining";
    const state = this.#mustStartOver ? null : this.#core?.state;
    try {
      const fields = await this.#context.connection.request("join-document", {
        documentId: this.#id,
        ...(state == null ? {} : { revision: state.revision }),
        ...(state?.hash === undefined ? {} : { hash: state.hash }),
      });
      const reply = joinReplyOf(fields);
      if (reply.client !== undefined) {
        this.#context.identity.adopt(reply.client);
        this.#journal?.identify(reply.client);
      }
      const hasContent = state == null || !reply.hasOps;
      const content = hasContent ? await this.#contentOf(reply) : undefined;
      if (epoch === this.#epoch) this.#onJoined(reply, fields, content);
    } catch (reason) {
      if (epoch === this.#epoch) this.#onJoinError(toCloudSyncError(reason));
    }
  }

  async #contentOf(reply: JoinReply): Promise<unknown> {
    if (reply.snapshotUrl === undefined) return reply.snapshot;
    return this.#context.fetchJson(reply.snapshotUrl);
  }

  #onJoined(reply: JoinReply, fields: Record<string, unknown>, content: unknown): void {
    this.#title = reply.title;
    this.#retry.succeeded();
    this.#joinHead = reply.revision;
    this.members.reset(reply.members, reply.memberCount);
    if (this.#core === null) this.#core = this.#begin(reply, content);
    else if (content !== undefined) this.#startFrom(this.#core, reply, content);
    const { state, type, ownPresence } = this.#core;
    this.#tellJoined(content);
    if (content === undefined) {
      const hash = fields.next === undefined ? reply.hash : undefined;
      this.#enqueue(logEntriesOf(type, fields.ops, state.revision + 1, hash));
      state.noteHead(reply.revision);
    }
    this.#mustStartOver = false;
    this.#phase = "catching-up";
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const message of backlog) this.#handle(message);
    this.#observer.onOpened();
    this.#observer.onMembers();
    ownPresence.repeat();
    this.#drain();
  }

  #tellJoined(content: unknown): void {
    const { type, state } = this.opened;
    const { revision: rev, hash } = state;
    const { history } = this.#context;
    if (content === undefined) history({ kind: "resume", doc: this.#id, rev, hash });
    else history({ kind: "open", doc: this.#id, type: type.name, rev, hash, content: state.content });
  }

  #begin(reply: JoinReply, content: unknown): Core {
    const type = typeByName(reply.typeName);
    const state = new DocumentState(type, type.contentFromWire(content), reply.revision, reply.hash);
    if (this.#journal !== null) {
      // An earlier page of this client may have used numbers that no journal tells of.
      state.noteSeq(this.#context.identity.nextSeq(this.#id));
      this.#journal.rebase();
    }
    return this.#coreOf(type, state);
  }

  #coreOf(type: Core["type"], state: Core["state"]): Core {
    const presence = new PresenceTracker(type);
    const ownPresence = new OwnPresence(type, this.#context.scheduler, (own) => this.#sendPresence(own));
    return { type, state, presence, ownPresence, undo: new UndoStack(type) };
  }

  #startFrom({ type, state, undo }: Core, reply: JoinReply, content: unknown): void {
    // Edits of the meantime belong to the old history, too.
    this.#rollBack(new CloudSyncError("history_diverged", "The document was loaded afresh."));
    undo.clear();
    const op = state.restart(type.contentFromWire(content), reply.revision, reply.hash);
    this.#journal?.rebase();
    if (!type.isNoop(op)) this.#observer.onChange(op, "resync");
  }

  #onJoinError(error: CloudSyncError): void {
    this.#phase = "offline";
    this.#backlog = [];
    if (error.code === "disconnected") return;
    if (error.remedy === "rejoin-fresh" && this.#core !== null) this.#startOver(error);
    else if (error.remedy === "refused" || error.remedy === "rejoin-fresh") this.#fail(error);
    else this.#joinLater(error);
    this.#observer.onProgress();
  }

  #joinLater(error: CloudSyncError): void {
    this.#retry.after(error, () => {
      if (this.#phase === "offline" && this.#context.connection.isConnected) void this.#join();
    });
  }

  #rejoin(error: CloudSyncError): void {
    this.#leave("offline");
    this.#joinLater(error);
  }

  /** The server's history is another: ours becomes a copy, and we begin again with the server's. */
  #startOver(error: CloudSyncError): void {
    const { type, state } = this.opened;
    const whole = { content: state.content, op: type.insertAll(state.content) };
    // A diverged history may lack what was acknowledged: then the whole text is the copy.
    if (!this.#rollBack(error) && error.code === "history_diverged" && !this.#mustStartOver) {
      this.#offerCopy(whole, error);
    }
    this.#mustStartOver = true;
    this.#journal?.rebase();
    // The snapshot has all that this client ever sent.
    this.#isRestored = false;
    this.#rejoin(error);
  }

  #fail(error: CloudSyncError): void {
    if (this.#core !== null) this.#rollBack(error);
    this.#leave("closed");
    // What was unsent is a copy by now.
    this.#ended = this.#journal?.remove();
    this.#observer.onFailed(error);
  }

  /** Takes unsent edits back and offers them as a copy. Returns false if there were none. */
  #rollBack(reason: CloudSyncError): boolean {
    const { type, state, undo } = this.opened;
    const result = state.rollBack();
    if (result === null) return false;
    undo.clear();
    this.#submissions.abandon();
    this.#offerCopy(result.unsent, reason);
    if (!type.isNoop(result.step)) this.#observer.onChange(result.step, "resync");
    return true;
  }

  /** The copy takes the place of the edits in the journal, in one transaction. */
  #offerCopy(unsent: Unsent<AnyContent, AnyOp>, reason: CloudSyncError): void {
    const { type } = this.opened;
    const { copies, history } = this.#context;
    const text = type.plainText(unsent.content);
    const copy = copies.add({
      documentId: this.#id, title: this.#title, type: type.name, reason,
      content: unsent.content, text, insertedText: type.insertedText(unsent.op),
    });
    if (this.#journal === null) void copies.keep(copy).then(() => this.#observer.onProgress());
    else this.#journal.rebase(copy);
    history({ kind: "copy", doc: this.#id, text });
  }

  // ---- Receiving.

  #handle({ name, payload }: Message): void {
    try {
      this.#dispatch(name, fieldsOf(payload));
    } catch (reason) {
      // What we cannot read or apply, we must not guess at: the server's state is the truth.
      this.#startOver(toCloudSyncError(reason));
    }
  }

  #dispatch(name: string, fields: Record<string, unknown>): void {
    const { type, state, presence, ownPresence } = this.opened;
    if (name === "ops") {
      const hash = stringOf(fields.hash) || undefined;
      this.#enqueue(logEntriesOf(type, fields.ops, revisionOf(fields.revision), hash));
      this.#drain();
    } else if (name === "presence") {
      const { clientId, userId, revision } = fields;
      const frame = {
        clientId: stringOf(clientId),
        userId: stringOf(userId),
        revision: revisionOf(revision),
        state: presenceStateFromWire(fields.state),
      };
      if (presence.receive(frame, state.revision, state.unconfirmed)) this.#observer.onPresence();
    } else if (name === "user-joined") {
      this.members.joined(fields);
      if (this.members.count <= kPresenceRepeatMembersMax) ownPresence.repeat();
      this.#observer.onMembers();
    } else if (name === "user-left") {
      if (presence.remove(this.members.left(fields))) this.#observer.onPresence();
      this.#observer.onMembers();
    }
  }

  /**
   * Keeps entries until their turn. Throws `journal_outdated` if the log holds a number of ours that the
   * journal did not know of: it is older than what was sent (its last writes were lost, or it was copied), so
   * that its unsent edits may be in the log already.
   */
  #enqueue(entries: readonly LogEntry<AnyOp>[]): void {
    const { state } = this.opened;
    const own = this.#isRestored ? this.#context.identity.current?.id : undefined;
    for (const entry of entries) {
      if (entry.clientId === own && entry.seq > state.lastSeq && entry.revision > state.revision) {
        throw new CloudSyncError("journal_outdated", "The journal of this device is older than what was sent from it.");
      }
      state.enqueue(entry);
    }
  }

  /** Applies what is there in order, asks for what is missing, and goes on sending. */
  #drain(): void {
    if (this.#phase !== "live" && this.#phase !== "catching-up") return;
    if (this.#holds > 0) return;
    const core = this.opened;
    const { type, state, presence, ownPresence, undo } = core;
    let presenceChanged = false;
    const change = state.advance((step) => {
      const { revision: rev, clientId, seq, hash } = step.entry;
      this.#journal?.record({ kind: "committed", entry: step.entry });
      this.#context.history({ kind: "apply", doc: this.#id, rev, clientId, seq, hash });
      if (step.isAck) this.#submissions.acknowledged();
      if (step.localOp !== null) ownPresence.follow(step.localOp, false);
      presenceChanged = presence.follow(step, () => state.unconfirmed) || presenceChanged;
    });
    if (change !== null && !type.isNoop(change)) {
      undo.follow(change);
      this.#observer.onChange(change, "remote");
    }
    if (presenceChanged) this.#observer.onPresence();
    void this.#gaps.fetch(core);
    if (this.#phase === "catching-up" && state.revision >= this.#joinHead) this.#goLive();
    this.flush();
  }

  #goLive(): void {
    const { state } = this.opened;
    const { identity } = this.#context;
    this.#phase = "live";
    const clientId = identity.current?.id;
    const isForeign = clientId !== undefined && state.inFlight !== null && state.inFlight.clientId !== clientId;
    // The log up to the head does not hold it, and the old identity cannot send any more.
    if (!isForeign) return;
    state.reissue(clientId, Math.max(identity.nextSeq(this.#id), state.lastSeq + 1));
    this.#journal?.rebase();
  }

  #onFetched(entries: readonly LogEntry<AnyOp>[]): void {
    const core = this.opened;
    this.#retry.succeeded();
    try {
      this.#enqueue(entries);
      // The next page is on its way while this one is applied.
      void this.#gaps.fetch(core);
      this.#drain();
    } catch (reason) {
      this.#onFetchError(toCloudSyncError(reason));
    }
  }

  #onFetchError(error: CloudSyncError): void {
    if (error.code === "disconnected") return;
    if (error.remedy === "rejoin-fresh") this.#startOver(error);
    // Joining again brings everything from our revision on.
    else this.#rejoin(error);
  }

  // ---- Sending.

  /** Sends the next submission, or the one in flight again, if it is time. */
  flush(): void {
    this.#observer.onProgress();
    if (this.#phase === "live" && this.#context.connection.isConnected) this.#submissions.flush(this.opened);
  }

  /** The ack overtook its frame, or the frame waits for `release`: only the log moves us on. */
  #onCommitted(revision: number): void {
    const { state } = this.opened;
    if (revision <= state.revision) {
      this.#startOver(new CloudSyncError("history_diverged", "An acknowledged edit is not in the log."));
      return;
    }
    state.noteHead(revision);
    this.#drain();
  }

  /** This operation will never be accepted: back to the server's state, the text kept as a copy. */
  #refused(error: CloudSyncError): void {
    this.#rollBack(error);
    if (error.code === "not_found" || error.code === "document_deleted") this.#fail(error);
    this.flush();
  }

  #sendPresence(own: PresenceState | null): boolean {
    const { state } = this.opened;
    const { connection } = this.#context;
    if (this.#phase !== "live" || state.hasUnsent || this.#holds > 0 || !connection.isConnected) return false;
    connection.notify("presence", { documentId: this.#id, revision: state.revision, state: own });
    return true;
  }
}
