// Edits of a document of the SDK at random places, for tests that repeat a run from its seed.
import { Delta } from "../../clients/typescript/dist/index.js";

/** A generator of numbers below a limit (Lehmer, MINSTD). */
export function below(seed) {
  let state = (seed % 2_147_483_646) + 1;
  return (limit) => (state = (state * 48_271) % 2_147_483_647) % limit;
}

/** What a JSON document holds that these, or the load generator, edit. */
export const kEmptyJson = { text: "", tasks: [], count: 0 };

/** By type: one edit of what the document shows, with `mark` as what it inserts. */
export const edits = {
  text(document, pick, mark) {
    const length = [...document.content].length;
    const at = pick(length + 1);
    const deleted = pick(3) === 0 ? Math.min(2, length - at) : 0;
    document.submit([...(at > 0 ? [at] : []), mark, ...(deleted > 0 ? [{ d: deleted }] : [])]);
  },
  "rich-text"(document, pick, mark) {
    const length = document.content.length() - 1;
    const at = pick(length + 1);
    const rest = Math.min(3, length - at);
    const op = new Delta().retain(at);
    if (rest > 0 && pick(3) === 0) document.submit(op.retain(rest, { bold: pick(2) === 0 ? true : null }));
    else if (rest > 0 && pick(4) === 0) document.submit(op.delete(rest));
    else document.submit(op.insert(mark, pick(2) === 0 ? { italic: true } : {}));
  },
  /** Nothing until somebody made it what kEmptyJson is. */
  json(document, pick, mark) {
    const { tasks, text, count } = document.content;
    if (tasks === undefined || text === undefined || count === undefined) return;
    const at = pick(tasks.length + 1);
    const kind = pick(6);
    if (kind === 0 && at < tasks.length) document.submit([{ p: ["tasks", at], ld: tasks[at] }]);
    else if (kind === 1 && at < tasks.length) document.submit([{ p: ["tasks", at], lm: pick(tasks.length) }]);
    else if (kind === 2) document.submit([{ p: ["text", pick(text.length + 1)], si: mark }]);
    else if (kind === 3) document.submit([{ p: ["count"], na: pick(9) - 4 }]);
    else if (kind === 4 && at < tasks.length) document.submit([{ p: ["tasks", at, "title", 0], si: mark }]);
    else document.submit([{ p: ["tasks", at], li: { title: mark } }]);
  },
};
