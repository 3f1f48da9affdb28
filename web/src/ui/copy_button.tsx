import { useEffect, useState } from "react";

import { copyText } from "./clipboard";
import { Icon, type IconName } from "./icons";

type Props = { text: () => string; label: string; icon?: IconName; className?: string };

type Outcome = "none" | "copied" | "failed";

export function CopyButton({ text, label, icon = "copy", className = "button" }: Props) {
  const [outcome, setOutcome] = useState<Outcome>("none");
  useEffect(() => {
    if (outcome === "none") return undefined;
    const timer = setTimeout(() => setOutcome("none"), 2_500);
    return () => clearTimeout(timer);
  }, [outcome]);

  async function onClick(): Promise<void> {
    setOutcome((await copyText(text())) ? "copied" : "failed");
  }
  const shown = outcome === "copied" ? "Copied" : outcome === "failed" ? "Could not copy" : label;
  return (
    <button type="button" className={className} onClick={() => void onClick()}>
      <Icon name={outcome === "copied" ? "check" : icon} size={18} />
      <span className="button-label" aria-live="polite">{shown}</span>
    </button>
  );
}
