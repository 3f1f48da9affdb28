// Who else has the document open.

import { fieldsOf, memberOf, stringOf, type Member } from "./wire.js";

export class Members {
  readonly #byClient = new Map<string, Member>();
  /** All of them, us included; more than are listed in a crowd. */
  #count = 1;

  get all(): readonly Member[] {
    return [...this.#byClient.values()];
  }

  get count(): number {
    return this.#count;
  }

  reset(members: readonly Member[], count: number): void {
    this.#byClient.clear();
    for (const member of members) this.#byClient.set(member.clientId, member);
    this.#count = count;
  }

  joined(payload: unknown): void {
    const member = memberOf(payload);
    this.#byClient.set(member.clientId, member);
    this.#setCount(payload);
  }

  /** Returns the id of the client that left. */
  left(payload: unknown): string {
    const clientId = stringOf(fieldsOf(payload).clientId);
    this.#byClient.delete(clientId);
    this.#setCount(payload);
    return clientId;
  }

  #setCount(payload: unknown): void {
    const { memberCount } = fieldsOf(payload);
    this.#count = typeof memberCount === "number" ? memberCount : this.#byClient.size + 1;
  }
}
