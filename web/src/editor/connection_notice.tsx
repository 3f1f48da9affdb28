import { useEffect, useState } from "react";
import type { CollaborativeDocument, SaveState } from "@cloudsync/client";

import { client } from "../client";
import { Icon } from "../ui/icons";

/** A reconnect under a second needs no banner. */
const kPatienceMs = 1_500;

export function ConnectionNotice({ document, state }: { document: CollaborativeDocument; state: SaveState }) {
  const isTrouble = state === "offline" || state === "superseded" || state === "closed";
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (!isTrouble) {
      setShown(false);
      return undefined;
    }
    const timer = setTimeout(() => setShown(true), kPatienceMs);
    return () => clearTimeout(timer);
  }, [isTrouble]);
  if (!isTrouble || !isShown) return null;
  if (state === "superseded") {
    return (
      <div className="banner" role="alert">
        <Icon name="alert" size={18} />
        <span>This page was taken over by another one. Nothing you type here is sent.</span>
        <button type="button" className="button small" onClick={() => client.reconnect()}>Go on here</button>
      </div>
    );
  }
  if (state === "closed") {
    return (
      <div className="banner" role="alert">
        <Icon name="alert" size={18} />
        <span>This document can’t be edited any more. You can still copy its text.</span>
      </div>
    );
  }
  return (
    <div className="banner" role="alert">
      <Icon name="cloudOff" size={18} />
      <span>
        {document.hasUnsavedChanges
          ? "You’re offline. Your changes are kept in this tab: leave it open, they are sent when the connection is back."
          : "You’re offline. You can keep writing: leave this tab open, and changes are sent when the connection is back."}
      </span>
    </div>
  );
}
