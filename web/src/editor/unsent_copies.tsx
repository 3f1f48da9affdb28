import { useEffect, useState } from "react";
import type { UnsentCopy } from "@cloudsync/client";

import { client } from "../client";
import { CopyButton } from "../ui/copy_button";
import { Icon } from "../ui/icons";

/** Text that the server could not take. It stays here until the person has put it somewhere. */
export function UnsentCopies({ documentId }: { documentId?: string }) {
  const copies = useUnsentCopies(documentId);
  if (copies.length === 0) return null;
  return (
    <aside className="unsent" aria-label="Text that was not saved" data-testid="unsent-copy">
      {copies.map((copy) => <UnsentText key={copy.id} copy={copy} isNamed={documentId === undefined} />)}
    </aside>
  );
}

/** Those of a document, or of all; also of earlier pages of this browser. */
function useUnsentCopies(documentId: string | undefined): readonly UnsentCopy[] {
  const [copies, setCopies] = useState<readonly UnsentCopy[]>([]);
  useEffect(() => {
    const update = () => setCopies(client.copies.list(documentId));
    update();
    const stops = [client.copies.on("added", update), client.copies.on("dismissed", update)];
    void client.copies.load();
    return () => stops.forEach((stop) => stop());
  }, [documentId]);
  return copies;
}

function UnsentText({ copy, isNamed }: { copy: UnsentCopy; isNamed: boolean }) {
  const text = copy.insertedText.trim() === "" ? copy.text : copy.insertedText;
  const isPart = text !== copy.text;
  const title = copy.title || "Untitled document";
  return (
    <section role="alert">
      <h2>
        <Icon name="alert" size={18} />
        {isNamed ? `Some of your text in “${title}” could not be saved` : "Some of your text could not be saved"}
      </h2>
      <p>{explain(copy.reason)} Here is a copy of it: put it where you need it.</p>
      <textarea readOnly value={text} rows={5} aria-label={`Unsaved text of ${title}`} />
      <div className="button-row">
        <CopyButton text={() => text} label="Copy text" className="button primary" />
        {isPart && <CopyButton text={() => copy.text} label="Copy whole document" />}
        <button type="button" className="button" onClick={() => void client.copies.dismiss(copy.id)}>Dismiss</button>
      </div>
    </section>
  );
}

function explain({ code, message }: UnsentCopy["reason"]): string {
  if (code === "history_diverged" || code === "revision_unknown") {
    return "The server’s version of this document is another one, as after a restored backup.";
  }
  if (code === "revision_too_old") return "You were away for too long for your edits to be merged.";
  if (code === "too_large") return `The server does not take it: ${message}.`;
  if (code === "not_found" || code === "document_deleted") return "The document is not there any more.";
  if (code === "journal_outdated") {
    return "This device kept an older state than what was sent from it, so that the text may be in the document already.";
  }
  if (code === "journal_unreadable") return "What this device kept of it is damaged.";
  return "The server refused the edit.";
}
