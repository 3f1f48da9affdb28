// How a page goes on with a document that the journal knows.

import type { ClientCredentials } from "../identity.js";
import type { Journal, Restored } from "./journal.js";

/**
 * The copy to go on from, by preference: that of this page's own client, as after a reload; that of a client
 * whose page is gone, of which this page then holds the id; what the server had according to a page that is
 * still there. Null if there is none. Rejects if the journal cannot be read.
 */
export async function takeOver(
  journal: Journal, documentId: string, own: ClientCredentials | null,
): Promise<Restored | null> {
  const heads = (await journal.heads()).filter((head) => head.documentId === documentId);
  heads.sort((a, b) => Number(b.key === own?.id) - Number(a.key === own?.id));
  for (const head of heads) {
    const { locks } = journal;
    const wasOurs = locks.isHeld(head.key);
    if (!(await locks.hold(head.key))) continue;
    let restored: Restored | null = null;
    try {
      restored = await journal.restore(head);
    } finally {
      if (restored === null && !wasOurs) locks.release(head.key);
    }
    if (restored !== null) return restored;
  }
  const [other] = heads;
  const fork = other === undefined ? null : await journal.fork(other);
  if (fork === null) return null;
  if (own === null) fork.journal.beginUnnamed(journal.newKey());
  else fork.journal.identify(own);
  return fork;
}
