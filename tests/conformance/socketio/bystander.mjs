// An honest client beside an attack: whatever is done to the server, it must not notice.
import assert from "node:assert/strict";
import { io } from "socket.io-client";
import { within } from "./server.mjs";

export class Bystander {
  static async join(server) {
    const bystander = new Bystander();
    bystander.server = server;
    bystander.unexpected = [];
    bystander.socket = io(server.url, { transports: ["websocket"], forceNew: true, reconnection: false });
    await within(new Promise((resolve) => bystander.socket.once("auth", resolve)), "the bystander's connection");
    bystander.socket.onAny((...event) => bystander.unexpected.push(event));
    bystander.socket.on("disconnect", (reason) => bystander.unexpected.push(["disconnect", reason]));
    return bystander;
  }

  /** Still connected, left alone, and answered; and others can still come. */
  async assertUnharmed() {
    assert.ok(this.server.isRunning, `the server died:\n${this.server.log}`);
    assert.equal(await this.socket.timeout(15_000).emitWithAck("message-with-ack", "alive"), "alive");
    assert.deepEqual(this.unexpected, []);
    const newcomer = await Bystander.join(this.server);
    newcomer.socket.disconnect();
  }

  leave() {
    this.socket.off("disconnect").disconnect();
  }
}
