// The document of a page, from opening to closing.

import { useEffect, useState } from "react";
import { CloudSyncError, type CollaborativeDocument, type SaveState } from "@cloudsync/client";

import { acquireDocument, releaseDocument } from "../client";

export type Opening =
  | { state: "opening" }
  | { state: "failed"; error: CloudSyncError }
  | { state: "open"; document: CollaborativeDocument };

export function useDocument(documentId: string, attempt: number): Opening {
  const [opening, setOpening] = useState<Opening>({ state: "opening" });
  useEffect(() => {
    let isGone = false;
    let opened: CollaborativeDocument | null = null;
    setOpening({ state: "opening" });
    acquireDocument(documentId).then(
      (document) => {
        if (isGone) return releaseDocument(document);
        opened = document;
        window.cloudsync = { document };
        setOpening({ state: "open", document });
      },
      (reason: unknown) => {
        const error = reason instanceof CloudSyncError ? reason : new CloudSyncError("internal", String(reason));
        if (!isGone) setOpening({ state: "failed", error });
      },
    );
    return () => {
      isGone = true;
      if (opened === null) return;
      delete window.cloudsync;
      releaseDocument(opened);
    };
  }, [documentId, attempt]);
  return opening;
}

export function useSaveState(document: CollaborativeDocument): SaveState {
  const [state, setState] = useState(document.state);
  useEffect(() => {
    setState(document.state);
    return document.on("state", setState);
  }, [document]);
  return state;
}

/** Counts changes of who is there and where, to draw them again. */
export function useCompany(document: CollaborativeDocument): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const onChange = () => setVersion((previous) => previous + 1);
    const stops = [document.on("members", onChange), document.on("presence", onChange)];
    return () => stops.forEach((stop) => stop());
  }, [document]);
  return version;
}

/** Whether every edit would outlive this page: it is on the server or on this device. */
export function useStored(document: CollaborativeDocument): boolean {
  const [isStored, setStored] = useState(document.isStored);
  useEffect(() => {
    setStored(document.isStored);
    return document.on("stored", setStored);
  }, [document]);
  return isStored;
}
