/// <reference lib="webworker" />
// Keeps the app's files, so that the page opens without the server: the documents themselves are in the
// journal (@cloudsync/client). Each build has a cache of its own, filled whole before the build is used, so
// that a page never mixes two. Nothing of the API or of Socket.IO goes through here.

const worker = self as unknown as ServiceWorkerGlobalScope;
/** The files of this build, put in by vite.config.ts. */
declare const SHELL_FILES: readonly string[];
/** Changes with any of them. */
declare const SHELL_VERSION: string;

const kPage = "/index.html";
const kCachePrefix = "cloudsync-shell-";
const kCache = kCachePrefix + SHELL_VERSION;
/** A tab of the build before may still want a part that it loads late. */
const kCachesKept = 2;
/** Longer than this nobody waits for a page that is here already: the network may be half dead. */
const kPageTimeoutMs = 3_000;

worker.addEventListener("install", (event) => {
  event.waitUntil(install());
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([deleteOldCaches(), worker.clients.claim()]));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== worker.location.origin) return;
  if (request.mode === "navigate" && isPage(pathname)) event.respondWith(page(request));
  else if (SHELL_FILES.includes(pathname) || pathname.startsWith("/assets/")) event.respondWith(file(request));
});

/** The app's own addresses (web/src/router.ts). */
function isPage(path: string): boolean {
  return path === "/" || path === kPage || path.startsWith("/d/");
}

async function install(): Promise<void> {
  const cache = await caches.open(kCache);
  // What the HTTP cache has of a page may be of the build before.
  await cache.addAll([...SHELL_FILES].map((path) => new Request(path, { cache: "no-cache" })));
  await worker.skipWaiting();
}

async function deleteOldCaches(): Promise<void> {
  // In the order in which they were made.
  const names = (await caches.keys()).filter((name) => name.startsWith(kCachePrefix) && name !== kCache);
  await Promise.all(names.slice(0, names.length - kCachesKept + 1).map((name) => caches.delete(name)));
}

/** The server's page while there is one: only it knows of a new build. */
async function page(request: Request): Promise<Response> {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(kPageTimeoutMs) });
    // A node that shuts down or is overloaded: the app can wait for it better than a person.
    if (response.status < 500) return response;
    return (await cached(kPage)) ?? response;
  } catch (error) {
    const response = await cached(kPage);
    if (response === undefined) throw error;
    return response;
  }
}

/** Names of assets hold a hash of their content: what is here is right. */
async function file(request: Request): Promise<Response> {
  return (await cached(request)) ?? fetch(request);
}

async function cached(request: Request | string): Promise<Response | undefined> {
  const own = await (await caches.open(kCache)).match(request, { ignoreVary: true });
  return own ?? caches.match(request, { ignoreVary: true });
}
