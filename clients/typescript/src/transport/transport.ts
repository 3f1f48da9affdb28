// One connection attempt and, if it succeeds, the connection: used once, never reconnected. A new
// attempt is a new transport, so nothing that an old one buffered can ever be replayed.

export type ConnectAuth = {
  client?: { id: string; secret: string };
  name?: string;
};

export type TransportHandlers = {
  onOpen(): void;
  /** Called once, also when opening fails; nothing follows. */
  onClose(reason: CloseReason): void;
  onEvent(name: string, payload: unknown): void;
};

export type CloseReason = {
  message: string;
  /** The error object of a refused CONNECT. */
  refusal?: unknown;
  /** Opening failed since there was no answer in time. */
  isTimeout?: boolean;
};

export interface Transport {
  readonly isOpen: boolean;
  /** The bytes of the largest message that the server takes; infinite unless it says. */
  readonly maxPayloadBytes: number;
  /** Sends at once; must not be called unless `isOpen`, nor with more than `maxPayloadBytes`. */
  emit(event: string, payload: object, onAck?: (reply: unknown) => void): void;
  /** May be dropped on the way. */
  emitVolatile(event: string, payload: object): void;
  close(): void;
}

export type TransportOptions = {
  url: string;
  auth: ConnectAuth;
  /** Begin with HTTP long-polling: for networks that swallow WebSocket handshakes. */
  pollingFirst: boolean;
  /** Milliseconds until the transport must be open; for the answer to CONNECT the server has limits of its own. */
  timeoutMs: number;
  handlers: TransportHandlers;
};

export type TransportFactory = (options: TransportOptions) => Transport;
