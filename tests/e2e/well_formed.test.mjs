// Half of a surrogate pair has no form in UTF-8: however one gets into an editor, what is shown, sent and
// stored has U+FFFD in its place.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../integration/server.mjs";
import { Editor, plainTextOf, stage } from "./editor.mjs";

const { server, browser } = await stage();

/** Both editors and the server have `text`, and no text was given back as unsaved. */
async function bothShow(editors, text) {
  for (const editor of editors) {
    await eventually(async () => plainTextOf(await editor.content()) === text, `${JSON.stringify(text)} in the document`);
    assert.equal((await editor.shownText()).replace(/\n$/, ""), text);
    await editor.saved();
    assert.equal(await editor.page.getByTestId("unsent-copy").count(), 0);
    assert.deepEqual(editor.problems, []);
  }
  const { content } = await server.document(editors[0].documentId);
  assert.equal(plainTextOf(content), text);
}


for (const kind of ["new-rich-text", "new-text"]) {
  test(`a paste with halves of pairs (${kind})`, async () => {
    const ann = await Editor.create(browser, server.url, kind);
    const ben = await Editor.open(browser, ann.url);
    await ann.paste("a\ud800b\udc00c😀");
    await bothShow([ann, ben], "a\ufffdb\ufffdc😀");
    // The cursor is where the paste left it.
    await ann.type("!");
    await bothShow([ann, ben], "a\ufffdb\ufffdc😀!");
    for (const editor of [ann, ben]) await editor.context.close();
  });

  test(`half of a character is taken out of the page (${kind})`, async () => {
    const ann = await Editor.create(browser, server.url, kind);
    const ben = await Editor.open(browser, ann.url);
    await ann.paste("a😀b");
    await bothShow([ann, ben], "a😀b");
    // As a browser extension or an input method may do.
    await ann.field.evaluate((field) => {
      const walker = document.createTreeWalker(field, NodeFilter.SHOW_TEXT);
      while (walker.nextNode() !== null) {
        const at = walker.currentNode.data.indexOf("😀");
        if (at >= 0) { walker.currentNode.deleteData(at + 1, 1); return; }
      }
    });
    await bothShow([ann, ben], "a\ufffdb");
    for (const editor of [ann, ben]) await editor.context.close();
  });

  test(`Backspace and Delete take whole characters (${kind})`, async () => {
    const ann = await Editor.create(browser, server.url, kind);
    const ben = await Editor.open(browser, ann.url);
    await ann.paste("😀a😀");
    await ann.press("Backspace");
    await ann.press("Control+Home");
    await ann.press("Delete");
    await bothShow([ann, ben], "a");
    for (const editor of [ann, ben]) await editor.context.close();
  });
}
