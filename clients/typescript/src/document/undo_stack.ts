// What undoes this client's own edits, each still right after whatever others changed meanwhile. As with
// all OT, an inverse is transformed over the changes that came after its edit; that is done when it is
// asked for, so that a change of others costs nothing but to be remembered, composed with its neighbours.
// Composing is allowed here and not in state.ts: an undo is a new edit, on which nobody has to agree.

import { composeAll, oppositeOf, type OtType } from "../ot/type.js";

/** Edits within this time of a step's first are undone with it: about a word, as editors do. */
export const kUndoMergeMs = 600;
/** Older edits cannot be undone any more. */
export const kUndoEntriesMax = 500;

/** Changes that follow each other, composed in pairs of equal weight: O(log n) for each, amortised. */
class ChangeSequence<C, O> {
  readonly #type: OtType<C, O>;
  #parts: { op: O; weight: number }[] = [];

  constructor(type: OtType<C, O>) {
    this.#type = type;
  }

  push(op: O): void {
    let part = { op, weight: 1 };
    for (let last = this.#parts.at(-1); last?.weight === part.weight; last = this.#parts.at(-1)) {
      this.#parts.pop();
      part = { op: this.#type.compose(last.op, part.op), weight: 2 * part.weight };
    }
    this.#parts.push(part);
  }

  /** All of them as one; they are forgotten. */
  take(): O | undefined {
    const ops = this.#parts.map(({ op }) => op);
    this.#parts = [];
    return composeAll(this.#type, ops);
  }
}

/** `inverse` fits the content before `later`. */
type Entry<C, O> = { inverse: O; readonly later: ChangeSequence<C, O> };

/** Entries of which each fits the content that the one above it leaves. */
class InverseStack<C, O> {
  readonly #type: OtType<C, O>;
  #entries: Entry<C, O>[] = [];

  constructor(type: OtType<C, O>) {
    this.#type = type;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  push(inverse: O): void {
    this.#entries.push({ inverse, later: new ChangeSequence(this.#type) });
    if (this.#entries.length > kUndoEntriesMax) this.#entries.shift();
  }

  /** The content changed by something that is not to be undone. */
  follow(change: O): void {
    this.#entries.at(-1)?.later.push(change);
  }

  /** The newest inverse, for the content as it is; the next one is that of the edit before. */
  pop(): O | undefined {
    const entry = this.#entries.pop();
    if (entry === undefined) return undefined;
    const change = entry.later.take();
    if (change === undefined) return entry.inverse;
    const { undoSide } = this.#type;
    this.follow(this.#type.transform(change, entry.inverse, oppositeOf(undoSide)));
    return this.#type.transform(entry.inverse, change, undoSide);
  }

  clear(): void {
    this.#entries = [];
  }
}

export class UndoStack<C, O> {
  readonly #type: OtType<C, O>;
  readonly #undo: InverseStack<C, O>;
  readonly #redo: InverseStack<C, O>;
  /** When the first edit of the newest step was made, if more may be merged into it. */
  #stepMs = Number.NEGATIVE_INFINITY;

  constructor(type: OtType<C, O>) {
    this.#type = type;
    this.#undo = new InverseStack(type);
    this.#redo = new InverseStack(type);
  }

  get canUndo(): boolean {
    return !this.#undo.isEmpty;
  }

  get canRedo(): boolean {
    return !this.#redo.isEmpty;
  }

  /** An own edit is made on `content`: it can be undone, and what was undone not redone any more. */
  record(op: O, content: C, nowMs: number): void {
    this.#redo.clear();
    const inverse = this.#type.invert(op, content);
    const previous = nowMs - this.#stepMs <= kUndoMergeMs ? this.#undo.pop() : undefined;
    this.#undo.push(previous === undefined ? inverse : this.#type.compose(inverse, previous));
    if (previous === undefined) this.#stepMs = nowMs;
  }

  /** The next edit is undone by itself. */
  seal(): void {
    this.#stepMs = Number.NEGATIVE_INFINITY;
  }

  /** The content changed by what is not to be undone: by others, as a rule. */
  follow(change: O): void {
    this.#undo.follow(change);
    this.#redo.follow(change);
  }

  /** What undoes the last edit on `content`, to be applied now; null if nothing is left to undo. */
  undo(content: C): O | null {
    return this.#move(this.#undo, this.#redo, content);
  }

  /** What undoes the last undo. */
  redo(content: C): O | null {
    return this.#move(this.#redo, this.#undo, content);
  }

  clear(): void {
    this.#undo.clear();
    this.#redo.clear();
    this.seal();
  }

  #move(from: InverseStack<C, O>, to: InverseStack<C, O>, content: C): O | null {
    this.seal();
    for (let op = from.pop(); op !== undefined; op = from.pop()) {
      // Others may have taken back, or deleted, all that it was about.
      if (this.#type.isNoop(op)) continue;
      to.push(this.#type.invert(op, content));
      return op;
    }
    return null;
  }
}
