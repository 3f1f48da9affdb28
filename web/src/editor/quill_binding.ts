// Keeps a Quill editor and a document equal, in both directions, and shows where the others are.

import type { CollaborativeDocument, Selection } from "@cloudsync/client";
import { Delta } from "@cloudsync/client";
import type Quill from "quill/core";

import { colorOf, nameOf } from "./company";
import type { QuillCursors } from "./cursors_module";
import { viewOf, type DocumentView } from "./document_view";
import { historyOf, type UndoDirection } from "./history_module";

export type Binding = {
  /** The name that the others see at our cursor. */
  setName(name: string): void;
  destroy(): void;
};

export function bindQuill(quill: Quill, document: CollaborativeDocument, name: string): Binding {
  return new QuillBinding(quill, document, name);
}

const kFlagMs = 2_000;
/** The source of what is undone and redone here. */
const kStep = Symbol("step");

class QuillBinding implements Binding {
  readonly #quill: Quill;
  readonly #document: CollaborativeDocument;
  readonly #view: DocumentView;
  readonly #cursors: QuillCursors;
  readonly #cleanups: (() => void)[] = [];
  #name: string;
  #isComposing = false;
  #lastSelection: Selection | null = null;
  /** Flags that are shown for a moment after their owner moved. */
  readonly #flags = new Map<string, { reports: number; timer: ReturnType<typeof setTimeout> | undefined }>();

  constructor(quill: Quill, document: CollaborativeDocument, name: string) {
    this.#quill = quill;
    this.#document = document;
    this.#view = viewOf(document);
    this.#cursors = quill.getModule("cursors") as QuillCursors;
    this.#name = name;
    this.#show();
    historyOf(quill).attach({ document, step: (direction) => this.#step(direction) });
    this.#bindDocument();
    this.#bindEditor();
    this.#bindComposition();
    this.#completeLastLine();
    this.#showCursors();
    this.#tellPresence();
  }

  setName(name: string): void {
    this.#name = name;
    this.#tellPresence();
  }

  destroy(): void {
    for (const cleanup of this.#cleanups) cleanup();
    for (const clientId of [...this.#flags.keys()]) this.#hideFlag(clientId);
    if (this.#isComposing) this.#document.release();
    this.#document.setPresence(null);
  }

  #show(): void {
    this.#quill.setContents(this.#view.content(), "api");
  }

  #bindDocument(): void {
    const document = this.#document;
    this.#cleanups.push(
      document.on("change", (change) => {
        const delta = this.#view.change(change);
        if (change.source === this) return;
        this.#apply(delta);
        if (change.source === kStep) this.#placeCaret(delta);
      }),
      document.on("presence", () => this.#showCursors()),
      document.on("members", () => this.#showCursors()),
    );
  }

  #bindEditor(): void {
    const quill = this.#quill;
    const onTextChange = (delta: Delta, _before: Delta, source: string) => {
      if (source !== "user") return;
      this.#submit(delta);
      this.#tellPresence();
    };
    // Before `text-change` the selection is already the new one, the document not: then it is too early.
    const onEditorChange = (event: string) => {
      if (event === "selection-change") this.#tellPresence();
    };
    quill.on("text-change", onTextChange);
    quill.on("editor-change", onEditorChange);
    this.#cleanups.push(() => {
      quill.off("text-change", onTextChange);
      quill.off("editor-change", onEditorChange);
    });
  }

  /** Changes of the others wait while an input method composes: they would end the composition. */
  #bindComposition(): void {
    const { root } = this.#quill;
    const onStart = () => {
      if (this.#isComposing) return;
      this.#isComposing = true;
      this.#document.hold();
    };
    // Quill takes the composed text over in a microtask; release after it.
    const onEnd = () => setTimeout(() => {
      if (!this.#isComposing) return;
      this.#quill.update("user");
      this.#isComposing = false;
      this.#document.release();
    }, 0);
    root.addEventListener("compositionstart", onStart);
    root.addEventListener("compositionend", onEnd);
    this.#cleanups.push(() => {
      root.removeEventListener("compositionstart", onStart);
      root.removeEventListener("compositionend", onEnd);
    });
  }

  #submit(delta: Delta): void {
    try {
      if (!this.#view.submit(new Delta(delta.ops), this)) this.#correct();
    } catch {
      // The editor shows what the document cannot take: the document is right.
      this.#show();
    }
  }

  /** Shows what the document has where it is not what the editor shows; the selection stays. */
  #correct(): void {
    const shown = new Delta(this.#quill.getContents().ops);
    this.#quill.updateContents(shown.diff(this.#view.content()), "api");
  }

  #step(direction: UndoDirection): void {
    this.#document[direction](kStep);
    this.#tellPresence();
  }

