export function LoadingPage() {
  return (
    <main className="message-page" role="status">
      <span className="spinner" aria-hidden="true" />
      <p>Opening the document…</p>
    </main>
  );
}
