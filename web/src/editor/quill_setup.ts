// Quill with only what this editor shows: anything else in a document or on the clipboard is left out.

import Quill from "quill/core";
import Blockquote from "quill/formats/blockquote";
import Bold from "quill/formats/bold";
import CodeBlock, { Code } from "quill/formats/code";
import Header from "quill/formats/header";
import Italic from "quill/formats/italic";
import Link from "quill/formats/link";
import List from "quill/formats/list";
import Strike from "quill/formats/strike";
import Underline from "quill/formats/underline";
import Embed from "quill/blots/embed";
import { QuillCursors } from "./cursors_module";
import { DocumentHistory } from "./history_module";

import type { TypeName } from "@cloudsync/client";

import { isMac } from "../ui/platform";
import { isSafeLink, kRichTextFormats, kUnsupported } from "./delta_mapping";
import { PlainTextClipboard, RichTextClipboard } from "./paste_module";

class SafeLink extends Link {
  static override sanitize(url: string): string {
    return isSafeLink(url) ? url : Link.SANITIZED_URL;
  }

  /** A link that the others would not be shown is none here either, as after a paste. */
  static override formats(node: HTMLElement): string | null {
    const url = node.getAttribute("href");
    return isSafeLink(url) ? url : null;
  }
}

/** Stands for an embed that another program put into the document. */
class Unsupported extends Embed {
  static override blotName = kUnsupported;
  static override tagName = "SPAN";
  static override className = "ql-unsupported";

  static override create(value: unknown): HTMLElement {
    const node = super.create(value) as HTMLElement;
    node.dataset.embed = String(value);
    node.textContent = "Unsupported content";
    return node;
  }

  static override value(node: HTMLElement): string {
    return node.dataset.embed ?? "";
  }
}

let isRegistered = false;

function register(type: TypeName): void {
  Quill.register("modules/clipboard", type === "rich-text" ? RichTextClipboard : PlainTextClipboard, true);
  if (isRegistered) return;
  isRegistered = true;
  Quill.register({
    "formats/blockquote": Blockquote,
    "formats/bold": Bold,
    "formats/code": Code,
    "formats/code-block": CodeBlock,
    "formats/header": Header,
    "formats/italic": Italic,
    "formats/link": SafeLink,
    "formats/list": List,
    "formats/strike": Strike,
    "formats/underline": Underline,
    [`formats/${kUnsupported}`]: Unsupported,
    "modules/cursors": QuillCursors,
    "modules/history": DocumentHistory,
  }, true);
}

/** Tab moves the focus on, as everywhere else in the page (WCAG 2.1.2, no keyboard trap). */
const kNoTabBindings = {
  tab: null, indent: null, outdent: null, "outdent backspace": null,
  "indent code-block": null, "outdent code-block": null, "table tab": null,
  "remove tab": null,
};

export type QuillHandlers = { onLink(): void };

export function createQuill(host: HTMLElement, type: TypeName, handlers: QuillHandlers): Quill {
  register(type);
  const isRich = type === "rich-text";
  const link = {
    key: "k", shortKey: true,
    handler: () => {
      handlers.onLink();
      return false;
    },
  };
  /** Quill binds it on Windows alone; on a Mac the browser has it. */
  const redo = { key: "y", shortKey: true, handler: () => quill.history.redo() };
  const plainOnly = { bold: null, italic: null, underline: null };
  const quill: Quill = new Quill(host, {
    formats: isRich ? [...kRichTextFormats] : [],
    placeholder: isRich ? "Start writing…" : "Start typing…",
    modules: {
      keyboard: { bindings: { ...kNoTabBindings, ...(isMac ? {} : { redo }), ...(isRich ? { link } : plainOnly) } },
      cursors: { transformOnTextChange: false, hideDelayMs: 1_500, selectionChangeSource: null },
      // Dropped and pasted files would become images.
      uploader: { mimetypes: [], handler: () => undefined },
    },
  });
  return quill;
}
