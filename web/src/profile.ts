// The guest's display name, kept in this browser.

import { readStored, writeStored } from "./storage";

const kNameKey = "cloudsync.name";
/** The server takes 128 bytes; 32 characters fit in any script. */
export const kNameLengthMax = 32;

export function cleanName(name: string): string {
  const characters = [...name.replace(/\s+/g, " ").trim()];
  return characters.slice(0, kNameLengthMax).join("").trim();
}

export function guestName(): string {
  const stored = cleanName(readStored(kNameKey) ?? "");
  if (stored !== "") return stored;
  const name = `Guest ${100 + Math.floor(Math.random() * 900)}`;
  writeStored(kNameKey, name);
  return name;
}

/** Returns the name as it is kept, or null for an empty one. */
export function renameGuest(name: string): string | null {
  const cleaned = cleanName(name);
  if (cleaned === "") return null;
  writeStored(kNameKey, cleaned);
  return cleaned;
}
