// A document of either type in the terms of Quill: Deltas and UTF-16 ranges.

import type { Change, CollaborativeDocument, Delta, Selection } from "@cloudsync/client";
import { codePointCount } from "@cloudsync/client";

import { fromView, toView } from "./delta_mapping";
import { textOpFromView, textOpToView, textToView, utf16Offset } from "./text_mapping";

export interface DocumentView {
  content(): Delta;
  /** A change in the terms of Quill. Must be asked for every change, in order. */
  change(change: Change): Delta;
  /** Returns false if the document took the change in another form: show what it has. */
  submit(delta: Delta, source: unknown): boolean;
  toSelection(range: Selection): Selection;
  toRange(selection: Selection): Selection;
}

export function viewOf(document: CollaborativeDocument): DocumentView {
  if (document.is("text")) return new TextView(document);
  if (document.is("rich-text")) return new RichTextView(document);
  throw new Error(`No view for documents of type ${document.type}.`);
}

class RichTextView implements DocumentView {
  readonly #document: CollaborativeDocument<"rich-text">;

  constructor(document: CollaborativeDocument<"rich-text">) {
    this.#document = document;
  }

  content(): Delta {
    return toView(this.#document.content);
  }

  change(change: Change): Delta {
    return toView(change.op as Delta);
  }

  submit(delta: Delta, source: unknown): boolean {
    const op = fromView(delta);
    return this.#document.submit(op, source) === op;
  }

  toSelection(range: Selection): Selection {
    return range;
  }

  toRange(selection: Selection): Selection {
    return selection;
  }
}

class TextView implements DocumentView {
  readonly #document: CollaborativeDocument<"text">;
  /** The content before the change that is asked for. */
  #before: string;

  constructor(document: CollaborativeDocument<"text">) {
    this.#document = document;
    this.#before = document.content;
  }

  content(): Delta {
    return textToView(this.#document.content);
  }

  change(change: Change): Delta {
    const delta = textOpToView((change as Change<"text">).op, this.#before);
    this.#before = this.#document.content;
    return delta;
  }

  submit(delta: Delta, source: unknown): boolean {
    const op = textOpFromView(delta, this.#document.content);
    return this.#document.submit(op, source) === op;
  }

  toSelection({ index, length }: Selection): Selection {
    const { content } = this.#document;
    const start = codePointCount(content.slice(0, index));
    return { index: start, length: codePointCount(content.slice(index, index + length)) };
  }

  toRange({ index, length }: Selection): Selection {
    const { content } = this.#document;
    const start = utf16Offset(content, index);
    return { index: start, length: utf16Offset(content, length, start) - start };
  }
}
