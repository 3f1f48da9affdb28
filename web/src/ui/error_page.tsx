import { useEffect } from "react";

import { Icon } from "./icons";
import { Link } from "./link";

type Props = { title: string; text: string; onRetry?: () => void };

export function ErrorPage({ title, text, onRetry }: Props) {
  useEffect(() => {
    document.title = `${title} – CloudSync`;
  }, [title]);
  return (
    <main className="message-page" role="alert">
      <span className="message-icon"><Icon name="alert" size={32} /></span>
      <h1>{title}</h1>
      <p>{text}</p>
      <div className="button-row">
        {onRetry !== undefined && (
          <button type="button" className="button primary" onClick={onRetry}>Try again</button>
        )}
        <Link className="button" href="/">Go to the start page</Link>
      </div>
    </main>
  );
}

export function NoSuchDocument() {
  return (
    <ErrorPage
      title="There is no such document"
      text="The link may be incomplete, or the document was never here. Ask for the link again."
    />
  );
}
