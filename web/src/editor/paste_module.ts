// What a paste becomes. Quill prefers the clipboard's HTML and collapses white space in it as HTML does;
// that destroys indentation, in plain text and in code that an editor put on the clipboard.

import { Delta } from "@cloudsync/client";
import Clipboard from "quill/modules/clipboard";
import type Quill from "quill/core";

import { acceptDroppedText } from "./dropped_text";

type Pasted = { html?: string; text?: string };
type ClipboardOptions = ConstructorParameters<typeof Clipboard>[1];

/** Quill knows one line end. */
const withLineFeeds = (text: string): string => text.replace(/\r\n?/g, "\n");

/** Takes the clipboard's text as it is: for documents without formats. */
export class PlainTextClipboard extends Clipboard {
  constructor(quill: Quill, options: Partial<ClipboardOptions>) {
    super(quill, options);
    acceptDroppedText(quill, this);
  }

  override convert(pasted: Pasted, formats: Record<string, unknown> = {}): ReturnType<Clipboard["convert"]> {
    const text = pasted.text ? pasted.text : super.convert(pasted, formats).reduce(
      (all, { insert }) => all + (typeof insert === "string" ? insert : ""), "");
    return new Delta().insert(withLineFeeds(text));
  }
}

/** Keeps white space where the HTML's style preserves it. */
export class RichTextClipboard extends Clipboard {
  constructor(quill: Quill, options: Partial<ClipboardOptions>) {
    super(quill, options);
    this.addMatcher(Node.TEXT_NODE, keepWhiteSpace);
    acceptDroppedText(quill, this);
  }
}

/** Values of CSS `white-space` and `white-space-collapse` that keep spaces, tabs and line ends (CSS Text 4, 3). */
const kPreserving = /^(pre|pre-wrap|preserve|break-spaces)( |$)/;

/** The nearest style decides, since both properties are inherited. */
function preservesWhiteSpace(node: Node): boolean {
  for (let element = node.parentElement; element !== null; element = element.parentElement) {
    const { whiteSpace, whiteSpaceCollapse } = element.style as CSSStyleDeclaration & { whiteSpaceCollapse?: string };
    const value = whiteSpace || whiteSpaceCollapse;
    if (value) return kPreserving.test(value);
  }
  return false;
}

/** `collapsed` is what Quill's own matchers made of the node: its text, and perhaps a line end behind it. */
function keepWhiteSpace(node: Node, collapsed: Delta): Delta {
  if (!(node instanceof Text) || !preservesWhiteSpace(node)) return collapsed;
  // Editors write some of the spaces as no-break ones.
  const text = withLineFeeds(node.data).replaceAll("\u00a0", " ");
  const last = collapsed.ops.at(-1)?.insert;
  const endsLine = typeof last === "string" && last.endsWith("\n") && !text.endsWith("\n");
  return new Delta().insert(endsLine ? `${text}\n` : text);
}
