import { useEffect, useId, useState, useSyncExternalStore, type FormEvent } from "react";
import type { CollaborativeDocument } from "@cloudsync/client";

import { kNameLengthMax } from "../profile";
import { initials } from "../ui/people";
import { usePopover } from "../ui/use_popover";
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
      </ul>
      {more > 0 && <Everybody document={document} name={name} more={more} />}
      <OwnName name={name} color={colorOf(document, document.clientId)} onRename={onRename} />
    </div>
  );
}

/** The names of all, behind the number of those there is no room for. */
function Everybody({ document, name, more }: { document: CollaborativeDocument; name: string; more: number }) {
  const { isOpen, button, panel, toggle, onKeyDown } = usePopover<HTMLDivElement>();
  useEffect(() => {
    if (isOpen) panel.current?.focus();
  }, [isOpen, panel]);
  const unlisted = document.memberCount - 1 - document.members.length;
  const people = [
    { clientId: document.clientId, label: `${name} (you)` },
    ...document.members.map(({ clientId }) => ({ clientId, label: nameOf(document, clientId) })),
  ];
  return (
    <div className="popover-anchor">
      <button
        ref={button} type="button" className="avatar more" aria-expanded={isOpen} aria-haspopup="dialog"
        aria-label={`${more} more. Show everybody.`} title="Show everybody" onClick={toggle}
      >
        +{more}
      </button>
      {isOpen && (
        <div
          ref={panel} className="popover everybody" role="dialog" aria-label="Everybody here" tabIndex={0}
          data-testid="everybody" onKeyDown={onKeyDown}
        >
          <ul>
            {people.map(({ clientId, label }) => (
              <li key={clientId}>
                <span className="dot" style={{ backgroundColor: colorOf(document, clientId) }} aria-hidden="true" />
                {label}
              </li>
            ))}
            {unlisted > 0 && <li>and {unlisted} more</li>}
          </ul>
        </div>
      )}
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
  const { isOpen, button, panel, toggle, close, onKeyDown } = usePopover<HTMLFormElement>();
  const [draft, setDraft] = useState(name);
  const inputId = useId();

  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    onRename(draft);
    close();
  }

  return (
    <div className="popover-anchor own-name">
      <button
        ref={button} type="button" className="avatar own" aria-expanded={isOpen} aria-haspopup="dialog"
        aria-label={`You are ${name}. Change your name.`} title={`${name} (you)`}
        style={{ backgroundColor: color }}
        onClick={() => { setDraft(name); toggle(); }}
      >
        {initials(name)}
      </button>
      {isOpen && (
        <form
          ref={panel} className="popover" role="dialog" aria-label="Your name" onSubmit={onSubmit}
          onKeyDown={onKeyDown}
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
