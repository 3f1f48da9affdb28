// A document that is open, as the application sees it.

import { CloudSyncError } from "../errors.js";
import { Emitter } from "../emitter.js";
import type { Content, Op, TypeName } from "../ot/type.js";
import { wellFormedJson } from "../ot/well_formed.js";
import type { AnyContent, AnyOp, DocumentContext, Message } from "./context.js";
import type { Presence, PresenceState } from "./presence.js";
import { DocumentSession } from "./session.js";
import type { Unsent } from "./state.js";
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

/** Text that is not, or perhaps not, on the server. Show it: it must not get lost. */
export type UnsentCopy<Name extends TypeName = TypeName> = {
  reason: CloudSyncError;
  /** The whole document as it was here, with the edits that were not sent. */
  content: Content<Name>;
  /** The same as plain text. */
  text: string;
  /** Only the text that the unsent edits inserted. */
  insertedText: string;
};

export type DocumentEvents<Name extends TypeName = TypeName> = {
  change: Change<Name>;
  state: SaveState;
  /** Where the others are now. */
  presence: readonly Presence[];
  /** Who the others are now. */
  members: readonly Member[];
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
  #lastState: SaveState = "offline";

  /** @internal Use `CloudSyncClient.open`. */
  constructor(id: string, context: DocumentContext) {
    super();
    this.id = id;
    this.#context = context;
    this.#opened = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#opened.catch(() => undefined);
    this.#session = new DocumentSession(id, context, {
      onOpened: () => this.#settle?.resolve(),
      onChange: (op, origin) => this.emit("change", { op: op as Op<Name>, origin, source: null }),
      onProgress: () => this.#updateState(),
      onPresence: () => this.emit("presence", this.presence),
      onMembers: () => this.emit("members", this.members),
      onUnsent: (unsent, reason) => this.#offerCopy(unsent, reason),
      onFailed: (error) => this.fail(error),
    });
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
   * that takes longer than `timeoutMs`; with `discard`, leaves at once.
   */
  async close(options: { discard?: boolean; timeoutMs?: number } = {}): Promise<void> {
    if (options.discard !== true) await this.#untilSaved(options.timeoutMs ?? kCloseTimeoutMs);
    this.#session.close();
    this.#settle?.reject(new CloudSyncError("closed", "The document was closed."));
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
    const { state } = this;
    if (state === this.#lastState) return;
    this.#lastState = state;
    this.emit("state", state);
  }

  #offerCopy(unsent: Unsent<AnyContent, AnyOp>, reason: CloudSyncError): void {
    const { type } = this.#session.opened;
    this.emit("unsent-copy", {
      reason,
      content: unsent.content as Content<Name>,
      text: type.plainText(unsent.content),
      insertedText: type.insertedText(unsent.op),
    });
  }
}
