import { useEffect, useId, useRef, useState, useSyncExternalStore, type FormEvent } from "react";
import type { CollaborativeDocument } from "@cloudsync/client";

import { kNameLengthMax } from "../profile";
import { initials } from "../ui/people";
import { colorOf, nameOf } from "./company";
import { useCompany } from "./use_document";

type Props = { document: CollaborativeDocument; name: string; onRename: (name: string) => void };

/** In the narrow header there is room for one. */
function useShownMax(): number {
  const [query] = useState(() => window.matchMedia("(max-width: 640px)"));
  const isNarrow = useSyncExternalStore(
    (onChange) => {
      query.addEventListener("change", onChange);
      return () => query.removeEventListener("change", onChange);
    },
    () => query.matches,
  );
  return isNarrow ? 1 : 4;
}

export function MemberList({ document, name, onRename }: Props) {
  useCompany(document);
  const shown = document.members.slice(0, useShownMax());
  const more = document.memberCount - 1 - shown.length;
  return (
    <div className="members" data-testid="members" data-count={document.memberCount}>
      <ul aria-label="Also here">
        {shown.map(({ clientId }) => (
          <li key={clientId}><Avatar name={nameOf(document, clientId)} color={colorOf(document, clientId)} /></li>
        ))}
        {more > 0 && <li><span className="avatar more" title={`${more} more`}>+{more}<span className="visually-hidden"> more</span></span></li>}
      </ul>
      <OwnName name={name} color={colorOf(document, document.clientId)} onRename={onRename} />
    </div>
  );
}

function Avatar({ name, color }: { name: string; color: string }) {
  return (
    <span className="avatar" style={{ backgroundColor: color }} title={name}>
      <span aria-hidden="true">{initials(name)}</span>
      <span className="visually-hidden">{name}</span>
    </span>
  );
}

type OwnNameProps = { name: string; color: string; onRename: (name: string) => void };

function OwnName({ name, color, onRename }: OwnNameProps) {
  const [isOpen, setOpen] = useState(false);
  const [draft, setDraft] = useState(name);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLFormElement>(null);
  const inputId = useId();

  function close(): void {
    setOpen(false);
    button.current?.focus();
  }
  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    onRename(draft);
    close();
  }
  useEffect(() => {
    if (!isOpen) return undefined;
    function onPointerDown(event: PointerEvent): void {
      const { target } = event;
      if (target instanceof Node && (panel.current?.contains(target) || button.current?.contains(target))) return;
      setOpen(false);
    }
    window.addEventListener("pointerdown", onPointerDown);
    return () => window.removeEventListener("pointerdown", onPointerDown);
  }, [isOpen]);

  return (
    <div className="own-name">
      <button
        ref={button} type="button" className="avatar own" aria-expanded={isOpen} aria-haspopup="dialog"
        aria-label={`You are ${name}. Change your name.`} title={`${name} (you)`}
        style={{ backgroundColor: color }}
        onClick={() => { setDraft(name); setOpen(!isOpen); }}
      >
        {initials(name)}
      </button>
      {isOpen && (
        <form
          ref={panel} className="popover" role="dialog" aria-label="Your name" onSubmit={onSubmit}
          onKeyDown={(event) => { if (event.key === "Escape") close(); }}
        >
          <label htmlFor={inputId}>Your name, as others see it</label>
          <div className="field-row">
            <input
              id={inputId} type="text" maxLength={kNameLengthMax} autoFocus autoComplete="nickname"
              value={draft} onChange={(event) => setDraft(event.target.value)}
            />
            <button type="submit" className="button primary" disabled={draft.trim() === ""}>Save</button>
          </div>
        </form>
      )}
    </div>
  );
}
