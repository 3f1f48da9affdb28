// A document that is open, as the application sees it.

import { CloudSyncError } from "../errors.js";
import { Emitter } from "../emitter.js";
import type { Content, Op, TypeName } from "../ot/type.js";
import { wellFormedJson } from "../ot/well_formed.js";
import type { UnsentCopy } from "../journal/copies.js";
import type { DocumentJournal } from "../journal/document_journal.js";
import type { Restored } from "../journal/journal.js";
import type { AnyOp, DocumentContext, Message } from "./context.js";
import type { Presence, PresenceState } from "./presence.js";
import { DocumentSession } from "./session.js";
import type { Member } from "./wire.js";

/**
 * - `saved`: the server has every edit, durably
 * - `saving`: connected, edits are on their way
 * - `offline`: not connected; edits are kept and sent later
 * - `superseded`: another page took over this client; nothing is sent until `client.reconnect()`
 * - `closed`: `close` was called, or the server refused the document for good
 */
export type SaveState = "saved" | "saving" | "offline" | "superseded" | "closed";

export type Change<Name extends TypeName = TypeName> = {
  /** Leads from the content before to `document.content`. */
  op: Op<Name>;
  /** `resync`: the content was set to the server's, own edits were taken back (see `unsent-copy`). */
  origin: "local" | "remote" | "resync";
  /** What was given to `submit`, `undo` or `redo`. */
  source: unknown;
};

export type DocumentEvents<Name extends TypeName = TypeName> = {
  change: Change<Name>;
  state: SaveState;
  /** Whether `isStored` is true from now on. */
  stored: boolean;
  /** Where the others are now. */
  presence: readonly Presence[];
  /** Who the others are now. */
  members: readonly Member[];
  /** A new one of `unsentCopies`. Show it. */
  "unsent-copy": UnsentCopy<Name>;
  /** The document cannot be used any more. */
  error: CloudSyncError;
};

const kCloseTimeoutMs = 10_000;

export class CollaborativeDocument<Name extends TypeName = TypeName> extends Emitter<DocumentEvents<Name>> {
  readonly id: string;
  readonly #context: DocumentContext;
  readonly #session: DocumentSession;
  readonly #opened: Promise<void>;
  #settle: { resolve(): void; reject(error: CloudSyncError): void } | null = null;
  readonly #stopCopies: () => void;
  #lastState: SaveState = "offline";
  #lastStored = true;

