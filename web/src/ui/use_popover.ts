// A panel that a button opens: Escape closes it, and so does a press elsewhere.

import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from "react";

export type Popover<Panel extends HTMLElement> = {
  isOpen: boolean;
  button: RefObject<HTMLButtonElement | null>;
  panel: RefObject<Panel | null>;
  toggle(): void;
  /** Closes the panel and gives the focus back. */
  close(): void;
  /** For the panel's `onKeyDown`. */
  onKeyDown(event: KeyboardEvent): void;
};

export function usePopover<Panel extends HTMLElement>(): Popover<Panel> {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<Panel>(null);

  function close(): void {
    setOpen(false);
    button.current?.focus();
  }
  useEffect(() => {
    if (!isOpen) return undefined;
    function onPointerDown({ target }: PointerEvent): void {
      if (target instanceof Node && (panel.current?.contains(target) || button.current?.contains(target))) return;
      setOpen(false);
    }
    window.addEventListener("pointerdown", onPointerDown);
    return () => window.removeEventListener("pointerdown", onPointerDown);
  }, [isOpen]);

  return {
    isOpen, button, panel, close,
    toggle: () => setOpen((previous) => !previous),
    onKeyDown: (event) => { if (event.key === "Escape") close(); },
  };
}
