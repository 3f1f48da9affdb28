import "quill/dist/quill.core.css";
import "quill-cursors/css";
import "../styles/editor.css";
import "../styles/content.css";

import { useEffect, useState } from "react";
import type { CloudSyncError, CollaborativeDocument } from "@cloudsync/client";

import { client } from "../client";
import { guestName, renameGuest } from "../profile";
import { CopyButton } from "../ui/copy_button";
import { ErrorPage, NoSuchDocument } from "../ui/error_page";
import { Icon } from "../ui/icons";
import { Link } from "../ui/link";
import { ThemeToggle } from "../ui/theme_toggle";
import { ConnectionNotice } from "./connection_notice";
import { EditorSurface } from "./editor_surface";
import { JsonSurface } from "./json_surface";
import { MemberList } from "./member_list";
import { SaveIndicator } from "./save_indicator";
import { UnsentCopies } from "./unsent_copies";
import { OfflineOpening } from "./offline_opening";
import { useDocument, useSaveState } from "./use_document";

export function EditorPage({ documentId }: { documentId: string }) {
  const [attempt, setAttempt] = useState(0);
  const opening = useDocument(documentId, attempt);
  if (opening.state === "failed") {
    return (
      <>
        <OpenFailed error={opening.error} onRetry={() => setAttempt((previous) => previous + 1)} />
        <UnsentCopies documentId={documentId} />
      </>
    );
  }
  if (opening.state === "opening") return <OfflineOpening />;
  return <OpenDocument document={opening.document} />;
}

function OpenDocument({ document }: { document: CollaborativeDocument }) {
  const state = useSaveState(document);
  const [name, setName] = useState(guestName);
  const title = document.title || "Untitled document";
  useEffect(() => {
    window.document.title = `${title} – CloudSync`;
  }, [title]);

  function rename(next: string): void {
    const kept = renameGuest(next);
    if (kept === null) return;
    client.setName(kept);
    setName(kept);
  }

  const header = (
    <>
      <header className="editor-header">
        <Link href="/" className="icon-button" aria-label="All documents" title="All documents"><Icon name="back" /></Link>
        <div className="editor-title">
          <h1 title={title}>{title}</h1>
          <SaveIndicator document={document} state={state} />
        </div>
        <MemberList document={document} name={name} onRename={rename} />
        <CopyButton text={() => window.location.href} label="Copy link" icon="link" className="button copy-link" />
        <ThemeToggle />
      </header>
      <ConnectionNotice document={document} state={state} />
    </>
  );
  return (
    <div className="editor-page">
      <a className="skip-link" href="#editor">Skip to the text</a>
      {document.is("json") ? <JsonSurface document={document} header={header} />
        : <EditorSurface document={document} state={state} name={name} header={header} />}
      <UnsentCopies documentId={document.id} />
    </div>
  );
}

function OpenFailed({ error, onRetry }: { error: CloudSyncError; onRetry: () => void }) {
  switch (error.code) {
    case "not_found":
    case "bad_request":
      return <NoSuchDocument />;
    case "document_deleted":
      return <ErrorPage title="This document was deleted" text="It can't be opened any more." />;
    case "forbidden":
    case "unauthenticated":
      return <ErrorPage title="You can't open this document" text="This server does not let guests in, or the document is not shared with you." />;
    default:
      return <ErrorPage title="The document could not be opened" text={`The server says: ${error.message}`} onRetry={onRetry} />;
  }
}
