import { lazy, Suspense, useEffect } from "react";

import { client } from "./client";
import { routeOf, usePath } from "./router";
import { StartPage } from "./start/start_page";
import { ErrorPage, NoSuchDocument } from "./ui/error_page";
import { LoadingPage } from "./ui/loading_page";

/** Most of the code is the editor's: the start page does without. */
const EditorPage = lazy(async () => ({ default: (await import("./editor/editor_page")).EditorPage }));

export function App() {
  const route = routeOf(usePath());
  useLeaveGuard();
  switch (route.page) {
    case "start":
      return <StartPage />;
    case "document":
      return (
        <Suspense fallback={<LoadingPage />}>
          <EditorPage key={route.id} documentId={route.id} />
        </Suspense>
      );
    case "bad-link":
      return <NoSuchDocument />;
    case "unknown":
      return <ErrorPage title="There is no such page" text="The address may be mistyped." />;
  }
}

/** Asks before the tab is closed while an edit would be lost with it: neither on the server nor on this device. */
function useLeaveGuard(): void {
  useEffect(() => {
    function onBeforeUnload(event: BeforeUnloadEvent): void {
      if (!client.isStored) event.preventDefault();
    }
    window.addEventListener("beforeunload", onBeforeUnload);
    return () => window.removeEventListener("beforeunload", onBeforeUnload);
  }, []);
}
