import { useId, useState, type FormEvent } from "react";
import type Quill from "quill/core";
import type { Range } from "quill/core";

import { completeUrl } from "./links";

type Target = { range: Range; url: string };

/** The selected text, or the whole link around the cursor. */
function targetOf(quill: Quill): Target {
  const range = quill.getSelection(true);
  const url = quill.getFormat(range).link;
  if (typeof url !== "string" || range.length > 0) {
    return { range, url: typeof url === "string" ? url : "" };
  }
  let start = range.index;
  let end = range.index;
  while (start > 0 && quill.getFormat(start - 1, 1).link === url) start--;
  while (end < quill.getLength() - 1 && quill.getFormat(end, 1).link === url) end++;
  return { range: { index: start, length: end - start } as Range, url };
}

export function LinkPanel({ quill, onClose }: { quill: Quill; onClose: () => void }) {
  const [target] = useState(() => targetOf(quill));
  const [draft, setDraft] = useState(target.url);
  const [isRefused, setRefused] = useState(false);
  const inputId = useId();
  const { index, length } = target.range;

  function close(): void {
    onClose();
    quill.setSelection(index, length, "user");
    quill.focus();
  }
  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    const url = completeUrl(draft);
    if (url === null) return setRefused(true);
    if (length > 0) quill.formatText(index, length, "link", url, "user");
    else quill.insertText(index, draft.trim(), "link", url, "user");
    close();
  }
  function remove(): void {
    quill.formatText(index, length, "link", false, "user");
    close();
  }

  return (
    <form
      className="link-panel" role="dialog" aria-label="Link" onSubmit={onSubmit}
      onKeyDown={(event) => { if (event.key === "Escape") close(); }}
    >
      <label htmlFor={inputId}>Link to</label>
      <input
        id={inputId} type="text" inputMode="url" autoFocus autoComplete="off" placeholder="example.org"
        value={draft} aria-invalid={isRefused}
        onChange={(event) => { setDraft(event.target.value); setRefused(false); }}
      />
      <button type="submit" className="button primary">Set</button>
      {target.url !== "" && (
        <>
          <a className="button" href={target.url} target="_blank" rel="noopener noreferrer">Open</a>
          <button type="button" className="button" onClick={remove}>Remove</button>
        </>
      )}
      <button type="button" className="button" onClick={close}>Cancel</button>
      {isRefused && <p role="alert">Only http, https and mail addresses can be linked.</p>}
    </form>
  );
}
