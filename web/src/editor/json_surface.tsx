// A JSON document, live and read-only: it is edited by programs, and people look at what these do.

import { useEffect, useState, type ReactNode } from "react";
import type { CollaborativeDocument } from "@cloudsync/client";

type Props = {
  document: CollaborativeDocument<"json">;
  /** What stays at the top. */
  header: ReactNode;
};

export function JsonSurface({ document, header }: Props) {
  const [content, setContent] = useState(document.content);
  useEffect(() => {
    setContent(document.content);
    return document.on("change", () => setContent(document.content));
  }, [document]);
  return (
    <>
      <div className="editor-chrome">{header}</div>
      <main className="editor-main">
        <div className="sheet json-sheet">
          <p className="json-note">A JSON document: programs edit it through the API, here it is shown as it changes.</p>
          <pre
            id="editor" className="json-content" data-testid="json" tabIndex={0}
            role="region" aria-label={`Content of ${document.title || "the document"}`}
          >
            {JSON.stringify(content, null, 2)}
          </pre>
        </div>
      </main>
    </>
  );
}
