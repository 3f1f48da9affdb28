// What the clipboard holds, or what is dropped, arrives as it is, on both screens and in the document.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { eventually } from "../integration/server.mjs";
import { Editor, stage, textOf } from "./editor.mjs";

const kCode = "def f(x):\n    if x:\n        return  1\n\ta\tb";

/** As a code editor puts it on the clipboard. */
const kCodeHtml = `<meta charset="utf-8"><div style="color: #000; white-space: pre;">
<div>def f(x):</div><div>&nbsp; &nbsp; <span style="color: #00f;">if</span> x:</div><div>        return  1</div>
<div>\ta\tb</div></div>`.replaceAll(">\n<", "><");

const kPayloadBytes = 20_000;

const { server, browser } = await stage({ args: ["--limits.payload-bytes", String(kPayloadBytes)] });

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

test("text dropped into plain text arrives as plain text where it was dropped, for everybody", async () => {
  const ann = await Editor.create(browser, server.url, "new-text");
  const ben = await Editor.open(browser, ann.url);
  await ann.type("here");
  await eventually(async () => (await ben.content()) === "here", "ben has it");
  await ann.drop("start", { "text/plain": "dropped\r\n", "text/html": "<b>dropped</b>" });
  await ben.drop("end", { "text/plain": " <end>", "text/html": "<p>other</p>" });
  for (const editor of [ann, ben]) {
    await editor.saved();
    await eventually(async () => (await editor.content()) === "dropped\nhere <end>", "both drops are in");
    assert.equal((await editor.shownText()).replace("\n\n", "\n"), "dropped\nhere <end>");
    assert.deepEqual(editor.problems, []);
  }
  assert.equal((await server.document(ann.documentId)).content, "dropped\nhere <end>");
  for (const editor of [ann, ben]) await editor.context.close();
});

test("HTML dropped into rich text keeps its formats, without scripts", async () => {
  const ann = await Editor.create(browser, server.url);
  await ann.type("here");
  await ann.drop("start", {
    "text/html": '<b>one</b><img src=x onerror="window.hit = 1"> <a href="javascript:alert(1)">two</a> ' });
  await ann.saved();
  assert.deepEqual((await ann.content()).ops, [
    { insert: "one", attributes: { bold: true } }, { insert: " two here\n" }]);
  assert.equal(await ann.page.evaluate(() => window.hit), undefined);
  await ann.context.close();
});

test("a selection that is dragged moves, and is copied with Control", async () => {
  const ann = await Editor.create(browser, server.url);
  const ben = await Editor.open(browser, ann.url);
  const bold = (insert) => ({ insert, attributes: { bold: true } });
  const both = async (ops) => {
    for (const editor of [ann, ben]) {
      await eventually(async () => isDeepStrictEqual((await editor.content()).ops, ops), JSON.stringify(ops));
    }
  };
  await ann.press("Control+b");
  await ann.type("one");
  await ann.press("Control+b");
  await ann.type(" two");
  await ann.select(0, 3);
  await ann.drop("end");
  await both([{ insert: " two" }, bold("one"), { insert: "\n" }]);
  // It is still selected; onto itself it goes nowhere.
  await ann.drop("end");
  await ann.drop("start");
  await both([bold("one"), { insert: " two\n" }]);
  await ann.drop("end", undefined, true);
  await both([bold("one"), { insert: " twoone\n" }]);
  assert.deepEqual(ann.problems, []);
  for (const editor of [ann, ben]) await editor.context.close();
});

test("what no message can hold becomes a copy, is never sent, and the connection stays", async () => {
  const ann = await Editor.create(browser, server.url, "new-text");
  await ann.type("kept");
  await ann.saved();
  await ann.paste("x".repeat(kPayloadBytes));
  const notice = ann.page.getByTestId("unsent-copy");
  await notice.waitFor();
  assert.match(await notice.innerText(), /the message has \d+ bytes, at most 20000 are allowed/);
  assert.equal((await notice.getByRole("textbox").inputValue()).length, kPayloadBytes);
  await ann.saved();
  assert.equal(await ann.content(), "kept");
  await ann.type("!");
  await ann.saved();
  assert.equal((await server.document(ann.documentId)).content, "kept!");
  assert.equal(await server.limit("payload_bytes"), 0);
  await ann.context.close();
});
