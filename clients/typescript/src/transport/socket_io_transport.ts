// The transport over socket.io-client.

import { io } from "socket.io-client";

import type { CloseReason, Transport, TransportFactory } from "./transport.js";

/** socket.io-client's word for it. */
const kTimeoutMessage = "timeout";

/** What CONNECT_ERROR looks like in socket.io-client. */
type ConnectError = Error & { data?: unknown };

export const socketIoTransport: TransportFactory = ({ url, auth, pollingFirst, timeoutMs, handlers }) => {
  const socket = io(url, {
    forceNew: true,
    reconnection: false,
    timeout: timeoutMs,
    auth: auth as Record<string, unknown>,
    transports: pollingFirst ? ["polling", "websocket"] : ["websocket", "polling"],
    tryAllTransports: true,
    withCredentials: true,
    closeOnBeforeunload: false,
  });
  let isClosed = false;
  let maxPayloadBytes = Infinity;

  function finish(reason: CloseReason): void {
    if (isClosed) return;
    isClosed = true;
    socket.disconnect();
    handlers.onClose(reason);
  }

  // Engine.IO's client itself minds it for polling alone, and only between packets.
  socket.io.engine.on("handshake", ({ maxPayload }: { maxPayload?: unknown }) => {
    if (typeof maxPayload === "number") maxPayloadBytes = maxPayload;
  });
  socket.on("connect", () => handlers.onOpen());
  socket.on("connect_error", (error: ConnectError) => {
    const refusal = error.data === undefined ? {} : { refusal: error.data };
    finish({ message: error.message, isTimeout: error.message === kTimeoutMessage, ...refusal });
  });
  socket.on("disconnect", (reason) => finish({ message: reason }));
  socket.onAny((name: string, payload: unknown) => {
    if (!isClosed) handlers.onEvent(name, payload);
  });

  const transport: Transport = {
    get isOpen() {
      return socket.connected && !isClosed;
    },
    get maxPayloadBytes() {
      return maxPayloadBytes;
    },
    emit(event, payload, onAck) {
      if (onAck === undefined) socket.emit(event, payload);
      else socket.emit(event, payload, onAck);
    },
    emitVolatile(event, payload) {
      socket.volatile.emit(event, payload);
    },
    close() {
      finish({ message: "closed by the client" });
    },
  };
  return transport;
};
