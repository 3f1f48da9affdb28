// A server behind a network of virtual time: delays, lost connections, doubled frames.

import type { Transport, TransportFactory, TransportOptions } from "../../src/transport/transport.js";
import { failure, FakeAuthority, type Reply } from "./fake_authority.js";
import type { FakeScheduler } from "./fake_scheduler.js";

export type Sent = { connection: number; event: string; payload: Record<string, unknown> };

export type FakeServerOptions = {
  delayMs?: number;
  /** Chance that a frame is delivered twice. */
  duplicate?: number;
  fetchLimit?: number;
  /** What a connection takes at most. */
  maxPayloadBytes?: number;
};

export class FakeServer {
  readonly documents = new Map<string, FakeAuthority>();
  /** Everything that clients emitted. */
  readonly sent: Sent[] = [];
  readonly violations: string[] = [];
  /** Connections that another one with the same client id threw out. */
  supersededCount = 0;
  /** While false, connections fail. */
  isUp = true;
  /** Answers in place of the server; undefined lets it answer. "silence" never replies. */
  intercept: (event: string, payload: Record<string, unknown>) => Reply | "silence" | undefined = () => undefined;
  refuseConnect: ((auth: TransportOptions["auth"]) => unknown) | null = null;
  readonly #scheduler: FakeScheduler;
  readonly #options: Required<FakeServerOptions>;
  #connections: FakeConnection[] = [];
  #connectionCount = 0;
  #clientCount = 0;

  constructor(scheduler: FakeScheduler, options: FakeServerOptions = {}) {
    this.#scheduler = scheduler;
    this.#options = { delayMs: 10, duplicate: 0, fetchLimit: 1000, maxPayloadBytes: Infinity, ...options };
  }

