// Undo takes back one's own edits and leaves what the other did, by key and in both editors.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../integration/server.mjs";
import { Editor, plainTextOf, stage } from "./editor.mjs";

const { server, browser } = await stage();

const kMergeMs = 600;
/** The next edit is a step of its own. */
const pause = (editor) => editor.page.waitForTimeout(kMergeMs + 50);

async function bothShow(editors, text) {
  for (const editor of editors) {
    await eventually(async () => plainTextOf(await editor.content()) === text, `the document is ${JSON.stringify(text)}`);
    assert.equal((await editor.shownText()).replace(/\n$/, ""), text);
  }
}

for (const kind of ["new-rich-text", "new-text"]) {
  test(`the other's words stay (${kind})`, async () => {
    const ann = await Editor.create(browser, server.url, kind);
    await ann.type("one ");
    await pause(ann);
    await ann.type("two ");
    await ann.saved();
    const ben = await Editor.open(browser, ann.url);
    await ben.select(2, 0);
    await ben.type("BEN");
    await bothShow([ann, ben], "onBENe two ");
    await ann.press("Control+z");
    await bothShow([ann, ben], "onBENe ");
    await ann.press("Control+z");
    await bothShow([ann, ben], "BEN");
    await ann.press("Control+z"); // nothing is left
    await ann.press("Control+Shift+z");
    await bothShow([ann, ben], "onBENe "); // what is typed at the same place meanwhile may come in either order
    await ben.press("Control+Home");
    await ben.type("<");
    await bothShow([ann, ben], "<onBENe ");
    await ann.press("Control+y");
    await bothShow([ann, ben], "<onBENe two ");
    // The caret is behind what came back.
    await ann.type("!");
    await bothShow([ann, ben], "<onBENe two !");
    await ben.press("Control+z");
    await ben.press("Control+z");
    await bothShow([ann, ben], "one two !");
    await ann.saved();
    await ben.saved();
    assert.equal(plainTextOf((await server.document(ann.documentId)).content), "one two !");
    assert.deepEqual([...ann.problems, ...ben.problems], []);
    await ann.context.close();
    await ben.context.close();
  });
}

test("a format and a deletion come back as they were", async () => {
  const ann = await Editor.create(browser, server.url);
  await ann.type("plain ");
  await ann.press("Control+b");
  await ann.type("bold");
  await ann.saved();
  const ben = await Editor.open(browser, ann.url);
  const before = await ann.content();
  await pause(ann);
  await ann.select(3, 5);
  await ann.press("Delete");
  await ben.press("Control+End");
  await ben.type(" end");
  await pause(ann);
  await ann.select(0, 2);
  await ann.press("Control+i");
  await ann.saved();
  await ben.saved();
  await ann.press("Control+z");
  await ann.press("Control+z");
  await ann.saved();
  const bens = { insert: " end", attributes: { bold: true } };
  const { ops } = before;
  const wanted = [...ops.slice(0, 1), { insert: `${ops[1].insert}${bens.insert}`, attributes: { bold: true } }, ...ops.slice(2)];
  await eventually(async () => JSON.stringify(await ann.content()) === JSON.stringify({ ops: wanted }), "all is back");
  assert.deepEqual(await ben.content(), await ann.content());
  assert.deepEqual([...ann.problems, ...ben.problems], []);
  await ann.context.close();
  await ben.context.close();
});
