import { useEffect, useState } from "react";
import type { CollaborativeDocument, SaveState } from "@cloudsync/client";

import { Icon, type IconName } from "../ui/icons";
import { useStored } from "./use_document";

type Shown = { label: string; icon: IconName };

const kShown: Record<SaveState, Shown> = {
  saved: { label: "Saved", icon: "check" },
  saving: { label: "Saving…", icon: "sync" },
  offline: { label: "Offline", icon: "cloudOff" },
  superseded: { label: "Paused", icon: "cloudOff" },
  closed: { label: "Closed", icon: "cloudOff" },
};
const kConnecting: Shown = { label: "Connecting…", icon: "sync" };

/** What is spoken of; whether it is stored flips with each key that is typed, so it is no state of its own. */
type SpokenState = SaveState | "unsaved";

const kSpoken: Record<Exclude<SpokenState, "unsaved">, string> = {
  saved: "All changes are saved.",
  saving: "Saving.",
  offline: "Offline. Changes are sent later.",
  superseded: "Paused: the document was opened elsewhere.",
  closed: "The document is closed.",
};

/** What is said of edits that the server does not have: no more than is true. */
function offlineShown(isUnsaved: boolean, isStored: boolean): Shown {
  if (!isUnsaved) return kShown.offline;
  return { label: isStored ? "Offline, kept on this device" : "Offline, kept in this tab only", icon: "cloudOff" };
}

function unsavedSpoken(isStored: boolean): string {
  return isStored ? "Offline. Changes are kept on this device and sent later." : "Offline. Changes are kept in this tab only.";
}

/** A state that lasted; short ones are not worth a word. */
function useLasting<T>(value: T, delayMs: number): T {
  const [lasting, setLasting] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLasting(value), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return lasting;
}

const kSpokenAfterMs = 1_200;
/** Sooner, so that it is known by then. */
const kSettledAfterMs = 900;

/** How long a page that was just opened may take to connect before that is a state to speak of. */
const kConnectPatienceMs = 1_500;

/**
 * `data-state` and `data-stored` are exact at any moment; the words for screen readers wait until a state
 * lasts.
 */
export function SaveIndicator({ document, state }: { document: CollaborativeDocument; state: SaveState }) {
  const isStored = useStored(document);
  const isUnsaved = document.hasUnsavedChanges;
  const isFirst = useConnecting(state);
  const spokenState = useLasting<SpokenState>(state === "offline" && isUnsaved ? "unsaved" : state, kSpokenAfterMs);
  const wasStored = useLasting(isStored, kSettledAfterMs);
  const spoken = spokenState === "unsaved" ? unsavedSpoken(wasStored) : kSpoken[spokenState];
  const shown = isFirst ? kConnecting : state === "offline" ? offlineShown(isUnsaved, isStored) : kShown[state];
  const coarse = state === "saved" || state === "saving" ? state : "offline";
  return (
    <div className="save-state" data-testid="save-state" data-state={coarse} data-stored={isStored} data-connecting={isFirst}>
      <span className="save-state-shown" aria-hidden="true">
        <Icon name={shown.icon} size={16} />
        <span>{shown.label}</span>
      </span>
      <span className="visually-hidden" role="status" aria-live="polite">{spoken}</span>
    </div>
  );
}

/** A document of this device is shown before there is a connection: for a moment that is no news. */
function useConnecting(state: SaveState): boolean {
  const [isFirst, setFirst] = useState(state === "offline");
  useEffect(() => {
    if (state !== "offline") setFirst(false);
    const timer = setTimeout(() => setFirst(false), kConnectPatienceMs);
    return () => clearTimeout(timer);
  }, [state]);
  return isFirst && state === "offline";
}
