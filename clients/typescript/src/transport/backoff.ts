// When to try again after a connection was lost: full jitter, so that the clients of a node that
// restarts don't come back at the same instant (Marc Brooker, "Exponential Backoff And Jitter", AWS
// Architecture Blog, 2015). People who type notice a second, so the first half minute stays quick.

export const kQuickCapMs = 800;
export const kQuickPeriodMs = 30_000;
export const kSlowCapMs = 5_000;
export const kBaseMs = 100;

/** For an attempt to get an answer. */
export const kPatienceMs = 5_000;
export const kPatienceCapMs = 20_000;

export type BackoffInput = {
  /** Attempts made since the connection was lost. */
  attempt: number;
  lostForMs: number;
  /** Uniform in [0, 1). */
  random: number;
  /** What the server asked for, if it did. */
  hintMs?: number | undefined;
};

export function reconnectDelayMs({ attempt, lostForMs, random, hintMs }: BackoffInput): number {
  // The hint is per client already, but jitter costs little and a server may hint a constant.
  if (hintMs !== undefined) return hintMs + random * kQuickCapMs;
  if (lostForMs >= kQuickPeriodMs) return random * kSlowCapMs;
  return random * Math.min(kQuickCapMs, kBaseMs * 2 ** Math.min(attempt, 10));
}

/**
 * How long an attempt waits for its answer, behind so many attempts without one: a node to which all come back at
 * once takes them one after the other, and whoever gives up has to queue up anew.
 */
export function patienceMs(timeouts: number): number {
  return Math.min(kPatienceCapMs, kPatienceMs * 2 ** Math.min(timeouts, 10));
}

/** When to resend the identical submission after a retryable refusal. */
export function resendDelayMs(attempt: number, random: number, retryAfterMs?: number): number {
  const backoff = random * Math.min(kSlowCapMs, kBaseMs * 2 ** Math.min(attempt, 10));
  return (retryAfterMs ?? 0) + backoff;
}
