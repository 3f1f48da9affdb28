import { useEffect, useState } from "react";
import { CloudSyncError, type TypeName } from "@cloudsync/client";

import { client } from "../client";
import { documentPath, navigate } from "../router";
import { Icon } from "../ui/icons";
import { Link } from "../ui/link";
import { Logo } from "../ui/logo";
import { ThemeToggle } from "../ui/theme_toggle";
import { UnsentCopies } from "../editor/unsent_copies";
import { RecentDocuments } from "./recent_documents";
import { UnsentDocuments } from "./unsent_documents";

export function StartPage() {
  useEffect(() => {
    document.title = "CloudSync";
  }, []);
  return (
    <>
      <a className="skip-link" href="#main">Skip to the documents</a>
      <header className="start-header">
        <Link href="/" className="brand"><Logo size={28} />CloudSync</Link>
        <ThemeToggle />
      </header>
      <main id="main" className="start" tabIndex={-1}>
        <UnsentDocuments />
        <NewDocument />
        <RecentDocuments />
      </main>
      <UnsentCopies />
    </>
  );
}

function NewDocument() {
  const [title, setTitle] = useState("");
  const [isCreating, setCreating] = useState(false);
  const [error, setError] = useState<string | null>(null);

  async function create(type: TypeName): Promise<void> {
    setCreating(true);
    setError(null);
    try {
      const info = await client.createDocument(type, title.trim() || "Untitled document");
      navigate(documentPath(info.id));
    } catch (reason) {
      setCreating(false);
      setError(explain(reason));
    }
  }

  return (
    <section className="new-document" aria-labelledby="new-document-title">
      <h1 id="new-document-title">Write together</h1>
      <p className="lead">Create a document, share its link, and edit it at the same time.</p>
      <form onSubmit={(event) => { event.preventDefault(); void create("rich-text"); }}>
        <label htmlFor="title">Title <span className="optional">(optional)</span></label>
        <input
          id="title" type="text" maxLength={120} autoComplete="off" placeholder="Untitled document"
          value={title} onChange={(event) => setTitle(event.target.value)}
        />
        <div className="choices">
          <button type="submit" className="choice" data-testid="new-rich-text" disabled={isCreating}>
            <span className="choice-icon"><Icon name="document" size={24} /></span>
            <span><strong>Rich text</strong><small>Headings, lists, links, code</small></span>
          </button>
          <button
            type="button" className="choice" data-testid="new-text" disabled={isCreating}
            onClick={() => void create("text")}
          >
            <span className="choice-icon"><Icon name="text" size={24} /></span>
            <span><strong>Plain text</strong><small>Just characters, as typed</small></span>
          </button>
        </div>
      </form>
      {error !== null && <p className="notice error" role="alert"><Icon name="alert" size={18} />{error}</p>}
    </section>
  );
}

export function explain(reason: unknown): string {
  const code = reason instanceof CloudSyncError ? reason.code : "internal";
  if (code === "disconnected") return "The server cannot be reached. Check the connection and try again.";
  if (code === "forbidden" || code === "unauthenticated") return "This server does not let guests do that.";
  if (code === "overloaded" || code === "unavailable" || code === "rate_limited") {
    return "The server is busy. Try again in a moment.";
  }
  return "Something went wrong on the server. Try again.";
}
