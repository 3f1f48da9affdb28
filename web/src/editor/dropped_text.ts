// Text that is dropped into the editor. Quill 2.0.3 takes dropped files alone and swallows all else: here
// what comes from outside is a paste at that place, and what the editor itself has is moved there.

import { Delta } from "@cloudsync/client";
import type Clipboard from "quill/modules/clipboard";
import type Quill from "quill/core";
import type { Range } from "quill/core";

import { isMac } from "../ui/platform";

/** Holds the name of the editor that the dragged text is of. */
const kEditorType = "application/x-cloudsync-editor";

export function acceptDroppedText(quill: Quill, clipboard: Clipboard): void {
  const editor = String(Math.random());
  quill.root.addEventListener("dragstart", (event) => event.dataTransfer?.setData(kEditorType, editor));
  quill.root.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!quill.isEnabled()) return;
    const index = indexAt(quill, event);
    const isFromHere = event.dataTransfer?.getData(kEditorType) === editor;
    const isMove = isFromHere && !(isMac ? event.altKey : event.ctrlKey);
    // The selection is still what is dragged, wherever the others' edits have put it meanwhile.
    const dragged = isMove ? quill.getSelection() : null;
    if (dragged !== null && dragged.length > 0) move(quill, dragged, index);
    else insert(clipboard, index, event.dataTransfer);
  });
}

function insert(clipboard: Clipboard, index: number, data: DataTransfer | null): void {
  const html = data?.getData("text/html") ?? "";
  const text = data?.getData("text/plain") ?? "";
  if (html !== "" || text !== "") clipboard.onPaste({ index, length: 0 }, { html, text });
}

function move(quill: Quill, { index: from, length }: Range, to: number): void {
  if (to >= from && to <= from + length) return;
  const content = quill.getContents(from, length);
  const isBack = to < from;
  const change = isBack
    ? new Delta().retain(to).concat(content).retain(from - to).delete(length)
    : new Delta().retain(from).delete(length).retain(to - from - length).concat(content);
  quill.updateContents(change, "user");
  quill.setSelection(isBack ? to : to - length, length, "silent");
}

/** The place under the pointer; the end where there is none. */
function indexAt(quill: Quill, { clientX, clientY }: DragEvent): number {
  const native = caretAt(clientX, clientY);
  const normalized = native === null ? null : quill.selection.normalizeNative(native);
  return normalized === null ? quill.getLength() - 1 : quill.selection.normalizedToRange(normalized).index;
}

/** Older Safari and Chromium have the second function alone. */
function caretAt(x: number, y: number): StaticRange | globalThis.Range | null {
  if (typeof document.caretPositionFromPoint !== "function") return document.caretRangeFromPoint(x, y);
  const caret = document.caretPositionFromPoint(x, y);
  if (caret === null) return null;
  const { offsetNode, offset } = caret;
  return new StaticRange({ startContainer: offsetNode, startOffset: offset, endContainer: offsetNode, endOffset: offset });
}
