// Recorded editing of two people at once (data/README.md), as edits for two clients that are not as far apart as
// the two were.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** @returns {{endContent: string, txns: {agent: number, seen: number, op: (number | string | {d: number})[]}[]}} */
export function readTrace(url, type) {
  const { endContent, txns } = JSON.parse(gunzipSync(readFileSync(url)).toString());
  // How many transactions of each author a transaction and its ancestors are.
  const known = [];
  const read = txns.map(({ agent, parents, patches }, i) => {
    const counts = [0, 1].map((author) => Math.max(0, ...parents.map((parent) => known[parent][author])));
    const seen = counts[1 - agent];
    counts[agent] += 1;
    known[i] = counts;
    const ops = patches.map(([at, deleted, inserted]) => [
      ...(at > 0 ? [at] : []),
      ...(inserted === "" ? [] : [inserted]),
      ...(deleted > 0 ? [{ d: deleted }] : []),
    ]);
    return { agent, seen, op: ops.reduce((a, b) => type.compose(a, b)) };
  });
  return { endContent, txns: read };
}

/**
 * One author's transactions, in turns: a turn ends where the other one's view of them does, so that it is known
 * to the other as a whole.
 */
export function turnsOf(txns, agent) {
  const ends = new Set(txns.filter((txn) => txn.agent !== agent).map(({ seen }) => seen));
  const turns = [];
  let turn = [];
  const own = txns.filter((txn) => txn.agent === agent);
  for (const [i, txn] of own.entries()) {
    turn.push(txn);
    if (!ends.has(i + 1) && i + 1 < own.length) continue;
    turns.push({ txns: turn, end: i + 1 });
    turn = [];
  }
  return turns;
}

/**
 * What a person sees who is behind what the client has: operations of the other one that are in the client's
 * content, but were not yet on the screen when the next edit was made.
 */
export class Lag {
  #type;
  #unseen = []; // {end, op}, in order; on what the person sees

  constructor(type) {
    this.#type = type;
  }

  /** The client took `op` into its content; with it it has `end` transactions of the other one. */
  received(op, end) {
    this.#unseen.push({ end, op });
  }

  /** An edit made when `seen` transactions of the other one were on the screen, as one of the client's content. */
  edit(op, seen) {
    while (this.#unseen.length > 0 && this.#unseen[0].end <= seen) this.#unseen.shift();
    let edit = op;
    for (const unseen of this.#unseen) {
      const after = this.#type.transform(unseen.op, edit, "right");
      edit = this.#type.transform(edit, unseen.op, "left");
      unseen.op = after;
    }
    return edit;
  }
}
