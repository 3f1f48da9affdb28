// Addresses: `/` is the start page, `/d/{id}` a document.

import { useSyncExternalStore } from "react";

export type Route =
  | { page: "start" }
  | { page: "document"; id: string }
  | { page: "bad-link" }
  | { page: "unknown" };

export function routeOf(path: string): Route {
  if (path === "/" || path === "/index.html") return { page: "start" };
  const link = /^\/d\/(.*)$/.exec(path)?.[1];
  if (link === undefined) return { page: "unknown" };
  const id = /^([A-Za-z0-9_-]{1,128})\/?$/.exec(decoded(link).trim())?.[1];
  return id === undefined ? { page: "bad-link" } : { page: "document", id };
}

/** A link that was copied out of a text often has white space behind it. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function documentPath(id: string): string {
  return `/d/${id}`;
}

const kNavigated = "cloudsync:navigated";

export function navigate(path: string): void {
  window.history.pushState(null, "", path);
  window.dispatchEvent(new Event(kNavigated));
  window.scrollTo(0, 0);
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname);
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener("popstate", onChange);
  window.addEventListener(kNavigated, onChange);
  return () => {
    window.removeEventListener("popstate", onChange);
    window.removeEventListener(kNavigated, onChange);
  };
}
