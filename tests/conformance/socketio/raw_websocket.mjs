// A WebSocket client that can do what a proper one can't: frames byte by byte, bytes glued to the
// upgrade request, a reset. It shows each message and how the connection ended. RFC 6455.
import { createHash, randomBytes } from "node:crypto";
import net from "node:net";
import { within } from "./server.mjs";

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
/** What RFC 6455 (7.1.5) calls the close code of a close frame without one, and of none at all. */
export const noStatus = 1005;
export const noCloseFrame = 1006;

/** One frame. `rsv` are the three reserved bits; `length` declares another one than the payload's. */
export function frame(opcode, payload = "", { fin = true, rsv = 0, masked = true, length } = {}) {
  const data = Buffer.from(payload);
  const declared = BigInt(length ?? data.length);
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const maskBit = masked ? 0x80 : 0;
  if (declared < 126n) head.push(maskBit | Number(declared));
  else if (declared < 65536n) head.push(maskBit | 126, Number(declared >> 8n), Number(declared & 255n));
  else {
    const wide = Buffer.alloc(8);
    wide.writeBigUInt64BE(declared);
    head.push(maskBit | 127, ...wide);
  }
  if (!masked) return Buffer.concat([Buffer.from(head), data]);
  const key = randomBytes(4);
  return Buffer.concat([Buffer.from(head), key, data.map((byte, i) => byte ^ key[i & 3])]);
}

export const textFrame = (text) => frame(opcodes.text, text);

/** The request of an upgrade; a header given as null is left out. */
export function upgradeRequest(server, target, headers = {}) {
  const fields = {
    Host: `${server.hostname}:${server.port}`, Connection: "Upgrade", Upgrade: "websocket",
    "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", ...headers,
  };
  const lines = Object.entries(fields).filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

const expectedAccept = createHash("sha1")
  .update("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");

export class RawWebSocket {
  /** Upgrades `?EIO=4&transport=websocket` + `query`. A refusal rejects with {status, headers, body}. */
  static open(server, { query = "", target, headers, glued = "" } = {}) {
    const path = target ?? `${server.path}?EIO=4&transport=websocket${query}`;
    const socket = new RawWebSocket(server);
    socket.write(Buffer.concat([Buffer.from(upgradeRequest(server, path, headers), "latin1"), Buffer.from(glued)]));
    return within(socket.opened, `the answer to an upgrade of ${path}`).then(() => socket);
  }

  constructor(server) {
    this.received = Buffer.alloc(0);
    this.messages = [];
    this.waiting = [];
    this.fragments = [];
    this.pongs = [];
    this.closeCode = noCloseFrame;
    this.opened = new Promise((resolve, reject) => Object.assign(this, { accept: resolve, refuse: reject }));
    this.closed = new Promise((resolve) => (this.end = resolve));
    this.tcp = net.connect(server.port, server.hostname).setNoDelay();
    this.tcp.on("data", (chunk) => this.read(chunk));
    this.tcp.on("error", () => {}); // "close" follows and tells
    this.tcp.on("close", () => this.onClose());
  }

  onClose() {
    if (!this.isOpen) this.refuse(parseAnswer(this.received));
    this.end(this.closeCode);
    for (const { reject } of this.waiting) reject(new Error(`closed with ${this.closeCode}`));
    this.waiting = [];
  }

  read(chunk) {
    this.received = Buffer.concat([this.received, chunk]);
    if (!this.isOpen) {
      const end = this.received.indexOf("\r\n\r\n");
      if (end < 0 || !this.received.toString("latin1").startsWith("HTTP/1.1 101 ")) return;
      this.isOpen = true;
      this.answer = parseAnswer(this.received.subarray(0, end + 4));
      this.received = this.received.subarray(end + 4);
      if (this.answer.headers["sec-websocket-accept"] !== expectedAccept) this.refuse(new Error("wrong accept"));
      this.accept();
    }
    while (this.readFrame());
  }

  readFrame() {
    const bytes = this.received;
    if (bytes.length < 2) return false;
    const short = bytes[1] & 127;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < start) return false;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < start + length) return false;
    this.received = bytes.subarray(start + length);
    if ((bytes[0] & 0x70) !== 0 || bytes[1] & 0x80) {
      this.closeCode = "bytes that are no server's frame";
      return void this.tcp.destroy();
    }
    this.onFrame(bytes[0] & 15, (bytes[0] & 0x80) !== 0, bytes.subarray(start, start + length));
    return true;
  }

  onFrame(opcode, isFinal, payload) {
    if (opcode === opcodes.pong) return void this.pongs.push(payload.toString());
    if (opcode === opcodes.ping) return void this.write(frame(opcodes.pong, payload));
    if (opcode === opcodes.close) {
      this.closeCode = payload.length < 2 ? noStatus : payload.readUInt16BE(0);
      this.closeReason = payload.toString("latin1", 2);
      return void this.write(frame(opcodes.close, payload.subarray(0, 2)));
    }
    if (opcode !== opcodes.continuation) this.isText = opcode === opcodes.text;
    this.fragments.push(payload);
    if (!isFinal) return;
    const whole = Buffer.concat(this.fragments);
    this.fragments = [];
    this.deliver(this.isText ? whole.toString() : whole);
  }

  deliver(message) {
    const waiting = this.waiting.shift();
    if (waiting) waiting.resolve(message);
    else this.messages.push(message);
  }

  /** The next message: a string, or a Buffer if it is binary. Rejects if the connection ends. */
  next(what = "a message") {
    if (this.messages.length > 0) return Promise.resolve(this.messages.shift());
    if (this.tcp.closed) return Promise.reject(new Error(`closed with ${this.closeCode}`));
    return within(new Promise((resolve, reject) => this.waiting.push({ resolve, reject })), what);
  }

  /** The close code, once the connection is gone. */
  async ended(what = "the end of the connection") {
    return within(this.closed, what);
  }

  write(bytes) {
    if (!this.tcp.destroyed) this.tcp.write(bytes);
  }

  send(message) {
    this.write(frame(typeof message === "string" ? opcodes.text : opcodes.binary, message));
  }

  async close(code = 1000) {
    if (!this.tcp.destroyed) this.write(frame(opcodes.close, Buffer.from([code >> 8, code & 255])));
    return this.ended();
  }

  /** The TCP connection is gone without a word. */
  async drop() {
    this.tcp.destroy();
    await this.closed;
  }

  reset() {
    this.tcp.resetAndDestroy();
  }
}

/** Status, headers and body of a raw HTTP answer. */
export function parseAnswer(bytes) {
  const [head, ...rest] = bytes.toString("latin1").split("\r\n\r\n");
  const [first, ...lines] = head.split("\r\n");
  const headers = Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  return { status: Number(first.split(" ")[1]), headers, body: rest.join("\r\n\r\n") };
}

/** Writes bytes to a fresh connection and resolves with everything that came until it ended. */
export function exchange(server, bytes) {
  const tcp = net.connect(server.port, server.hostname, () => tcp.write(bytes));
  const chunks = [];
  const ended = new Promise((resolve) => {
    tcp.on("data", (chunk) => chunks.push(chunk));
    tcp.on("error", () => {}); // "close" follows
    tcp.on("close", () => resolve(Buffer.concat(chunks)));
  });
  return within(ended, "the end of a raw exchange").finally(() => tcp.destroy());
}
