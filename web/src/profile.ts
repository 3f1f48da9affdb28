// The guest's display name, kept in this browser.

import { readStored, writeStored } from "./storage";
import { defaultName } from "./ui/people";

const kNameKey = "cloudsync.name";
/** The server takes 128 bytes; 32 characters fit in any script. */
export const kNameLengthMax = 32;

export function cleanName(name: string): string {
  const characters = [...name.replace(/\s+/g, " ").trim()];
  return characters.slice(0, kNameLengthMax).join("").trim();
}

/** The name in this page; the browser may refuse to keep it beyond. */
let current = defaultName(String(Math.random()));

export function guestName(): string {
  const stored = cleanName(readStored(kNameKey) ?? "");
  if (stored === "") writeStored(kNameKey, current);
  else current = stored;
  return current;
}

/** Returns the name as it is kept, or null for an empty one. */
export function renameGuest(name: string): string | null {
  const cleaned = cleanName(name);
  if (cleaned === "") return null;
  current = cleaned;
  writeStored(kNameKey, cleaned);
  return cleaned;
}
