// A WebSocket client of raw frames: it sends whatever a test wants, right or wrong, and reads strictly.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { inflateRawSync, constants, deflateRawSync } from "node:zlib";

export const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, CONTINUATION = 0;
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** The bytes of one frame, masked unless `mask` is null. `rsv` is RSV1-3 as a number from 0 to 7. */
export function frame(opcode, payload = "", { fin = true, rsv = 0, mask = [0x12, 0x34, 0x56, 0x78] } = {}) {
  const data = Buffer.from(payload);
  const size = data.length;
  const header = Buffer.alloc(size < 126 ? 2 : size < 65_536 ? 4 : 10);
  header[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  header[1] = (mask ? 0x80 : 0) | (size < 126 ? size : size < 65_536 ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(size, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(size), 2);
  if (!mask) return Buffer.concat([header, data]);
  const masked = Buffer.from(data);
  for (let i = 0; i < masked.length; ++i) masked[i] ^= mask[i & 3];
  return Buffer.concat([header, Buffer.from(mask), masked]);
}

/** One message in fragments of `size` bytes. */
export function fragments(opcode, payload, size, { rsv = 0 } = {}) {
  const data = Buffer.from(payload);
  const frames = [];
  for (let at = 0; at === 0 || at < data.length; at += size) {
    const first = at === 0;
    const fin = at + size >= data.length;
    frames.push(frame(first ? opcode : CONTINUATION, data.subarray(at, at + size), { fin, rsv: first ? rsv : 0 }));
  }
  return frames;
}

/** The payload of a close frame. */
export function closePayload(code, reason = "") {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return Buffer.concat([payload, Buffer.from(reason)]);
}

/** The payload of a compressed message (RFC 7692 section 7.2.1). */
export function deflated(payload, options = {}) {
  const whole = deflateRawSync(payload, { ...options, finishFlush: constants.Z_SYNC_FLUSH });
  return whole.subarray(0, -TAIL.length);
}

/** The message of a compressed payload. A reference back beyond a small window throws: zlib keeps one if the output
    comes in smaller pieces. */
export function inflated(payload, windowBits = 15) {
  return inflateRawSync(Buffer.concat([payload, TAIL]), {
    windowBits, chunkSize: windowBits < 15 ? 64 : 65_536, finishFlush: constants.Z_SYNC_FLUSH,
  });
}

export class RawClient {
  /** Connects, from `localAddress` if there is one; nothing is sent yet. */
  static connect(port, { localAddress } = {}) {
    const client = new RawClient();
    client.port = port;
    client.socket = net.connect({ port, host: "127.0.0.1", localAddress, noDelay: true });
    client.input = Buffer.alloc(0);
    client.chunks = [];
    client.held = 0;
    client.ended = false;
    client.socket.on("data", (chunk) => { client.chunks.push(chunk); client.held += chunk.length; client.wake?.(); });
    client.socket.on("end", () => { client.ended = true; client.wake?.(); });
    client.socket.on("error", (error) => { client.error = error; client.ended = true; client.wake?.(); });
    client.socket.on("close", () => { client.ended = true; client.wake?.(); });
    return client;
  }

  /** Connects and upgrades; `extensions` is offered, and the answer is in .extensions. */
  static async open(port, { extensions, path = "/", behind = "", localAddress } = {}) {
    const client = RawClient.connect(port, { localAddress });
    await client.upgrade({ extensions, path, behind });
    return client;
  }

  /** Asks for an upgrade; the answer is in .head. `behind` follows the request at once. */
  async upgrade({ extensions, path = "/", behind = "" } = {}) {
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost:${this.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
      (extensions === undefined ? "" : `Sec-WebSocket-Extensions: ${extensions}\r\n`) + "\r\n");
    if (behind) this.socket.write(behind);
    this.head = await this.readHead();
    this.extensions = /^Sec-WebSocket-Extensions: (.*)$/im.exec(this.head)?.[1];
  }

  /** At least `count` bytes of input, or fewer at its end. */
  async fill(count) {
    while (this.input.length + this.held < count && !this.ended) {
      await new Promise((resolve) => (this.wake = resolve));
      this.wake = undefined;
    }
    if (this.input.length < count && this.held > 0) {
      this.input = Buffer.concat([this.input, ...this.chunks]);
      this.chunks = [];
      this.held = 0;
    }
    return this.input.length >= count;
  }

  take(count) {
    const bytes = this.input.subarray(0, count);
    this.input = this.input.subarray(count);
    return bytes;
  }

  async readHead() {
    for (let end = -1; ;) {
      end = this.input.indexOf("\r\n\r\n");
      if (end >= 0) return this.take(end + 4).toString("latin1");
      if (!(await this.fill(this.input.length + 1))) return this.take(this.input.length).toString("latin1");
    }
  }

  /** Sends bytes or frames; with `chop` in pieces of that size, each for itself. */
  async send(bytes, { chop = 0 } = {}) {
    const data = Array.isArray(bytes) ? Buffer.concat(bytes) : bytes;
    if (chop === 0) {
      if (!this.socket.write(data)) await Promise.race([once(this.socket, "drain"), once(this.socket, "close")]);
      return;
    }
    for (let at = 0; at < data.length && !this.socket.destroyed; at += chop) {
      this.socket.write(data.subarray(at, at + chop));
      await new Promise(setImmediate);
    }
  }

  /** The next frame, or null at the end of the stream. Servers neither mask nor use the long forms needlessly. */
  async next() {
    if (!(await this.fill(2))) {
      assert.equal(this.input.length, 0, "the stream ended inside a frame");
      return null;
    }
    const [first, second] = this.input;
    assert.equal(second & 0x80, 0, "a server's frame is not masked");
    const form = second & 0x7f;
    const header = form < 126 ? 2 : form === 126 ? 4 : 10;
    assert.ok(await this.fill(header));
    const size = form < 126 ? form : form === 126 ? this.input.readUInt16BE(2) : Number(this.input.readBigUInt64BE(2));
    assert.ok(form < 126 || size > (form === 126 ? 125 : 65_535), "lengths have the shortest form");
    assert.ok(await this.fill(header + size), "the stream ended inside a frame");
    this.take(header);
    return { fin: first >= 0x80, rsv: (first >> 4) & 7, opcode: first & 15, payload: Buffer.from(this.take(size)) };
  }

  /** Expects one whole frame with this payload. */
  async expect(opcode, payload = "") {
    const got = await this.next();
    assert.ok(got, `the stream ended instead of opcode ${opcode}: ${this.error ?? ""}`);
    assert.equal(got.opcode, opcode, `opcode; the payload is ${got.payload.subarray(0, 80).toString("latin1")}`);
    assert.ok(got.fin);
    let data = got.payload;
    if (got.rsv !== 0) {
      assert.equal(got.rsv, 4);
      assert.ok(this.extensions && opcode <= BINARY, "RSV1 was negotiated and marks a message");
      data = inflated(got.payload, Number(/server_max_window_bits=(\d+)/.exec(this.extensions)?.[1] ?? 15));
    }
    assert.ok(data.equals(Buffer.from(payload)), `payload: ${data.length} bytes, ${data.subarray(0, 80).toString("latin1")}`);
    return got;
  }

  /** Expects that the server closes with this code (null: no code) and ends the stream, without another frame. */
  async expectClosed(code) {
    const got = await this.next();
    assert.ok(got, `the stream ended without a close frame: ${this.error ?? ""}`);
    assert.equal(got.opcode, CLOSE, `instead of a close came ${got.payload.subarray(0, 80).toString("latin1")}`);
    assert.equal(got.payload.length >= 2 ? got.payload.readUInt16BE() : null, code, got.payload.subarray(2).toString());
    assert.equal(await this.next(), null, "nothing follows a close frame");
    this.socket.destroy();
  }

  /** Closes in order. */
  async close() {
    await this.send(frame(CLOSE, closePayload(1000)));
    await this.expectClosed(1000);
  }
}
