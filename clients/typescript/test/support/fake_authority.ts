// The server's rules for documents (docs/protocol.md sections 2 and 3), in memory and as short as
// they can be said: the tests' oracle.

import type { OtType, TypeName } from "../../src/ot/type.js";
import { typeByName } from "../../src/ot/types.js";

export type Committed = { op: unknown; clientId: string; userId: string; seq: number; timestamp: number };
export type Failure = { ok: false; error: { code: string; message: string; retryAfterMs?: number } };
export type Reply = ({ ok: true } & Record<string, unknown>) | Failure;

export function failure(code: string, retryAfterMs?: number): Failure {
  const hint = retryAfterMs === undefined ? {} : { retryAfterMs };
  return { ok: false, error: { code, message: `refused: ${code}`, ...hint } };
}

type Seen = { revision: number; text: string };

/** FNV-1a, twice: a chain value of 16 digits. */
function chain(previous: string, text: string): string {
  let hash = 0x811c9dc5;
  for (const unit of previous + text) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  const digits = hash.toString(16).padStart(8, "0");
  return digits + digits;
}

export class FakeAuthority {
  readonly typeName: TypeName;
  readonly log: Committed[] = [];
  readonly hashes: string[] = ["0".repeat(16)];
  readonly #type: OtType<unknown, unknown>;
  readonly #seen = new Map<string, Seen>();
  readonly #contents: unknown[];

  constructor(typeName: TypeName, content: unknown) {
    this.typeName = typeName;
    this.#type = typeByName(typeName) as unknown as OtType<unknown, unknown>;
    this.#contents = [this.#type.contentFromWire(content)];
  }

  get revision(): number {
    return this.log.length;
  }

  get content(): unknown {
    return this.#contents[this.revision];
  }

  /** The content at `revision` as it goes over the wire. */
  snapshot(revision = this.revision): unknown {
    const content = this.#contents[revision];
    return this.typeName === "rich-text" ? (content as { ops: unknown }).ops : content;
  }

  submit(clientId: string, revision: number, seq: number, wireOp: unknown): Reply {
    const key = `${clientId}/${seq}`;
    const text = JSON.stringify([revision, wireOp]);
    const seen = this.#seen.get(key);
    if (seen !== undefined) {
      return seen.text === text ? { ok: true, revision: seen.revision } : failure("seq_reused");
    }
    if (revision > this.revision) return failure("revision_unknown");
    try {
      let op = this.#type.opFromWire(wireOp);
      this.#type.check(this.#contents[revision], op);
      for (const entry of this.log.slice(revision)) {
        op = this.#type.transform(op, this.#type.opFromWire(entry.op), "left");
      }
      this.#commit(clientId, seq, op);
    } catch {
      return failure("op_invalid");
    }
    this.#seen.set(key, { revision: this.revision, text });
    return { ok: true, revision: this.revision };
  }

  /** The payload of the frame that holds `revision`. */
  frame(revision: number): Record<string, unknown> {
    return { revision, hash: this.hashes[revision], ops: this.log.slice(revision - 1, revision) };
  }

  /** Operations `from` to `to`, at most `limit`. */
  fetch(from: number, to: number, limit: number): Record<string, unknown> {
    const end = Math.min(to, from + limit - 1);
    const next = end < to ? { next: end + 1 } : {};
    return { revision: from, hash: this.hashes[end], ops: this.log.slice(from - 1, end), ...next };
  }

  /** As after a restored backup: the history from `revision` on never happened. */
  forgetAfter(revision: number): void {
    this.log.length = revision;
    this.hashes.length = this.#contents.length = revision + 1;
    for (const [key, seen] of this.#seen) if (seen.revision > revision) this.#seen.delete(key);
  }

  #commit(clientId: string, seq: number, op: unknown): void {
    const content = this.#type.apply(this.content, op);
    const wireOp: unknown = JSON.parse(JSON.stringify(this.#type.opToWire(op)));
    this.log.push({ op: wireOp, clientId, userId: `user-${clientId}`, seq, timestamp: this.log.length });
    this.#contents.push(content);
    this.hashes.push(chain(this.hashes.at(-1) ?? "", JSON.stringify([clientId, seq, wireOp])));
  }
}
