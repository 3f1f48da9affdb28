// The next attempt at what failed: one is pending at most, and each waits longer until one succeeds.

import type { CloudSyncError } from "../errors.js";
import type { Scheduler, Timer } from "../scheduler.js";
import { resendDelayMs } from "../transport/backoff.js";

export class Retry {
  readonly #scheduler: Scheduler;
  #timer: Timer | null = null;
  #failures = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Calls `attempt` later, not before the time that the error asks for, instead of what was pending. */
  after(error: CloudSyncError, attempt: () => void): void {
    const delayMs = resendDelayMs(this.#failures++, this.#scheduler.random(), error.retryAfterMs);
    this.cancel();
    this.#timer = this.#scheduler.after(delayMs, attempt);
  }

  cancel(): void {
    this.#timer?.cancel();
  }

  /** It works again: the next failure is a first one. */
  succeeded(): void {
    this.#failures = 0;
  }
}
