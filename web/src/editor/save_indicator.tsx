import { useEffect, useState } from "react";
import type { CollaborativeDocument, SaveState } from "@cloudsync/client";

import { Icon, type IconName } from "../ui/icons";

type Shown = { label: string; icon: IconName };

const kShown: Record<SaveState, Shown> = {
  saved: { label: "Saved", icon: "check" },
  saving: { label: "Saving…", icon: "sync" },
  offline: { label: "Offline", icon: "cloudOff" },
  superseded: { label: "Paused", icon: "cloudOff" },
  closed: { label: "Closed", icon: "cloudOff" },
};

const kSpoken: Record<SaveState, string> = {
  saved: "All changes are saved.",
  saving: "Saving.",
  offline: "Offline. Changes are kept and sent later.",
  superseded: "Paused: the document was opened elsewhere.",
  closed: "The document is closed.",
};

/** A state that lasted; short ones are not worth a word. */
function useLasting<T>(value: T, delayMs: number): T {
  const [lasting, setLasting] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLasting(value), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return lasting;
}

/** `data-state` is exact at any moment; the words for screen readers wait until a state lasts. */
export function SaveIndicator({ document, state }: { document: CollaborativeDocument; state: SaveState }) {
  const spoken = useLasting(state, 1_200);
  const { label, icon } = kShown[state];
  const isEdited = state === "offline" && document.hasUnsavedChanges;
  const coarse = state === "saved" || state === "saving" ? state : "offline";
  return (
    <div className="save-state" data-testid="save-state" data-state={coarse}>
      <span className="save-state-shown" aria-hidden="true">
        <Icon name={icon} size={16} />
        <span>{isEdited ? "Offline, edits kept" : label}</span>
      </span>
      <span className="visually-hidden" role="status" aria-live="polite">{kSpoken[spoken]}</span>
    </div>
  );
}
