import type { CollaborativeDocument } from "@cloudsync/client";

import { cleanName } from "../profile";

/** A member's name: as they changed it meanwhile, or as they joined. */
export function nameOf(document: CollaborativeDocument, clientId: string): string {
  const present = document.presence.find((presence) => presence.clientId === clientId)?.state.name;
  const joined = document.members.find((member) => member.clientId === clientId)?.name ?? "";
  return cleanName(typeof present === "string" ? present : joined) || "Guest";
}
