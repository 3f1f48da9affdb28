// Somebody who means harm, from an address of his own: his connections, and what became of them.
import assert from "node:assert/strict";
import net from "node:net";
import { CLOSE, PING, PONG, RawClient, TEXT, frame } from "../conformance/websocket/raw_client.mjs";

export const path = "/socket.io/?EIO=4&transport=";
const json = { "Content-Type": "application/json" };

export class Attacker {
  /** `limits` are the server's that a scenario must know: name → number. */
  constructor({ port, address, limits }) {
    Object.assign(this, { port, address, limits });
    this.clients = new Set();
    this.sids = new Set();
    this.counts = {};
    this.isOver = false;
  }

  /** Adds to a figure of the report. */
  count(what, amount = 1) {
    this.counts[what] = (this.counts[what] ?? 0) + amount;
  }

  /** A connection over which nothing was said. It ends with the round that opened it at the latest. */
  connect() {
    const client = RawClient.connect(this.port, { localAddress: this.address });
    this.clients.add(client);
    client.socket.on("close", () => this.clients.delete(client));
    if (this.isOver) client.socket.destroy();
    return client;
  }

  /** One request on a connection of its own, or on `client`. */
  async ask(method, target, { headers = {}, body = "", client = this.connect() } = {}) {
    client.socket.write(request(method, target, { headers, body }));
    return answer(client);
  }

  /** An Engine.IO session over WebSocket that joined no namespace. */
  async open({ extensions, behind } = {}) {
    const client = this.connect();
    await client.upgrade({ path: `${path}websocket`, extensions, behind });
    assert.match(client.head, /^HTTP\/1.1 101 /);
    assert.match(await hear(client), /^0\{/);
    return client;
  }

  /** The same, connected to the namespace "/". */
  async join(options) {
    const client = await this.open(options);
    say(client, "40");
    assert.match(await hear(client), /^40\{/);
    return client;
  }

  /** A member of a document that others may be members of. */
  async joinDocument(documentId) {
    const client = await this.join();
    const reply = await call(client, "join-document", { documentId });
    assert.ok(reply.ok, JSON.stringify(reply));
    return Object.assign(client, { revision: reply.revision });
  }

  async createDocument() {
    const { status, body } = await this.ask("POST", "/api/v1/documents",
      { headers: { ...json, Connection: "close" }, body: JSON.stringify({ type: "text", title: "Chaos" }) });
    assert.equal(status, 201, body);
    return JSON.parse(body).id;
  }

  /** A polling session: its sid. `client` is the connection of its handshake, which stays open. */
  async openPolling(client = this.connect()) {
    const { status, body } = await this.ask("GET", `${path}polling`, { client });
    assert.equal(status, 200, body);
    const { sid } = JSON.parse(body.slice(1));
    this.sids.add(sid);
    return sid;
  }

  /** Drops all connections, and what is left of polling sessions without one. */
  drop() {
    for (const client of this.clients) client.socket.destroy();
    for (const sid of this.sids) {
      const body = "1";
      const socket = net.connect({ port: this.port, host: "127.0.0.1", localAddress: this.address }).on("error", () => {});
      socket.end(request("POST", `${path}polling&sid=${sid}`, { headers: { Connection: "close" }, body })).resume();
    }
    this.sids.clear();
  }
}

export function request(method, target, { headers = {}, body = "" } = {}) {
  const fields = { Host: "localhost", ...(method === "POST" ? { "Content-Length": body.length } : {}), ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

/** The next answer: {status, headers, body}, with the names of headers in lower case. */
export async function answer(client) {
  const [first, ...lines] = (await client.readHead()).trimEnd().split("\r\n");
  const headers = Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const length = Number(headers["content-length"] ?? 0);
  assert.ok(await client.fill(length), "the stream ended inside an answer");
  return { status: Number(first.split(" ")[1]), headers, body: client.take(length).toString() };
}

export const say = (client, text) => client.socket.write(frame(TEXT, text));

/** The next message; pings of both layers are answered on the way. Null at a close or the end. */
export async function hear(client) {
  for (;;) {
    const got = await client.next();
    if (got === null || got.opcode === CLOSE) return null;
    if (got.opcode === PING) client.socket.write(frame(PONG, got.payload));
    else if (got.opcode === TEXT && got.payload.toString() === "2") say(client, "3");
    else if (got.opcode !== PONG) return got.payload.toString();
  }
}

/** Sends an event and resolves with its acknowledgement, over what else comes. */
export async function call(client, event, argument) {
  client.calls = (client.calls ?? 0) + 1;
  say(client, `42${client.calls}${JSON.stringify([event, argument])}`);
  const prefix = `43${client.calls}[`;
  for (;;) {
    const message = await hear(client);
    assert.ok(message !== null, `closed instead of an answer to ${event}`);
    if (message.startsWith(prefix)) return JSON.parse(message.slice(prefix.length - 1))[0];
  }
}

/** Expects that the server closes with this code (null: none), over what it said before. */
export async function expectClosed(client, code) {
  for (;;) {
    const got = await client.next();
    assert.ok(got !== null, `ended without a close frame: ${client.error ?? ""}`);
    if (got.opcode !== CLOSE) continue;
    assert.equal(got.payload.length >= 2 ? got.payload.readUInt16BE() : null, code, got.payload.subarray(2).toString());
    return client.socket.destroy();
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends a byte now and then, until the connection ends. */
export async function dribble(client, byte = "a") {
  while (!client.ended) {
    client.socket.write(byte);
    await sleep(250);
  }
}
