// One server, one document "d", and clients on virtual time.

import { CloudSyncClient, MemoryIdentity, type CollaborativeDocument, type Identity } from "../../src/index.js";
import { FakeAuthority } from "./fake_authority.js";
import { FakeScheduler } from "./fake_scheduler.js";
import { FakeServer, type FakeServerOptions } from "./fake_server.js";

export type Opened = {
  client: CloudSyncClient;
  document: CollaborativeDocument<"text">;
  /** Everything that the document reported, one line each. */
  events: string[];
};

export class Fixture {
  readonly scheduler = new FakeScheduler();
  readonly server: FakeServer;
  readonly authority: FakeAuthority;

  constructor(content = "abc", options: FakeServerOptions = {}) {
    this.server = new FakeServer(this.scheduler, options);
    this.authority = new FakeAuthority("text", content);
    this.server.documents.set("d", this.authority);
  }

  newClient(identity: Identity = new MemoryIdentity()): CloudSyncClient {
    const { scheduler, server } = this;
    return new CloudSyncClient({ url: "http://x", identity, scheduler, transport: server.transport });
  }

  async open(identity?: Identity): Promise<Opened> {
    const client = this.newClient(identity);
    const opening = client.open("d");
    await this.scheduler.run(1_000);
    const document = (await opening) as CollaborativeDocument<"text">;
    const events: string[] = [];
    document.on("state", (state) => events.push(`state ${state}`));
    document.on("change", ({ origin }) => events.push(`change ${origin} "${document.content}"`));
    document.on("unsent-copy", ({ reason, text, insertedText }) => {
      events.push(`unsent ${reason.code} "${text}" "${insertedText}"`);
    });
    document.on("error", (error) => events.push(`error ${error.code}`));
    return { client, document, events };
  }

  submissions(): string[] {
    return this.server.sent
      .filter(({ event }) => event === "submit-op")
      .map(({ payload }) => JSON.stringify([payload.revision, payload.seq, payload.op]));
  }
}
