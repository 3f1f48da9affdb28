import { isSafeLink } from "./delta_mapping";

/** What a person typed as an address, completed; null if it can't be a safe link. */
export function completeUrl(input: string): string | null {
  const text = input.trim();
  if (text === "") return null;
  if (/^[^\s@/:]+@[^\s@/:]+\.[^\s@/:]+$/.test(text)) return `mailto:${text}`;
  const url = /^[a-z][a-z0-9+.-]*:/i.test(text) && !/^[^/:]+:\d+(\/|$)/.test(text) ? text : `https://${text}`;
  return isSafeLink(url) ? url : null;
}
