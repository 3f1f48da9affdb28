// Time and chance as the SDK sees them; tests pass their own.

export type Timer = { cancel(): void };

export interface Scheduler {
  /** Milliseconds from an arbitrary start, never going back. */
  nowMs(): number;
  /** Uniform in [0, 1). */
  random(): number;
  after(delayMs: number, callback: () => void): Timer;
}

export const systemScheduler: Scheduler = {
  nowMs: () => performance.now(),
  random: () => Math.random(),
  after(delayMs, callback) {
    const handle = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};
