// A stock socket.io-client with just enough on top to edit: what a user without our SDK would write.
import { io } from "socket.io-client";

export function connect(url, options = {}) {
  return io(url, { reconnection: false, forceNew: true, ...options });
}

/** Settles in every case: a server that dies between the handshake and the CONNECT's answer is a "disconnect". */
export function connected(socket) {
  return new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
    socket.once("disconnect", (reason) => reject(new Error(reason)));
  });
}

export const call = (socket, event, argument) => socket.timeout(15_000).emitWithAck(event, argument);

/** Joins a document and follows it: `log` holds every operation in order. */
export class Reader {
  static async join(socket, documentId, request = {}) {
    const reader = new Reader();
    reader.log = [];
    reader.presence = [];
    reader.events = [];
    socket.on("ops", (frame) => {
      if (frame.documentId !== documentId) return;
      if (frame.revision !== reader.revision + 1) {
        throw new Error(`gap: ${frame.revision} after ${reader.revision}`);
      }
      reader.log.push(...frame.ops);
      reader.revision += frame.ops.length;
      reader.hash = frame.hash;
    });
    socket.on("presence", (frame) => reader.presence.push(frame));
    socket.onAny((name, argument) => reader.events.push([name, argument]));
    reader.reply = await call(socket, "join-document", { documentId, ...request });
    if (!reader.reply.ok) throw Object.assign(new Error(reader.reply.error.message), reader.reply.error);
    reader.revision = reader.reply.revision;
    return reader;
  }
}
