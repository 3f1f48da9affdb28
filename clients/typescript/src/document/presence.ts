// Where the others are. A presence frame speaks of a revision; it is held until that revision is
// reached, then carried over later operations and over our own unacknowledged ones.

import { isPosition, type OtType, type Selection } from "../ot/type.js";
import type { Step } from "./state.js";
import { fieldsOf } from "./wire.js";

export type PresenceState = {
  /** In the type's units, in terms of the local content. */
  selection?: Selection;
  /** Whatever else the application sends along. */
  [key: string]: unknown;
};

export type Presence = {
  clientId: string;
  userId: string;
  state: PresenceState;
  /** Rises with what the peer itself did: reports and edits. Others' edits move its selection, but leave it. */
  reports: number;
};

export type PresenceFrame = {
  clientId: string;
  userId: string;
  revision: number;
  state: PresenceState | null;
};

/** Null if it is malformed. At a value of a JSON document there is a path alone. */
function selectionFromWire(value: unknown): Selection | null {
  const { index, length, path } = fieldsOf(value);
  const isPath = Array.isArray(path) && path.every((key) => typeof key === "string" || isPosition(key));
  if (isPath && index === undefined && length === undefined) return { path, index: 0, length: 0 };
  if (!isPosition(index) || !isPosition(length)) return null;
  return isPath ? { path, index, length } : { index, length };
}

/** Reads a peer's state: a malformed selection is left out. */
export function presenceStateFromWire(value: unknown): PresenceState | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { selection: wireSelection, ...rest } = value as Record<string, unknown>;
  const selection = selectionFromWire(wireSelection);
  return selection === null ? rest : { ...rest, selection };
}

export class PresenceTracker<C, O> {
  readonly #type: OtType<C, O>;
  readonly #present = new Map<string, Presence>();
  /** At most one held frame a client: a newer one replaces it. */
  readonly #held = new Map<string, PresenceFrame>();

  constructor(type: OtType<C, O>) {
    this.#type = type;
  }

  get all(): readonly Presence[] {
    return [...this.#present.values()];
  }

  /** Returns true if something visible changed. */
  receive(frame: PresenceFrame, revision: number, unconfirmed: readonly O[]): boolean {
    if (frame.state === null) {
      this.#held.delete(frame.clientId);
      return this.#present.delete(frame.clientId);
    }
    if (frame.revision > revision) {
      this.#held.set(frame.clientId, frame);
      return false;
    }
    // Older than what we have: positions no longer mean anything; the peer's next frame is right.
    if (frame.revision < revision) return false;
    this.#place(frame, unconfirmed);
    return true;
  }

  /** Follows a step of the log, then places frames that waited for its revision. */
  follow(step: Step<O>, unconfirmed: () => readonly O[]): boolean {
    if (this.#present.size === 0 && this.#held.size === 0) return false;
    let changed = step.localOp !== null && this.#transform(step.localOp, step.entry.clientId);
    for (const frame of [...this.#held.values()]) {
      if (frame.revision > step.entry.revision) continue;
      this.#held.delete(frame.clientId);
      if (frame.revision === step.entry.revision) {
        this.#place(frame, unconfirmed());
        changed = true;
      }
    }
    return changed;
  }

  /** Follows a local edit. */
  followEdit(op: O): boolean {
    return this.#transform(op, null);
  }

  remove(clientId: string): boolean {
    this.#held.delete(clientId);
    return this.#present.delete(clientId);
  }

  clear(): boolean {
    const changed = this.#present.size > 0;
    this.#held.clear();
    this.#present.clear();
    return changed;
  }

  #place(frame: PresenceFrame, unconfirmed: readonly O[]): void {
    let state = frame.state ?? {};
    for (const op of unconfirmed) state = this.#moved(state, op, false);
    const { clientId, userId } = frame;
    const reports = (this.#present.get(clientId)?.reports ?? 0) + 1;
    this.#present.set(clientId, { clientId, userId, state, reports });
  }

  #transform(op: O, author: string | null): boolean {
    for (const [clientId, presence] of this.#present) {
      const isOwn = clientId === author;
      const reports = presence.reports + (isOwn ? 1 : 0);
      this.#present.set(clientId, { ...presence, reports, state: this.#moved(presence.state, op, isOwn) });
    }
    return this.#present.size > 0;
  }

  #moved(state: PresenceState, op: O, isOwn: boolean): PresenceState {
    if (state.selection === undefined) return state;
    return { ...state, selection: this.#type.transformSelection(state.selection, op, isOwn) };
  }
}