  /** @internal Use `CloudSyncClient.open`. */
  constructor(
    id: string, context: DocumentContext, restored: Restored | null = null, journal: DocumentJournal | null = null,
  ) {
    super();
    this.id = id;
    this.#context = context;
    this.#opened = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#opened.catch(() => undefined);
    this.#session = new DocumentSession(id, context, restored, journal, {
      onOpened: () => this.#settle?.resolve(),
      onChange: (op, origin) => this.emit("change", { op: op as Op<Name>, origin, source: null }),
      onProgress: () => this.#updateState(),
      onPresence: () => this.emit("presence", this.presence),
      onMembers: () => this.emit("members", this.members),
      onFailed: (error) => this.fail(error),
    });
    this.#stopCopies = context.copies.on("added", (copy) => {
      if (copy.documentId === id) this.emit("unsent-copy", copy as UnsentCopy<Name>);
    });
    if (restored !== null) this.#settle?.resolve();
  }

  /** @internal Resolves when there is content; rejects when the document cannot be opened. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  get type(): Name {
    return this.#session.opened.type.name as Name;
  }

  /** Narrows the type: `if (document.is("text")) document.submit(["hello"])`. */
  is<Other extends TypeName>(name: Other): this is CollaborativeDocument<Other> {
    return (this.type as TypeName) === name;
  }

  get title(): string {
    return this.#session.title;
  }

  /** The content with all local edits. Treat it as immutable. */
  get content(): Content<Name> {
    return this.#session.opened.state.content as Content<Name>;
  }

  /** The last revision of the server that `content` includes. */
  get revision(): number {
    return this.#session.opened.state.revision;
  }

  get state(): SaveState {
    const { phase } = this.#session;
    if (phase === "superseded" || phase === "closed") return phase;
    if (phase !== "live") return "offline";
    return this.hasUnsavedChanges ? "saving" : "saved";
  }

  /** True while an edit is not known to be on the server: ask before leaving the page. */
  get hasUnsavedChanges(): boolean {
    return this.#session.core?.state.hasUnsent ?? false;
  }

  /**
   * True while every edit is on the server or in the journal of this device, where it outlives this
   * program. Without a journal, or while that fails, it is false as long as an edit is unsaved.
   */
  get isStored(): boolean {
    return this.#session.isStored;
  }

  /** Text that the server did not take, also in earlier pages, until it is dismissed. */
  get unsentCopies(): readonly UnsentCopy<Name>[] {
    return this.#context.copies.list(this.id) as UnsentCopy<Name>[];
  }

  /** The person has seen to the copy: it is forgotten. */
  dismissCopy(id: string): Promise<void> {
    return this.#context.copies.dismiss(id);
  }

  /** This client's id on the server, as the others see it. */
  get clientId(): string {
    return this.#context.identity.current?.id ?? "";
  }

  /** The others. */
  get members(): readonly Member[] {
    return this.#session.members.all;
  }

  /** How many have the document open, us included. */
  get memberCount(): number {
    return this.#session.members.count;
  }

  /** Where the others are, in terms of `content`. */
  get presence(): readonly Presence[] {
    return this.#session.core?.presence.all ?? [];
  }

  /**
   * Applies an edit at once and sends it when it is its turn. `source` comes back in the `change`
   * event, so that an editor can tell its own edits. Returns the operation as it was applied: `op`
   * itself, or one in normal form, with U+FFFD where `op` would insert, or leave over, half of a
   * surrogate pair. An edit that is not `undoable` is left alone by `undo`. Throws CloudSyncError
   * `op_invalid` if the operation does not fit `content`, `closed` after the document was closed.
   */
  submit(op: Op<Name>, source: unknown = null, options: { undoable?: boolean } = {}): Op<Name> {
    this.#assertOpen();
    const applied = this.#session.edit(op as AnyOp, options.undoable ?? true) as Op<Name>;
    this.#announce(applied, source);
    return applied;
  }

  get canUndo(): boolean {
    return this.#session.core?.undo.canUndo ?? false;
  }

  get canRedo(): boolean {
    return this.#session.core?.undo.canRedo ?? false;
  }

  /**
   * Takes back the last edits of this client, those of about a word, whatever others have changed
   * meanwhile: their changes stay. Returns the operation, or null if nothing was left to undo.
   */
  undo(source: unknown = null): Op<Name> | null {
    return this.#step("undo", source);
  }

  /** Takes back the last `undo`, until the next `submit`. */
  redo(source: unknown = null): Op<Name> | null {
    return this.#step("redo", source);
  }

  /** What is submitted next is undone apart from what was submitted before. */
  sealUndo(): void {
    this.#session.core?.undo.seal();
  }

  /** Tells the others where we are; `null` withdraws. Throttled: call it as often as you like. */
  setPresence(state: PresenceState | null): void {
    this.#session.core?.ownPresence.set(wellFormedJson(state));
  }

  /**
   * Keeps remote changes waiting, so that an input method can compose undisturbed, until `release`
   * was called as often. Local edits go on.
   */
  hold(): void {
    this.#session.hold();
  }

  release(): void {
    this.#session.release();
  }

  /**
   * Leaves the document once every edit is acknowledged. Rejects with `timeout`, and stays open, if
   * that takes longer than `timeoutMs`; with `discard`, leaves at once and gives up what is unsent.
   */
  async close(options: { discard?: boolean; timeoutMs?: number } = {}): Promise<void> {
    if (options.discard !== true) await this.#untilSaved(options.timeoutMs ?? kCloseTimeoutMs);
    const closing = this.#session.close();
    this.#settle?.reject(new CloudSyncError("closed", "The document was closed."));
    await closing;
  }

  /** @internal Leaves at once; what is unsent stays in the journal. */
  async suspend(): Promise<void> {
    const suspended = this.#session.suspend();
    this.#settle?.reject(new CloudSyncError("closed", "The document was closed."));
    await suspended;
  }

  /** @internal */
  get session(): DocumentSession {
    return this.#session;
  }

  /** @internal An event of the server about this document. */
  receive(message: Message): void {
    this.#session.receive(message);
  }

  /** @internal */
  fail(error: CloudSyncError): void {
    this.#settle?.reject(error);
    this.#updateState();
    this.emit("error", error);
  }

  #assertOpen(): void {
    if (this.#session.phase === "closed") throw new CloudSyncError("closed", "The document is closed.");
  }

  #step(direction: "undo" | "redo", source: unknown): Op<Name> | null {
    this.#assertOpen();
    const op = this.#session.step(direction) as Op<Name> | null;
    if (op !== null) this.#announce(op, source);
    return op;
  }

  /** Tells of an edit that was made here, and sends it. */
  #announce(op: Op<Name>, source: unknown): void {
    this.emit("change", { op, origin: "local", source });
    this.#session.flush();
  }

  #untilSaved(timeoutMs: number): Promise<void> {
    if (!this.hasUnsavedChanges) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = this.on("state", () => {
        if (this.hasUnsavedChanges) return;
        finish();
        resolve();
      });
      const timer = this.#context.scheduler.after(timeoutMs, () => {
        finish();
        reject(new CloudSyncError("timeout", "The last edits could not be saved in time."));
      });
      function finish(): void {
        stop();
        timer.cancel();
      }
    });
  }

  #updateState(): void {
    const { state, isStored } = this;
    if (isStored !== this.#lastStored) {
      this.#lastStored = isStored;
      this.emit("stored", isStored);
    }
    if (state === this.#lastState) return;
    const isLit = state === "saved";
    if (isLit !== (this.#lastState === "saved")) this.#context.history({ kind: "light", doc: this.id, saved: isLit });
    this.#lastState = state;
    if (state === "closed") this.#stopCopies();
    this.emit("state", state);
  }
}
