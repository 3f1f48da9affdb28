import type { Copy } from "./use_document";
import { CopyButton } from "../ui/copy_button";
import { Icon } from "../ui/icons";

type Props = { copies: Copy[]; title: string; onDismiss: (key: number) => void };

/** Text that the server could not take. It stays here until the person has put it somewhere. */
export function UnsentCopies({ copies, title, onDismiss }: Props) {
  if (copies.length === 0) return null;
  return (
    <aside className="unsent" aria-label="Text that was not saved" data-testid="unsent-copy">
      {copies.map((copy) => (
        <UnsentText key={copy.key} copy={copy} title={title} onDismiss={() => onDismiss(copy.key)} />
      ))}
    </aside>
  );
}

function UnsentText({ copy, title, onDismiss }: { copy: Copy; title: string; onDismiss: () => void }) {
  const text = copy.insertedText.trim() === "" ? copy.text : copy.insertedText;
  const isPart = text !== copy.text;
  return (
    <section role="alert">
      <h2><Icon name="alert" size={18} />Some of your text could not be saved</h2>
      <p>{explain(copy.reason)} Here is a copy of it: put it where you need it.</p>
      <textarea readOnly value={text} rows={5} aria-label={`Unsaved text of ${title}`} />
      <div className="button-row">
        <CopyButton text={() => text} label="Copy text" className="button primary" />
        {isPart && <CopyButton text={() => copy.text} label="Copy whole document" />}
        <button type="button" className="button" onClick={onDismiss}>Dismiss</button>
      </div>
    </section>
  );
}

function explain({ code, message }: Copy["reason"]): string {
  if (code === "history_diverged" || code === "revision_unknown") {
    return "The server’s version of this document is another one, as after a restored backup.";
  }
  if (code === "revision_too_old") return "You were away for too long for your edits to be merged.";
  if (code === "too_large") return `The server does not take it: ${message}.`;
  return "The server refused the edit.";
}
