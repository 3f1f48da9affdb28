// Text that the server will not take, until the person has put it somewhere and dismissed it. With a journal
// it outlives the page.

import { Emitter } from "../emitter.js";
import { CloudSyncError, type ErrorCode } from "../errors.js";
import type { Content, TypeName } from "../ot/type.js";
import { typeByName } from "../ot/types.js";
import { randomId } from "./random_id.js";
import type { JournalChange, JournalStore } from "./store.js";

/** Text that is not, or perhaps not, on the server. Show it: it must not get lost. */
export type UnsentCopy<Name extends TypeName = TypeName> = {
  id: string;
  documentId: string;
  title: string;
  type: Name;
  reason: CloudSyncError;
  /** The whole document as it was here, with the edits that were not sent; undefined if it cannot be read. */
  content: Content<Name> | undefined;
  /** The same as plain text. */
  text: string;
  /** Only the text that the unsent edits inserted. */
  insertedText: string;
  /** When it was made, in milliseconds since 1970. */
  atMs: number;
};

export type CopiesEvents = {
  added: UnsentCopy;
  dismissed: UnsentCopy;
};

export type CopyWrite = { change: JournalChange; onWritten(): void };

const kCopies = "copy/";

function keyOf(id: string): string {
  return `${kCopies}${id}/`;
}

function toText({ reason, content, ...copy }: UnsentCopy): string {
  const { code, message } = reason;
  const wire = content === undefined ? undefined : typeByName(copy.type).contentToWire(content);
  return JSON.stringify({ ...copy, reason: { code, message }, content: wire });
}

/** What is damaged is still shown, as it is. */
function fromText(key: string, text: string): UnsentCopy {
  try {
    const { reason, content, ...copy } = JSON.parse(text) as UnsentCopy & { reason: { code: ErrorCode; message: string } };
    const read = content === undefined ? undefined : typeByName(copy.type).contentFromWire(content);
    return { ...copy, reason: new CloudSyncError(reason.code, reason.message), content: read };
  } catch (error) {
    const reason = new CloudSyncError("journal_unreadable", String(error));
    const id = key.slice(kCopies.length, -1);
    return { id, documentId: "", title: "", type: "text", reason, content: text, text, insertedText: "", atMs: 0 };
  }
}

export class UnsentCopies extends Emitter<CopiesEvents> {
  readonly #store: JournalStore | null;
  readonly #copies = new Map<string, UnsentCopy>();
  /** The ids of those that would be lost with this program. */
  readonly #unstored = new Set<string>();
  #loaded: Promise<void> | null = null;

  constructor(store: JournalStore | null) {
    super();
    this.#store = store;
  }

  /** Resolves once those of earlier pages are known, or cannot be. Never rejects. */
  load(): Promise<void> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }

  /** Those of a document, or all. The oldest first. */
  list(documentId?: string): UnsentCopy[] {
    const all = [...this.#copies.values()].sort((a, b) => a.atMs - b.atMs);
    return documentId === undefined ? all : all.filter((copy) => copy.documentId === documentId);
  }

  /** False while a copy of the document would be lost with this program. */
  isStored(documentId: string): boolean {
    return [...this.#unstored].every((id) => this.#copies.get(id)?.documentId !== documentId);
  }

  /**
   * Shows a copy, and returns what is to be written in one transaction with the end of what it is a copy of,
   * and to be called then.
   */
  add(parts: Omit<UnsentCopy, "id" | "atMs">): CopyWrite {
    const copy: UnsentCopy = { ...parts, id: randomId(), atMs: Date.now() };
    this.#copies.set(copy.id, copy);
    this.#unstored.add(copy.id);
    this.emit("added", copy);
    return { change: { put: keyOf(copy.id), value: toText(copy) }, onWritten: () => this.#unstored.delete(copy.id) };
  }

  /** Writes what `add` returned by itself, where there is no journal of the document. */
  async keep({ change, onWritten }: CopyWrite): Promise<void> {
    if (this.#store === null) return;
    await this.#store.write([change], "strict").then(onWritten, () => undefined);
  }

  /**
   * Takes a copy away for good. It is listed until no later page can show it again: whoever sees it gone may
   * close or reload the page at once. Never rejects.
   */
  async dismiss(id: string): Promise<void> {
    if (!this.#copies.has(id)) return;
    // What cannot be removed is shown again by the next page: a nuisance, no loss.
    const removed = this.#store?.write([{ drop: keyOf(id) }], "relaxed").catch(() => undefined);
    // A copy that the store has not taken so far must go, too, where the store answers nothing at all.
    if (!this.#unstored.has(id)) await removed;
    const copy = this.#copies.get(id);
    if (copy === undefined) return; // dismissed twice
    this.#copies.delete(id);
    this.#unstored.delete(id);
    this.emit("dismissed", copy);
  }

  async #load(): Promise<void> {
    const entries = await (this.#store?.read(kCopies) ?? Promise.resolve([])).catch(() => []);
    for (const [key, text] of entries) {
      const copy = fromText(key, text);
      if (this.#copies.has(copy.id)) continue;
      this.#copies.set(copy.id, copy);
      this.emit("added", copy);
    }
  }
}
