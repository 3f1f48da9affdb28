// The connection to the server through all its reconnects. Guarantees: nothing is emitted while
// disconnected; every request ends, by its reply, its timeout or the end of the connection.

import { CloudSyncError, errorFromWire } from "../errors.js";
import { Emitter } from "../emitter.js";
import type { Identity } from "../identity.js";
import type { Scheduler, Timer } from "../scheduler.js";
import { patienceMs, reconnectDelayMs } from "./backoff.js";
import { packetBytes } from "./packet_size.js";
import type { CloseReason, Transport, TransportFactory } from "./transport.js";

export type ConnectionState = "idle" | "connecting" | "connected" | "waiting";

export type ConnectionEvents = {
  connected: void;
  disconnected: { message: string };
  /** An event of the server. */
  message: { name: string; payload: unknown };
  /** The connection will not be tried again. */
  failed: CloudSyncError;
};

export type ConnectionOptions = {
  url: string;
  identity: Identity;
  scheduler: Scheduler;
  transport: TransportFactory;
  name: () => string | undefined;
};

export const kRequestTimeoutMs = 10_000;
/** Unanswered requests in a row before the connection counts as dead. */
export const kTimeoutsMax = 2;
/** A connection that lasted so long, or on which a request succeeded, has got on: the back-off starts over. */
export const kSettledMs = 5_000;

type PendingRequest = { reject(error: CloudSyncError): void; timer: Timer };

export class Connection extends Emitter<ConnectionEvents> {
  readonly #options: ConnectionOptions;
  readonly #requests = new Set<PendingRequest>();
  #transport: Transport | null = null;
  #state: ConnectionState = "idle";
  #retryTimer: Timer | null = null;
  #attempt = 0;
  #attemptsTimedOut = 0;
  #lostAtMs = 0;
  #openedAtMs = 0;
  #isSettled = false;
  #timeoutsInRow = 0;
  #hintMs: number | undefined;
  #pollingFirst = false;
  /** Counts attempts: what an old transport still reports is ignored. */
  #epoch = 0;

  constructor(options: ConnectionOptions) {
    super();
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get isConnected(): boolean {
    return this.#state === "connected" && this.#transport !== null && this.#transport.isOpen;
  }

  /** Starts connecting, unless it has been started. */
  start(): void {
    if (this.#state !== "idle") return;
    this.#lostAtMs = this.#options.scheduler.nowMs();
    void this.#open();
  }

  /** Tries now instead of when the back-off says so, as after the network came back. */
  retryNow(): void {
    if (this.#state !== "waiting") return;
    this.#retryTimer?.cancel();
    void this.#open();
  }

  /** Drops the connection and makes a new one after the usual back-off. */
  drop(): void {
    this.#transport?.close();
  }

  /** Disconnects and stays so until `start`. */
  stop(): void {
    if (this.#state === "idle") return;
    this.#state = "idle";
    this.#retryTimer?.cancel();
    const transport = this.#transport;
    this.#transport = null;
    transport?.close();
    this.#rejectAll(new CloudSyncError("disconnected", "The connection was closed by this client."));
  }

  /**
   * Sends a request and resolves to the reply's fields; rejects with a CloudSyncError. What the server
   * would close the connection for is never sent: it is `too_large`.
   */
  request(event: string, payload: object): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const transport = this.#transport;
      if (!this.isConnected || transport === null) {
        reject(new CloudSyncError("disconnected", "There is no connection."));
        return;
      }
      const bytes = packetBytes(event, payload);
      if (bytes > transport.maxPayloadBytes) {
        const max = transport.maxPayloadBytes;
        reject(new CloudSyncError("too_large", `the message has ${bytes} bytes, at most ${max} are allowed`));
        return;
      }
      const pending: PendingRequest = {
        reject,
        timer: this.#options.scheduler.after(kRequestTimeoutMs, () => this.#onTimeout(pending, event)),
      };
      this.#requests.add(pending);
      transport.emit(event, payload, (reply) => {
        if (!this.#requests.delete(pending)) return;
        pending.timer.cancel();
        this.#timeoutsInRow = 0;
        const fields = (typeof reply === "object" && reply !== null ? reply : {}) as Record<string, unknown>;
        if (fields.ok === true) {
          this.#isSettled = true;
          resolve(fields);
        } else {
          reject(errorFromWire(fields.error));
        }
      });
    });
  }

  /** Sends what may be lost; does nothing while disconnected, and with what is too large. */
  notify(event: string, payload: object): void {
    const transport = this.#transport;
    if (!this.isConnected || transport === null) return;
    if (packetBytes(event, payload) <= transport.maxPayloadBytes) transport.emitVolatile(event, payload);
  }

  async #open(): Promise<void> {
    this.#state = "connecting";
    const epoch = ++this.#epoch;
    const isCurrent = () => this.#epoch === epoch && this.#state !== "idle";
    const client = await this.#options.identity.acquire();
    if (!isCurrent()) return;
    const name = this.#options.name();
    this.#transport = this.#options.transport({
      url: this.#options.url,
      auth: { ...(client === null ? {} : { client }), ...(name === undefined ? {} : { name }) },
      pollingFirst: this.#pollingFirst,
      timeoutMs: patienceMs(this.#attemptsTimedOut),
      handlers: {
        onOpen: () => isCurrent() && this.#onOpen(),
        onClose: (reason) => isCurrent() && this.#onClose(reason),
        onEvent: (eventName, payload) => isCurrent() && this.#onEvent(eventName, payload),
      },
    });
  }

