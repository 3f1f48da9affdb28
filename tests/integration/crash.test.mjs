// kill -9 under typing, again and again: every acknowledged operation is there exactly once, at the
// revision that the ack named, and clients go on by resuming.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, connected } from "./client.mjs";
import { eventually, freePort, Server } from "./server.mjs";

const KILLS = Number(process.env.CS_KILLS ?? 20);

/** Types numbered words, one operation in flight; resends it until it is acknowledged. */
class Typist {
  constructor(url, documentId, name) {
    Object.assign(this, { url, documentId, name, seq: 0, acked: new Map(), stopped: false });
  }

  async connectOnce() {
    this.socket?.disconnect();
    this.socket = connect(this.url, { transports: ["websocket"], auth: { client: this.client } });
    await connected(this.socket);
    const reply = await this.socket.timeout(5000).emitWithAck("join-document", { documentId: this.documentId });
    assert.ok(reply.ok, JSON.stringify(reply));
    assert.ok(this.client === undefined || reply.client.id === this.client.id);
    this.client = reply.client;
    this.revision = reply.revision;
  }

  async run() {
    while (!this.stopped) {
      try {
        if (!this.socket?.connected) await this.connectOnce();
        this.inflight ??= { documentId: this.documentId, revision: this.revision, seq: ++this.seq, op: [`${this.name}${this.seq};`] };
        const ack = await this.socket.timeout(5000).emitWithAck("submit-op", this.inflight);
        if (!ack.ok) {
          assert.equal(ack.error.code, "unavailable");
          continue;
        }
        this.acked.set(this.inflight.seq, ack.revision);
        this.revision = ack.revision;
        this.inflight = undefined;
      } catch (error) {
        if (error.code === "ERR_ASSERTION") throw error;
        await new Promise((resolve) => setTimeout(resolve, 20 + 50 * Math.random()));
      }
    }
    this.socket?.disconnect();
  }
}

test(`kill -9 ${KILLS} times under typing loses no acknowledged operation and doubles none`, async () => {
  const server = await Server.start({ port: await freePort() });
  const documentId = await server.createDocument("text");
  const typists = ["a", "b", "c"].map((name) => new Typist(server.url, documentId, name));
  const running = Promise.all(typists.map((typist) => typist.run()));
  const total = () => typists.reduce((sum, typist) => sum + typist.acked.size, 0);
  const tenMore = async () => {
    const before = total();
    await Promise.race([running, eventually(() => total() >= before + 10, () => `ten more operations\n${server.log}`)]);
  };
  try {
    for (let kill = 0; kill < KILLS; ++kill) {
      await tenMore();
      await server.kill();
      await server.launch();
    }
    await tenMore();
  } finally {
    // Whatever happened: nobody types on, so that a failure ends the test instead of hanging it.
    for (const typist of typists) typist.stopped = true;
  }
  await running;

  const reader = connect(server.url, { transports: ["websocket"] });
  await connected(reader);
  await reader.emitWithAck("join-document", { documentId });
  const { revision: head, content } = await server.document(documentId);
  const log = [];
  while (log.length < head) {
    const page = await reader.emitWithAck("fetch-ops", { documentId, from: log.length + 1, to: head });
    assert.ok(page.ok && page.ops.length > 0);
    log.push(...page.ops);
  }
  for (const typist of typists) {
    const own = log.flatMap((entry, index) => entry.clientId === typist.client.id ? [{ ...entry, revision: index + 1 }] : []);
    assert.deepEqual(own.map((entry) => entry.seq), [...own.keys()].map((index) => index + 1), "each seq once, in order");
    for (const [seq, revision] of typist.acked) {
      assert.equal(own[seq - 1].revision, revision, `${typist.name}${seq} is where its ack said`);
      assert.equal(content.split(`${typist.name}${seq};`).length, 2, `${typist.name}${seq} is there once`);
    }
  }
  console.log(`# ${total()} acknowledged operations over ${KILLS} kills, head ${head}`);
  reader.disconnect();
  await server.dispose();
});
