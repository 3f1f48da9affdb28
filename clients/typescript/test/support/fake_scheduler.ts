// Virtual time and seeded chance.

import type { Scheduler, Timer } from "../../src/scheduler.js";

/** mulberry32 by Tommy Ettinger: small, seeded, good enough for tests. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Entry = { atMs: number; order: number; callback: () => void };

export class FakeScheduler implements Scheduler {
  readonly random: () => number;
  #nowMs = 0;
  #order = 0;
  #entries: Entry[] = [];

  constructor(seed = 1) {
    this.random = seededRandom(seed);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const entry = { atMs: this.#nowMs + delayMs, order: this.#order++, callback };
    this.#entries.push(entry);
    return {
      cancel: () => {
        this.#entries = this.#entries.filter((other) => other !== entry);
      },
    };
  }

  /** Lets `durationMs` pass, promises settled after every timer. */
  async run(durationMs = 0): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await settle();
    for (let next = this.#takeUntil(endMs); next !== undefined; next = this.#takeUntil(endMs)) {
      this.#nowMs = next.atMs;
      next.callback();
      await settle();
    }
    this.#nowMs = endMs;
  }

  #takeUntil(endMs: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.atMs > endMs) continue;
      if (first === undefined || entry.atMs < first.atMs || (entry.atMs === first.atMs && entry.order < first.order)) {
        first = entry;
      }
    }
    if (first !== undefined) this.#entries = this.#entries.filter((entry) => entry !== first);
    return first;
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
