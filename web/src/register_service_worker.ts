/** Makes the app open without the server from now on. Not while developing: it would show old files. */
export function registerServiceWorker(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  // After the page, which needs the network more. Where it is refused, the app needs the server as before.
  window.addEventListener("load", () => {
    navigator.serviceWorker.register("/service-worker.js").catch(() => undefined);
  });
}
