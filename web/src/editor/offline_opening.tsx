import { useEffect, useState } from "react";

import { client } from "../client";
import { Icon } from "../ui/icons";
import { Link } from "../ui/link";
import { LoadingPage } from "../ui/loading_page";

const kPatienceMs = 2_500;

/** A document is being opened: without a connection, and without a copy on this device, that can take long. */
export function OfflineOpening() {
  const [isOffline, setOffline] = useState(false);
  useEffect(() => {
    const update = () => setOffline(!client.isConnected);
    const timer = setTimeout(update, kPatienceMs);
    const stop = client.on("connected", () => setOffline(false));
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, []);
  if (!isOffline) return <LoadingPage />;
  return (
    <main className="message-page" role="status" data-testid="waiting-for-connection">
      <span className="message-icon"><Icon name="cloudOff" size={32} /></span>
      <h1>You’re offline</h1>
      <p>This document is not on this device yet. It opens by itself when the connection is back.</p>
      <div className="button-row"><Link className="button" href="/">Go to the start page</Link></div>
    </main>
  );
}
