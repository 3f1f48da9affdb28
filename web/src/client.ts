// The one client of this tab, and the documents that are open in it.

import { CloudSyncClient, type CollaborativeDocument } from "@cloudsync/client";

import { guestName } from "./profile";

declare global {
  interface Window {
    /** For end-to-end tests and curious people: the document that the editor shows. */
    cloudsync?: { document: CollaborativeDocument };
  }
}

export const client = new CloudSyncClient({ name: guestName() });

/** Edits that an earlier page left on this device are sent from whatever page is open. */
client.recover();

/** How many views show a document. */
const viewers = new Map<CollaborativeDocument, number>();

/** Shows the document; call `releaseDocument` when the view goes away. */
export async function acquireDocument(documentId: string): Promise<CollaborativeDocument> {
  const document = await client.open(documentId);
  viewers.set(document, (viewers.get(document) ?? 0) + 1);
  return document;
}

/** Open documents with edits that are not known to be on the server, shown or not. */
export function unsentDocuments(): CollaborativeDocument[] {
  return [...viewers.keys()].filter((document) => document.hasUnsavedChanges);
}

/** Closes the document once nobody shows it and its edits are on the server. */
export function releaseDocument(document: CollaborativeDocument): void {
  viewers.set(document, (viewers.get(document) ?? 1) - 1);
  if (!closeIfUnused(document)) {
    const stop = document.on("state", () => {
      if (closeIfUnused(document)) stop();
    });
  }
}

function closeIfUnused(document: CollaborativeDocument): boolean {
  const isShown = (viewers.get(document) ?? 0) > 0;
  if (isShown || document.hasUnsavedChanges) return isShown;
  viewers.delete(document);
  void document.close({ discard: true });
  return true;
}
