// Where we are, told to the others: at most once in 50 ms, and only while nothing of ours is pending,
// since the position speaks of a revision that the server knows. Who types moves a cursor as everybody
// expects, since they move it over the operations themselves: that is repeated at leisure.

import type { Scheduler, Timer } from "../scheduler.js";
import type { OtType } from "../ot/type.js";
import type { PresenceState } from "./presence.js";

export const kPresenceIntervalMs = 50;
/** For how long others may show what they expect: it differs where a message was lost, or in rare ties. */
const kExpectedIntervalMs = 2_000;

export class OwnPresence<C, O> {
  readonly #type: OtType<C, O>;
  readonly #scheduler: Scheduler;
  /** Sends the state, or declines by returning false; `poke` is called when it might not. */
  readonly #send: (state: PresenceState | null) => boolean;
  #state: PresenceState | null = null;
  /** To be sent; `isNews` if the others, who know what we sent and the operations since, expect another. */
  #isDirty = false;
  #isNews = false;
  #timer: { timer: Timer; atMs: number } | null = null;
  #lastSentMs = Number.NEGATIVE_INFINITY;

  constructor(type: OtType<C, O>, scheduler: Scheduler, send: (state: PresenceState | null) => boolean) {
    this.#type = type;
    this.#scheduler = scheduler;
    this.#send = send;
  }

  set(state: PresenceState | null): void {
    if (state === null && this.#state === null) return;
    // Equal in another order of keys is sent needlessly, which harms nobody.
    this.#isNews ||= JSON.stringify(state) !== JSON.stringify(this.#state);
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
    this.#isNews = true;
    this.poke();
  }

  /** Sends what waits, if it may be sent now. */
  poke(): void {
    if (!this.#isDirty) return;
    const nowMs = this.#scheduler.nowMs();
    const intervalMs = this.#isNews ? kPresenceIntervalMs : kExpectedIntervalMs;
    const atMs = Math.max(nowMs, this.#lastSentMs + intervalMs);
    if (this.#timer !== null && this.#timer.atMs <= atMs) return;
    this.#timer?.timer.cancel();
    this.#timer = { atMs, timer: this.#scheduler.after(atMs - nowMs, () => this.#onTimer()) };
  }

  stop(): void {
    this.#timer?.timer.cancel();
    this.#timer = null;
    this.#isDirty = false;
    this.#isNews = false;
  }

  #onTimer(): void {
    this.#timer = null;
    if (!this.#isDirty || !this.#send(this.#state)) return;
    this.#isDirty = false;
    this.#isNews = false;
    this.#lastSentMs = this.#scheduler.nowMs();
  }
}
