import { useEffect, useState } from "react";
import type { CollaborativeDocument, SaveState } from "@cloudsync/client";

import { client } from "../client";
import { Icon } from "../ui/icons";
import { useStored } from "./use_document";

/** A reconnect under a second needs no banner. */
const kPatienceMs = 1_500;

export function ConnectionNotice({ document, state }: { document: CollaborativeDocument; state: SaveState }) {
  const isTrouble = state === "offline" || state === "superseded" || state === "closed";
  const [isShown, setShown] = useState(false);
  const isStored = useStored(document);
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
      <span>{offlineText(document.hasUnsavedChanges, isStored)}</span>
    </div>
  );
}

function offlineText(isUnsaved: boolean, isStored: boolean): string {
  if (isUnsaved && isStored) {
    return "You’re offline. Your changes are kept on this device, also if you close the tab, and sent when the connection is back.";
  }
  if (isUnsaved || !client.hasJournal) {
    return "You’re offline. Your changes are kept in this tab alone: leave it open, they are sent when the connection is back.";
  }
  return "You’re offline. You can keep writing: changes are kept on this device and sent when the connection is back.";
}