  readonly transport: TransportFactory = (options) => {
    const connection = new FakeConnection(this, this.#scheduler, options, ++this.#connectionCount);
    this.#connections.push(connection);
    connection.start();
    return connection;
  };

  get maxPayloadBytes(): number {
    return this.#options.maxPayloadBytes;
  }

  get openCount(): number {
    return this.#connections.filter((connection) => connection.isOpen).length;
  }

  delayMs(): number {
    return this.#scheduler.random() * this.#options.delayMs;
  }

  /** Cuts every connection: what is under way in both directions is lost. */
  cutAll(): void {
    for (const connection of [...this.#connections]) connection.cut("transport close");
  }

  cutRandom(): void {
    const open = this.#connections.filter((connection) => connection.isOpen);
    open[Math.floor(this.#scheduler.random() * open.length)]?.cut("transport close");
  }

  forgetConnection(connection: FakeConnection): void {
    this.#connections = this.#connections.filter((other) => other !== connection);
    for (const documentId of connection.joined) {
      this.#broadcast(documentId, "user-left", { clientId: connection.clientId, memberCount: 0 });
    }
  }

  newClientId(): string {
    return `client-${++this.#clientCount}`;
  }

  sendAll(event: string, payload: object): void {
    for (const connection of this.#connections) connection.deliver(event, payload);
  }

  handle(connection: FakeConnection, event: string, payload: Record<string, unknown>): Reply | "silence" {
    const documentId = String(payload.documentId);
    const document = this.documents.get(documentId);
    const intercepted = this.intercept(event, payload);
    if (intercepted !== undefined) return intercepted;
    if (document === undefined) return failure("not_found");
    if (event === "join-document") return this.#join(connection, documentId, document, payload);
    if (!connection.joined.has(documentId)) return failure("not_joined");
    if (event === "submit-op") return this.#submit(connection, documentId, document, payload);
    if (event === "fetch-ops") {
      const { from, to } = payload as { from: number; to: number };
      if (to > document.revision) return failure("revision_unknown");
      return { ok: true, documentId, ...document.fetch(from, to, this.#options.fetchLimit) };
    }
    if (event === "presence") {
      const { clientId } = connection;
      this.#broadcast(documentId, "presence", { ...payload, clientId, userId: `user-${clientId}` }, connection);
    }
    if (event === "leave-document") connection.joined.delete(documentId);
    return { ok: true };
  }

  #join(connection: FakeConnection, documentId: string, document: FakeAuthority, payload: Record<string, unknown>): Reply {
    const { revision, hash } = payload as { revision?: number; hash?: string };
    const { clientId } = connection;
    const others = this.#connections.filter((other) => other !== connection && other.joined.has(documentId));
    const reply = {
      ok: true as const, documentId, type: document.typeName, title: "A title",
      revision: document.revision, hash: document.hashes[document.revision],
      role: "editor", client: { id: clientId, secret: `secret of ${clientId}` },
      members: others.map((other) => ({ clientId: other.clientId, userId: `user-${other.clientId}`, name: "" })),
      memberCount: others.length + 1,
    };
    if (revision !== undefined && revision > document.revision) return failure("revision_unknown");
    if (revision !== undefined && hash !== undefined && hash !== document.hashes[revision]) {
      return failure("history_diverged");
    }
    for (const other of others) {
      if (other.clientId !== clientId) continue;
      this.supersededCount++;
      other.deliver("session-closed", { code: "client_superseded", message: "elsewhere" });
      other.joined.clear();
    }
    connection.joined.add(documentId);
    this.#broadcast(documentId, "user-joined", { clientId, userId: `user-${clientId}`, name: "" }, connection);
    if (revision === undefined) return { ...reply, snapshot: document.snapshot() };
    const { ops, next } = document.fetch(revision + 1, document.revision, this.#options.fetchLimit);
    return { ...reply, ops, ...(next === undefined ? {} : { next }) };
  }

  #submit(connection: FakeConnection, documentId: string, document: FakeAuthority, payload: Record<string, unknown>): Reply {
    const { revision, seq, op } = payload as { revision: number; seq: number; op: unknown };
    const before = document.revision;
    const reply = document.submit(connection.clientId, revision, seq, op);
    if (document.revision > before) this.#broadcast(documentId, "ops", document.frame(document.revision));
    return reply;
  }

  #broadcast(documentId: string, event: string, payload: object, except?: FakeConnection): void {
    for (const connection of this.#connections) {
      if (connection === except || !connection.joined.has(documentId)) continue;
      connection.deliver(event, { documentId, ...payload });
      if (event === "ops" && this.#scheduler.random() < this.#options.duplicate) {
        connection.deliver(event, { documentId, ...payload });
      }
    }
  }
}

class FakeConnection implements Transport {
  readonly joined = new Set<string>();
  readonly clientId: string;
  readonly #server: FakeServer;
  readonly #scheduler: FakeScheduler;
  readonly #options: TransportOptions;
  readonly #number: number;
  isOpen = false;
  #isOver = false;
  /** Both directions keep their order. */
  #upAtMs = 0;
  #downAtMs = 0;

  constructor(server: FakeServer, scheduler: FakeScheduler, options: TransportOptions, number: number) {
    this.#server = server;
    this.#scheduler = scheduler;
    this.#options = options;
    this.#number = number;
    this.clientId = options.auth.client?.id ?? server.newClientId();
  }

  get maxPayloadBytes(): number {
    return this.#server.maxPayloadBytes;
  }

  start(): void {
    this.#scheduler.after(this.#server.delayMs(), () => {
      if (this.#isOver) return;
      const refusal = this.#server.refuseConnect?.(this.#options.auth);
      if (!this.#server.isUp) this.cut("xhr poll error");
      else if (refusal != null) this.#end({ message: "refused", refusal });
      else {
        this.isOpen = true;
        this.#options.handlers.onOpen();
      }
    });
  }

  emit(event: string, payload: object, onAck?: (reply: unknown) => void): void {
    if (!this.isOpen) this.#server.violations.push(`${event} while disconnected`);
    const message = JSON.parse(JSON.stringify(payload)) as Record<string, unknown>;
    this.#server.sent.push({ connection: this.#number, event, payload: message });
    this.#upAtMs = Math.max(this.#upAtMs, this.#scheduler.nowMs() + this.#server.delayMs());
    this.#scheduler.after(this.#upAtMs - this.#scheduler.nowMs(), () => {
      if (this.#isOver) return;
      const reply = this.#server.handle(this, event, message);
      if (reply !== "silence") this.#down(() => onAck?.(JSON.parse(JSON.stringify(reply))));
    });
  }

  emitVolatile(event: string, payload: object): void {
    this.emit(event, payload);
  }

  deliver(event: string, payload: object): void {
    const message: unknown = JSON.parse(JSON.stringify(payload));
    this.#down(() => this.#options.handlers.onEvent(event, message));
  }

  close(): void {
    this.cut("io client disconnect");
  }

  cut(message: string): void {
    this.#end({ message });
  }

  #end(reason: { message: string; refusal?: unknown }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.isOpen = false;
    this.#server.forgetConnection(this);
    this.#options.handlers.onClose(reason);
  }

  #down(callback: () => void): void {
    this.#downAtMs = Math.max(this.#downAtMs, this.#scheduler.nowMs() + this.#server.delayMs());
    this.#scheduler.after(this.#downAtMs - this.#scheduler.nowMs(), () => {
      if (!this.#isOver) callback();
    });
  }
}
