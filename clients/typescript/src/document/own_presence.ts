// Where we are, told to the others: at most once in 50 ms, and only while nothing of ours is pending,
// since the position speaks of a revision that the server knows.

import type { Scheduler, Timer } from "../scheduler.js";
import type { OtType } from "../ot/type.js";
import type { PresenceState } from "./presence.js";

export const kPresenceIntervalMs = 50;

export class OwnPresence<C, O> {
  readonly #type: OtType<C, O>;
  readonly #scheduler: Scheduler;
  /** Sends the state, or declines by returning false; `poke` is called when it might not. */
  readonly #send: (state: PresenceState | null) => boolean;
  #state: PresenceState | null = null;
  #isDirty = false;
  #timer: Timer | null = null;
  #lastSentMs = Number.NEGATIVE_INFINITY;

  constructor(type: OtType<C, O>, scheduler: Scheduler, send: (state: PresenceState | null) => boolean) {
    this.#type = type;
    this.#scheduler = scheduler;
    this.#send = send;
  }

  set(state: PresenceState | null): void {
    if (state === null && this.#state === null) return;
    this.#state = state;
    this.#isDirty = true;
    this.poke();
  }

  /** Keeps the position right while it waits. */
  follow(op: O, isOwn: boolean): void {
    if (this.#state?.selection === undefined) return;
    const selection = this.#type.transformSelection(this.#state.selection, op, isOwn);
    this.#state = { ...this.#state, selection };
  }

  /** The others don't know our state: they joined later, or we did. */
  repeat(): void {
    if (this.#state === null) return;
    this.#isDirty = true;
    this.poke();
  }

  /** Sends what waits, if it may be sent now. */
  poke(): void {
    if (!this.#isDirty || this.#timer !== null) return;
    const waitMs = this.#lastSentMs + kPresenceIntervalMs - this.#scheduler.nowMs();
    this.#timer = this.#scheduler.after(Math.max(0, waitMs), () => {
      this.#timer = null;
      if (!this.#isDirty || !this.#send(this.#state)) return;
      this.#isDirty = false;
      this.#lastSentMs = this.#scheduler.nowMs();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#isDirty = false;
  }
}