  /** Behind what was undone or redone, where a person looks for it. */
  #placeCaret(delta: Delta): void {
    let at = 0;
    let end = 0;
    for (const component of delta.ops) {
      if (component.delete === undefined) at += Delta.Op.length(component);
      if (component.retain === undefined || component.attributes !== undefined) end = at;
    }
    // A line's end and its formats belong to the line before.
    const isLineEnd = this.#quill.getText(end - 1, 1) === "\n" && end === this.#quill.getLength();
    this.#quill.setSelection(isLineEnd ? end - 1 : end, 0, "user");
    this.#quill.scrollSelectionIntoView();
  }

  #apply(delta: Delta): void {
    const content = this.#view.content();
    this.#quill.updateContents(delta, "api");
    // Quill has rules of its own; if they led elsewhere, show what is there.
    if (this.#quill.getLength() !== content.length()) this.#show();
  }

  /** Quill ends every document with a line end; another program may have left it out. */
  #completeLastLine(): void {
    const document = this.#document;
    if (!document.is("rich-text")) return;
    const last = document.content.ops.at(-1)?.insert;
    if (typeof last === "string" && last.endsWith("\n")) return;
    const op = new Delta().retain(document.content.length()).insert("\n");
    document.submit(op, this, { undoable: false });
  }

  #tellPresence(): void {
    if (this.#isComposing) return;
    const range = this.#quill.hasFocus() ? this.#quill.getSelection() : null;
    // Out of focus we stay where we were, for the others.
    if (range !== null) this.#lastSelection = this.#view.toSelection(range);
    const selection = this.#lastSelection;
    this.#document.setPresence({ name: this.#name, ...(selection === null ? {} : { selection }) });
  }

  #showCursors(): void {
    const shown = new Set<string>();
    for (const { clientId, state, reports } of this.#document.presence) {
      if (state.selection === undefined) continue;
      const name = nameOf(this.#document, clientId);
      const cursor = this.#cursors.cursors().find(({ id }) => id === clientId);
      if (cursor !== undefined && cursor.name !== name) this.#cursors.removeCursor(clientId);
      this.#cursors.createCursor(clientId, name, colorOf(this.#document, clientId));
      this.#cursors.moveCursor(clientId, this.#view.toRange(state.selection));
      this.#showFlag(clientId, reports);
      shown.add(clientId);
    }
    for (const { id } of this.#cursors.cursors()) {
      if (shown.has(id)) continue;
      this.#cursors.removeCursor(id);
      this.#hideFlag(id);
    }
  }

  #showFlag(clientId: string, reports: number): void {
    const flag = this.#flags.get(clientId);
    if (flag?.reports === reports) return;
    clearTimeout(flag?.timer);
    const timer = setTimeout(() => this.#cursors.toggleFlag(clientId, false), kFlagMs);
    this.#flags.set(clientId, { reports, timer });
    this.#cursors.toggleFlag(clientId, true);
  }

  #hideFlag(clientId: string): void {
    clearTimeout(this.#flags.get(clientId)?.timer);
    this.#flags.delete(clientId);
  }
}
