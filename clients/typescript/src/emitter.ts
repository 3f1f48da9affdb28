// A small typed event emitter. A listener that throws does not keep the others from being called.

export type Listener<Payload> = (payload: Payload) => void;

export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();

  /** Calls `listener` on every `event`; returns a function that stops it. */
  on<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set<Listener<never>>();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    return () => this.off(event, listener);
  }

  off<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): void {
    this.#listeners.get(event)?.delete(listener);
  }

  protected emit<Name extends keyof Events>(event: Name, payload: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as Listener<Events[Name]>)(payload);
      } catch (error) {
        // A bug in the listener, not ours to swallow: report it as uncaught, after our own work.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
