// A raw Socket.IO connection over WebSocket: packets as they are on the wire, without the digit 4.
import assert from "node:assert/strict";
import { RawWebSocket } from "./raw_websocket.mjs";

export class Connection {
  /** An Engine.IO session that has joined nothing. */
  static async open(server, options) {
    const connection = new Connection();
    connection.socket = await RawWebSocket.open(server, options);
    const handshake = await connection.socket.next("the Engine.IO handshake");
    connection.engineSid = JSON.parse(handshake.slice(1)).sid;
    return connection;
  }

  /** A session that has joined `namespace`. `connection.sid` is its id there. */
  static async join(server, namespace = "/", auth) {
    const connection = await Connection.open(server);
    Object.assign(connection, await connection.join(namespace, auth));
    return connection;
  }

  /** Joins one more namespace; resolves with the CONNECT's answer. */
  async join(namespace = "/", auth) {
    const prefix = namespace === "/" ? "" : `${namespace},`;
    this.send(`0${prefix}${auth === undefined ? "" : JSON.stringify(auth)}`);
    const answer = await this.next("the CONNECT's answer");
    assert.ok(answer.startsWith(`0${prefix}{`), answer);
    const event = await this.next("the event auth");
    assert.ok(event.startsWith(`2${prefix}["auth",`), event);
    return JSON.parse(answer.slice(1 + prefix.length));
  }

  send(packet, ...attachments) {
    this.socket.send(`4${packet}`);
    for (const bytes of attachments) this.socket.send(Buffer.from(bytes));
  }

  /** The next packet (a string), or attachment (a Buffer). */
  async next(what) {
    const message = await this.socket.next(what);
    if (Buffer.isBuffer(message)) return message;
    assert.equal(message[0], "4", message);
    return message.slice(1);
  }

  /** Asserts that these packets come next, and in this order. */
  async expect(...packets) {
    for (const packet of packets) assert.deepEqual(await this.next(`the packet ${packet}`), packet);
  }

  /** Asserts that the server has nothing else to say: the answer to a question comes next. */
  async expectQuiet(namespace = "/") {
    const prefix = namespace === "/" ? "" : `${namespace},`;
    this.send(`2${prefix}4711["message-with-ack","quiet"]`);
    await this.expect(`3${prefix}4711["quiet"]`);
  }

  /** Calls an event of the reference server that answers; resolves with the answer's arguments. */
  async call(event, ...args) {
    this.send(`2815${JSON.stringify([event, ...args])}`);
    const answer = await this.next(`the answer to ${event}`);
    assert.ok(answer.startsWith("3815["), answer);
    return JSON.parse(answer.slice(4));
  }

  ended(what) {
    return this.socket.ended(what);
  }

  close() {
    return this.socket.close();
  }

  drop() {
    return this.socket.drop();
  }
}
