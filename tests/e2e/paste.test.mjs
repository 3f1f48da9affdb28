// What the clipboard holds arrives as it is, on both screens and in the document.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../integration/server.mjs";
import { Editor, stage, textOf } from "./editor.mjs";

const kCode = "def f(x):\n    if x:\n        return  1\n\ta\tb";

/** As a code editor puts it on the clipboard. */
const kCodeHtml = `<meta charset="utf-8"><div style="color: #000; white-space: pre;">
<div>def f(x):</div><div>&nbsp; &nbsp; <span style="color: #00f;">if</span> x:</div><div>        return  1</div>
<div>\ta\tb</div></div>`.replaceAll(">\n<", "><");

const { server, browser } = await stage();

test("plain text takes the clipboard's text, not its HTML", async () => {
  const ann = await Editor.create(browser, server.url, "new-text");
  await ann.paste(kCode, "<p>def f(x): if x: return 1</p>");
  await ann.saved();
  assert.equal(await ann.content(), kCode);
  assert.equal((await server.document(ann.documentId)).content, kCode);
  // The cursor is behind it.
  await ann.type("!");
  await ann.paste("\r\none\r\ntwo  ", "<p>one</p>");
  await ann.saved();
  assert.equal(await ann.content(), `${kCode}!\none\ntwo  `);
  assert.deepEqual(ann.problems, []);
  await ann.context.close();
});

test("plain text takes the text of HTML that comes alone", async () => {
  const ann = await Editor.create(browser, server.url, "new-text");
  await ann.paste("", "<p>one <b>bold</b></p><p>two</p>");
  await ann.saved();
  assert.equal(await ann.content(), "one bold\ntwo");
  await ann.context.close();
});

test("plain text survives being cut, pasted and copied inside the page", async () => {
  const ann = await Editor.create(browser, server.url, "new-text");
  await ann.paste(kCode);
  await ann.press("Control+a");
  await ann.press("Control+x");
  assert.equal(await ann.content(), "");
  await ann.press("Control+v");
  await ann.saved();
  assert.equal(await ann.content(), kCode);
  await ann.context.close();
});

test("rich text keeps the white space of code, and formats and collapses the rest", async () => {
  const ann = await Editor.create(browser, server.url);
  await ann.paste(kCode, kCodeHtml);
  await ann.saved();
  assert.equal(textOf(await ann.content()), `${kCode}\n`);
  await ann.press("Control+a");
  await ann.paste("x", '<div style="white-space: pre"><span style="white-space: normal">one \n  <b>two</b></span></div>');
  await ann.saved();
  assert.deepEqual((await ann.content()).ops, [
    { insert: "one " }, { insert: "two", attributes: { bold: true } }, { insert: "\n" }]);
  await ann.context.close();
});

test("a pasted link that the editor does not show is none for anybody", async () => {
  const ann = await Editor.create(browser, server.url);
  const ben = await Editor.open(browser, ann.url);
  await ann.paste("", '<a href="javascript:alert(1)">bad</a> <a href="file:///x">file</a> <a href="https://example.org/">good</a>');
  await ann.saved();
  await eventually(async () => (await ben.shownText()).includes("good"), "ben sees it");
  assert.deepEqual((await ann.content()).ops, [
    { insert: "bad file " }, { insert: "good", attributes: { link: "https://example.org/" } }, { insert: "\n" }]);
  const links = (editor) => editor.field.evaluate((field) => [...field.querySelectorAll("a")].map(({ href }) => href));
  assert.deepEqual(await links(ann), ["https://example.org/"]);
  assert.deepEqual(await links(ben), await links(ann));
  await ann.context.close();
  await ben.context.close();
});
