// The people of a document, as they are shown.

import type { CollaborativeDocument } from "@cloudsync/client";

import { cleanName } from "../profile";
import { defaultName, pickColor } from "../ui/people";

/** A member's name: as they changed it meanwhile, or as they joined; a program may have given none. */
export function nameOf(document: CollaborativeDocument, clientId: string): string {
  const present = document.presence.find((presence) => presence.clientId === clientId)?.state.name;
  const joined = document.members.find((member) => member.clientId === clientId)?.name ?? "";
  return cleanName(typeof present === "string" ? present : joined) || defaultName(clientId);
}

const colors = new WeakMap<CollaborativeDocument, Map<string, string>>();

/** The same for as long as the document is open; two who are here differ while there are colours. */
export function colorOf(document: CollaborativeDocument, clientId: string): string {
  const known = colors.get(document) ?? new Map<string, string>();
  colors.set(document, known);
  const color = known.get(clientId);
  if (color !== undefined) return color;
  const here = new Set([document.clientId, ...document.members.map((member) => member.clientId)]);
  const taken = [...known].filter(([id]) => here.has(id)).map(([, used]) => used);
  const picked = pickColor(clientId, new Set(taken));
  known.set(clientId, picked);
  return picked;
}
