// Between the document's Delta and what Quill may show. Every length stays the same, whatever other
// programs have written: a format that is not on the list is not shown, an embed becomes a placeholder
// of length 1, and line ends that Quill would normalise are replaced by as many characters.

import { Delta, type DeltaOp } from "@cloudsync/client";

export const kUnsupported = "unsupported";

const kSafeLink = /^(https?:\/\/|mailto:)/i;

export function isSafeLink(url: unknown): url is string {
  return typeof url === "string" && kSafeLink.test(url) && !/[\u0000-\u0020]/.test(url);
}

const isTrue = (value: unknown): boolean => value === true;

/** The formats of the editor, and which of their values are shown. */
const kFormats: Readonly<Record<string, (value: unknown) => boolean>> = {
  bold: isTrue,
  italic: isTrue,
  underline: isTrue,
  strike: isTrue,
  code: isTrue,
  link: isSafeLink,
  header: (value) => value === 1 || value === 2 || value === 3,
  list: (value) => value === "bullet" || value === "ordered",
  blockquote: isTrue,
  "code-block": (value) => value === true || value === "plain",
};

export const kRichTextFormats: readonly string[] = [...Object.keys(kFormats), kUnsupported];

type Attributes = Record<string, unknown>;

function shownAttributes(attributes: Attributes | undefined): Attributes {
  const entries = Object.entries(attributes ?? {}).flatMap(([name, value]) => {
    const accepts = Object.hasOwn(kFormats, name) ? kFormats[name] : undefined;
    if (accepts === undefined) return [];
    // A value that is not shown replaces one that was.
    return [[name, accepts(value) ? value : null] as const];
  });
  return Object.fromEntries(entries);
}

function withoutNulls(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
}

/** Quill makes one line end of "\r\n" and of "\r"; the length must not change. */
export function shownText(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n/g, "\u200b\n").replace(/\r/g, "\n") : text;
}

function shownOp(op: DeltaOp, view: Delta): void {
  const attributes = shownAttributes(op.attributes);
  if (typeof op.insert === "string") view.insert(shownText(op.insert), withoutNulls(attributes));
  else if (op.insert !== undefined) view.insert({ [kUnsupported]: JSON.stringify(op.insert) });
  else if (typeof op.delete === "number") view.delete(op.delete);
  else view.retain(typeof op.retain === "number" ? op.retain : 1, attributes);
}

/** What Quill shows of the document's content or operation. */
export function toView(delta: Delta): Delta {
  const view = new Delta();
  for (const op of delta.ops) shownOp(op, view);
  return view;
}

/** The operation for a change that was made in Quill. */
export function fromView(view: Delta): Delta {
  const delta = new Delta();
  for (const op of view.ops) {
    const embed = embedOf(op.insert);
    if (embed !== undefined) delta.insert(embed, op.attributes);
    else delta.push(op);
  }
  return delta.chop();
}

function embedOf(insert: DeltaOp["insert"]): Record<string, unknown> | undefined {
  if (typeof insert !== "object") return undefined;
  const source: unknown = insert[kUnsupported];
  if (typeof source !== "string") return undefined;
  try {
    return JSON.parse(source) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
