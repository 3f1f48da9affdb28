import { useEffect, useRef, useState, type ReactNode } from "react";
import type { CollaborativeDocument, SaveState } from "@cloudsync/client";
import type Quill from "quill/core";

import { LinkPanel } from "./link_panel";
import { bindQuill, type Binding } from "./quill_binding";
import { createQuill } from "./quill_setup";
import { Toolbar } from "./toolbar";

type Props = {
  document: CollaborativeDocument;
  state: SaveState;
  name: string;
  /** What stays at the top together with the toolbar. */
  header: ReactNode;
};

export function EditorSurface({ document, state, name, header }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const binding = useRef<Binding | null>(null);
  const [quill, setQuill] = useState<Quill | null>(null);
  const [isLinking, setLinking] = useState(false);
  const isRich = document.type === "rich-text";
  const isReadOnly = state === "closed" || state === "superseded";

  useEffect(() => {
    const parent = host.current;
    if (parent === null) return undefined;
    const element = window.document.createElement("div");
    parent.append(element);
    const created = createQuill(element, document.type, { onLink: () => setLinking(true) });
    prepareRoot(created.root, document.title, isRich);
    binding.current = bindQuill(created, document, name);
    setQuill(created);
    created.focus({ preventScroll: true });
    return () => {
      binding.current?.destroy();
      binding.current = null;
      element.remove();
    };
    // A new name is told by the effect below; it must not build the editor again.
  }, [document, isRich]);

  useEffect(() => binding.current?.setName(name), [name]);
  useEffect(() => quill?.enable(!isReadOnly), [quill, isReadOnly]);

  return (
    <>
      <div className="editor-chrome">
        {header}
        {isRich && quill !== null && (
          <Toolbar quill={quill} isDisabled={isReadOnly} onLink={() => setLinking(true)} />
        )}
        {quill !== null && isLinking && <LinkPanel quill={quill} onClose={() => setLinking(false)} />}
      </div>
      <main className="editor-main">
        <div ref={host} className={isRich ? "sheet" : "sheet plain"} />
      </main>
    </>
  );
}

function prepareRoot(root: HTMLElement, title: string, isRich: boolean): void {
  root.id = "editor";
  root.dataset.testid = "editor";
  root.setAttribute("role", "textbox");
  root.setAttribute("aria-multiline", "true");
  root.setAttribute("aria-label", `Text of ${title || "the document"}`);
  if (isRich) root.setAttribute("aria-description", "Alt and F10 lead to the toolbar.");
  else root.setAttribute("spellcheck", "false");
}
