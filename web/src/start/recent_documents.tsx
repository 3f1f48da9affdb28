import { useCallback, useEffect, useState } from "react";
import type { DocumentInfo, StoredDocument } from "@cloudsync/client";

import { client } from "../client";
import { documentPath } from "../router";
import { Icon } from "../ui/icons";
import { Link } from "../ui/link";
import { relativeTime } from "./relative_time";
import { explain } from "./start_page";

type Listing =
  | { state: "loading" }
  | { state: "failed"; message: string; stored: StoredDocument[] }
  | { state: "ready"; documents: DocumentInfo[] };

export function RecentDocuments() {
  const [listing, setListing] = useState<Listing>({ state: "loading" });
  const load = useCallback(async () => {
    setListing({ state: "loading" });
    try {
      setListing({ state: "ready", documents: await client.listDocuments() });
    } catch (reason) {
      setListing({ state: "failed", message: explain(reason), stored: await client.storedDocuments() });
    }
  }, []);
  useEffect(() => void load(), [load]);

  return (
    <section className="recent" aria-labelledby="recent-title" aria-busy={listing.state === "loading"}>
      <h2 id="recent-title">Recent documents</h2>
      {listing.state === "loading" && <Skeleton />}
      {listing.state === "failed" && (
        <div className="notice error" role="alert">
          <Icon name="alert" size={18} />
          <span>{listing.message}</span>
          <button type="button" className="button small" onClick={() => void load()}>Try again</button>
        </div>
      )}
      {listing.state === "failed" && listing.stored.length > 0 && (
        <>
          <p className="on-device">These are on this device: you can open and edit them now.</p>
          <DocumentList documents={listing.stored.map(({ updatedAtMs, ...info }) => ({ ...info, updatedAt: updatedAtMs }))} />
        </>
      )}
      {listing.state === "ready" && <DocumentList documents={listing.documents} />}
    </section>
  );
}

function DocumentList({ documents }: { documents: Omit<DocumentInfo, "revision">[] }) {
  if (documents.length === 0) {
    return <p className="empty">Nothing here yet. What you create or open appears in this list.</p>;
  }
  const now = Date.now();
  return (
    <ul className="document-list">
      {documents.map((info) => (
        <li key={info.id}>
          <Link href={documentPath(info.id)}>
            <Icon name={info.type === "text" ? "text" : "document"} />
            <span className="document-title">{info.title || "Untitled document"}</span>
            <span className="document-time">
              {info.updatedAt === undefined ? "" : relativeTime(info.updatedAt, now)}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Skeleton() {
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">Loading the documents…</span>
      <i /><i /><i />
    </div>
  );
}
