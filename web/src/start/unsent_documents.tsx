import { useEffect, useState } from "react";

import { client, unsentDocuments } from "../client";
import { documentPath } from "../router";
import { Icon } from "../ui/icons";
import { Link } from "../ui/link";

type Unsent = { id: string; title: string; isStored: boolean };

/** Documents that were left before the server had everything, by this tab or any page of this browser. */
export function UnsentDocuments() {
  const documents = useUnsentDocuments();
  return documents.map(({ id, title, isStored }) => (
    <p key={id} className="notice warning" role="status" data-testid="unsent-document">
      <Icon name="cloudOff" size={18} />
      <span>
        <Link href={documentPath(id)}>{title || "Untitled document"}</Link> has changes that are not on the
        server yet. They are {isStored ? "kept on this device and " : ""}sent when the connection is back
        {isStored ? "." : ": leave this tab open."}
      </span>
    </p>
  ));
}

const kPollMs = 1_000;

/** The journal changes in other pages, too, which tell nobody. */
function useUnsentDocuments(): Unsent[] {
  const [documents, setDocuments] = useState<Unsent[]>([]);
  useEffect(() => {
    let isGone = false;
    const update = async () => {
      const found = await allUnsent();
      if (!isGone) setDocuments(found);
    };
    void update();
    const timer = setInterval(() => void update(), kPollMs);
    return () => {
      isGone = true;
      clearInterval(timer);
    };
  }, []);
  return documents;
}

async function allUnsent(): Promise<Unsent[]> {
  const open = unsentDocuments().map(({ id, title, isStored }) => ({ id, title, isStored }));
  const stored = (await client.storedDocuments()).filter(({ id, isUnsent }) => isUnsent && open.every((other) => other.id !== id));
  return [...open, ...stored.map(({ id, title }) => ({ id, title, isStored: true }))];
}
