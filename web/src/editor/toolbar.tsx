import { useEffect, useReducer, useRef, useState, type KeyboardEvent } from "react";
import type Quill from "quill/core";

import { historyOf } from "./history_module";
import { Icon, type IconName } from "../ui/icons";
import { isMac } from "../ui/platform";

type Formats = Record<string, unknown>;

type Tool = {
  id: string;
  label: string;
  keys?: string;
  icon?: IconName;
  /** Shown instead of an icon. */
  letters?: string;
  /** Undefined for a command without a state. */
  isOn?: (formats: Formats) => boolean;
  /** Undefined for a command that always has something to do. */
  canRun?: (quill: Quill) => boolean;
  run: (quill: Quill, formats: Formats) => void;
};

const kModifier = isMac ? "⌘" : "Ctrl+";

function inline(format: string, label: string, icon: IconName, key?: string): Tool {
  return {
    id: format, label, icon, ...(key === undefined ? {} : { keys: kModifier + key }),
    isOn: (formats) => formats[format] === true,
    run: (quill, formats) => quill.format(format, formats[format] !== true, "user"),
  };
}

function block(format: string, value: unknown, label: string, look: { icon: IconName } | { letters: string }): Tool {
  const isOn = (formats: Formats) => (value === true ? Boolean(formats[format]) : formats[format] === value);
  return {
    id: `${format}-${String(value)}`, label, ...look, isOn,
    run: (quill, formats) => quill.format(format, isOn(formats) ? false : value, "user"),
  };
}

const kGroups: readonly (readonly Tool[])[] = [
  [
    {
      id: "undo", label: "Undo", keys: `${kModifier}Z`, icon: "undo",
      canRun: (quill) => historyOf(quill).can("undo"), run: (quill) => quill.history.undo(),
    },
    {
      id: "redo", label: "Redo", keys: isMac ? "⌘Shift+Z" : "Ctrl+Y", icon: "redo",
      canRun: (quill) => historyOf(quill).can("redo"), run: (quill) => quill.history.redo(),
    },
  ],
  [
    block("header", 1, "Heading 1", { letters: "H1" }),
    block("header", 2, "Heading 2", { letters: "H2" }),
    block("header", 3, "Heading 3", { letters: "H3" }),
  ],
  [
    inline("bold", "Bold", "bold", "B"),
    inline("italic", "Italic", "italic", "I"),
    inline("underline", "Underline", "underline", "U"),
    inline("strike", "Strikethrough", "strike"),
    inline("code", "Code", "code"),
  ],
  [
    block("list", "bullet", "Bulleted list", { icon: "bullets" }),
    block("list", "ordered", "Numbered list", { icon: "numbers" }),
    block("blockquote", true, "Quote", { icon: "quote" }),
    block("code-block", true, "Code block", { icon: "codeBlock" }),
  ],
];

const kClear: Tool = {
  id: "clear", label: "Clear formatting", icon: "clear",
  run(quill) {
    const range = quill.getSelection(true);
    quill.removeFormat(range.index, range.length, "user");
  },
};

type Props = { quill: Quill; isDisabled: boolean; onLink: () => void };

/** One stop in the tab order; arrows, Home and End move inside (WAI-ARIA toolbar pattern). */
export function Toolbar({ quill, isDisabled, onLink }: Props) {
  const { formats, canRun } = useEditorState(quill);
  const bar = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState("undo");
  useShortcut(quill, bar);

  const link: Tool = {
    id: "link", label: "Link", keys: `${kModifier}K`, icon: "link",
    isOn: (current) => typeof current.link === "string", run: onLink,
  };
  const groups = [...kGroups, [link, kClear]];

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "Escape") return quill.focus();
    const buttons = [...(bar.current?.querySelectorAll("button") ?? [])];
    const at = buttons.findIndex((button) => button === document.activeElement);
    const targets: Record<string, number> = {
      ArrowRight: (at + 1) % buttons.length,
      ArrowLeft: (at - 1 + buttons.length) % buttons.length,
      Home: 0,
      End: buttons.length - 1,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    buttons[target]?.focus();
  }

  return (
    <div ref={bar} className="toolbar" role="toolbar" aria-label="Formatting" aria-controls="editor" onKeyDown={onKeyDown}>
      {groups.map((tools, i) => (
        <div key={i} className="toolbar-group" role="group">
          {tools.map((tool) => (
            <button
              key={tool.id} type="button" className="tool" disabled={isDisabled}
              tabIndex={tool.id === active ? 0 : -1}
              aria-label={tool.label} title={tool.keys === undefined ? tool.label : `${tool.label} (${tool.keys})`}
              // Not `disabled`, which would throw the focus out of the toolbar (WAI-ARIA toolbar pattern).
              aria-disabled={!canRun(tool)}
              {...(tool.isOn === undefined ? {} : { "aria-pressed": tool.isOn(formats) })}
              onFocus={() => setActive(tool.id)}
              // The text keeps its selection.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => { if (canRun(tool)) tool.run(quill, formats); }}
            >
              {tool.icon === undefined ? <span className="letters">{tool.letters}</span> : <Icon name={tool.icon} />}
            </button>
          ))}
        </div>
      ))}
    </div>
  );
}

type EditorState = { formats: Formats; canRun: (tool: Tool) => boolean };

/** The formats at the selection, and what can be done; both change with the editor only. */
function useEditorState(quill: Quill): EditorState {
  const [formats, setFormats] = useState<Formats>({});
  const [, countChange] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    function update(): void {
      const range = quill.hasFocus() ? quill.getSelection() : null;
      if (range !== null) setFormats(quill.getFormat(range));
      countChange();
    }
    quill.on("editor-change", update);
    return () => {
      quill.off("editor-change", update);
    };
  }, [quill]);
  return { formats, canRun: (tool) => tool.canRun?.(quill) ?? true };
}

/** Alt+F10 leads from the text to the toolbar, as in other editors. */
function useShortcut(quill: Quill, bar: React.RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    function onKeyDown(event: globalThis.KeyboardEvent): void {
      if (event.key !== "F10" || !event.altKey) return;
      event.preventDefault();
      bar.current?.querySelector<HTMLButtonElement>('button[tabindex="0"]')?.focus();
    }
    quill.root.addEventListener("keydown", onKeyDown);
    return () => quill.root.removeEventListener("keydown", onKeyDown);
  }, [quill, bar]);
}
