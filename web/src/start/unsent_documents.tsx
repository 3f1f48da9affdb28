import { useEffect, useState } from "react";
import type { CollaborativeDocument } from "@cloudsync/client";

import { unsentDocuments } from "../client";
import { documentPath } from "../router";
import { Icon } from "../ui/icons";
import { Link } from "../ui/link";

/** Documents that were left before the server had everything: their edits live in this tab. */
export function UnsentDocuments() {
  const documents = useUnsentDocuments();
  return documents.map((document) => (
    <p key={document.id} className="notice warning" role="status" data-testid="unsent-document">
      <Icon name="cloudOff" size={18} />
      <span>
        <Link href={documentPath(document.id)}>{document.title || "Untitled document"}</Link> has changes that
        are not on the server yet. They are sent when the connection is back: leave this tab open.
      </span>
    </p>
  ));
}

/** No document is opened while the start page is shown: the list only gets shorter. */
function useUnsentDocuments(): CollaborativeDocument[] {
  const [documents, setDocuments] = useState(unsentDocuments);
  useEffect(() => {
    const update = () => setDocuments(unsentDocuments());
    update();
    const stops = unsentDocuments().map((document) => document.on("state", update));
    return () => stops.forEach((stop) => stop());
  }, []);
  return documents;
}
