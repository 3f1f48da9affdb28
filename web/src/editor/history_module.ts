// Quill's undo, with its keys and its place in the menu of the browser, but over the document's own stack:
// Quill's would keep inverses of what the screen shows, the document's follow what is committed.

import type { CollaborativeDocument } from "@cloudsync/client";
import type Quill from "quill/core";
import History from "quill/modules/history";

export type UndoDirection = "undo" | "redo";

type Target = {
  document: Pick<CollaborativeDocument, "canUndo" | "canRedo" | "sealUndo">;
  step(direction: UndoDirection): void;
};

export class DocumentHistory extends History {
  #target: Target | null = null;

  attach(target: Target): void {
    this.#target = target;
  }

  can(direction: UndoDirection): boolean {
    const document = this.#target?.document;
    return (direction === "undo" ? document?.canUndo : document?.canRedo) ?? false;
  }

  override undo(): void {
    if (this.quill.isEnabled()) this.#target?.step("undo");
  }

  override redo(): void {
    if (this.quill.isEnabled()) this.#target?.step("redo");
  }

  override cutoff(): void {
    this.#target?.document.sealUndo();
  }

  override clear(): void {}
  override record(): void {}
  override transform(): void {}
}

export function historyOf(quill: Quill): DocumentHistory {
  return quill.history as DocumentHistory;
}