  #onOpen(): void {
    this.#state = "connected";
    this.#openedAtMs = this.#options.scheduler.nowMs();
    this.#isSettled = false;
    this.#timeoutsInRow = 0;
    this.#attemptsTimedOut = 0;
    this.#hintMs = undefined;
    this.emit("connected", undefined);
  }

  #onEvent(name: string, payload: unknown): void {
    if (name === "server-draining") {
      const hint = (payload as { reconnectInMs?: unknown } | null)?.reconnectInMs;
      if (typeof hint === "number" && hint >= 0) this.#hintMs = hint;
    }
    this.emit("message", { name, payload });
  }

  #onClose(reason: CloseReason): void {
    const wasConnected = this.#state === "connected";
    this.#transport = null;
    if (reason.isTimeout === true) this.#attemptsTimedOut++;
    if (wasConnected) this.#noteLoss();
    // A handshake that fails without an answer may be a proxy that swallows WebSockets.
    else if (reason.refusal === undefined) this.#pollingFirst = !this.#pollingFirst;
    this.#state = "waiting";
    this.#rejectAll(new CloudSyncError("disconnected", `The connection was lost: ${reason.message}.`));
    if (reason.refusal !== undefined && !this.#survivesRefusal(reason.refusal)) return;
    this.#scheduleRetry();
    this.emit("disconnected", { message: reason.message });
  }

  // Whoever is closed right after connecting would else come back many times a second.
  #noteLoss(): void {
    const nowMs = this.#options.scheduler.nowMs();
    if (!this.#isSettled && nowMs - this.#openedAtMs < kSettledMs) return;
    this.#attempt = 0;
    this.#lostAtMs = nowMs;
  }

  #survivesRefusal(refusal: unknown): boolean {
    const error = errorFromWire(refusal);
    if (error.retryAfterMs !== undefined) this.#hintMs = error.retryAfterMs;
    if (error.code === "forbidden" && this.#options.identity.current !== null) {
      // Our client id is no longer ours (another user signed in, the server's key changed).
      this.#options.identity.forget();
      return true;
    }
    if (error.remedy === "retry") return true;
    this.stop();
    this.emit("failed", error);
    return false;
  }

  #scheduleRetry(): void {
    const { scheduler } = this.#options;
    const delayMs = reconnectDelayMs({
      attempt: this.#attempt++,
      lostForMs: scheduler.nowMs() - this.#lostAtMs,
      random: scheduler.random(),
      hintMs: this.#hintMs,
    });
    this.#hintMs = undefined;
    this.#retryTimer = scheduler.after(delayMs, () => void this.#open());
  }

  #onTimeout(pending: PendingRequest, event: string): void {
    if (!this.#requests.delete(pending)) return;
    this.#timeoutsInRow++;
    const isDead = this.#timeoutsInRow >= kTimeoutsMax;
    pending.reject(new CloudSyncError("timeout", `No reply to ${event} in time.`));
    if (isDead) this.#transport?.close();
  }

  #rejectAll(error: CloudSyncError): void {
    const requests = [...this.#requests];
    this.#requests.clear();
    for (const request of requests) {
      request.timer.cancel();
      request.reject(error);
    }
  }
}
