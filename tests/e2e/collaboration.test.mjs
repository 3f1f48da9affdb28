// People edit one document in real browsers. At the end everybody sees the same, it is what the server
// has, and nothing that was typed is lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { eventually } from "../integration/server.mjs";
import { Editor, stage, textOf } from "./editor.mjs";
import { Proxy } from "./proxy.mjs";

const kCutSeconds = Number(process.env.CS_CUT_SECONDS ?? 30);
const { server, browser } = await stage();

async function together(count, url = server.url) {
  const first = await Editor.create(browser, url);
  const others = [];
  for (let i = 1; i < count; ++i) others.push(await Editor.open(browser, first.url));
  return [first, ...others];
}

/** Waits until all are saved and equal, checks against the server and the screen, and returns the content. */
async function converged(editors) {
  for (const editor of editors) await editor.saved(60_000);
  const { documentId } = editors[0];
  let stored, contents;
  await eventually(async () => {
    stored = (await server.document(documentId)).content;
    contents = await Promise.all(editors.map((editor) => editor.content()));
    return contents.every((content) => isDeepStrictEqual(content.ops ?? content, stored));
  }, () => `equal contents: ${JSON.stringify({ stored, contents }).slice(0, 2000)}`, 60_000);
  const shown = await Promise.all(editors.map((editor) => editor.shownText()));
  for (const text of shown) assert.equal(text, shown[0]);
  for (const editor of editors) {
    assert.deepEqual(editor.problems, []);
    await editor.context.close();
  }
  return stored;
}

test("two people type at the same time, and both texts are whole", async () => {
  const [ann, ben] = await together(2);
  await Promise.all([ann.type("The quick brown fox. ".repeat(5), 5), ben.type("jumps over the dog; ".repeat(5), 5)]);
  const text = textOf(await converged([ann, ben]));
  assert.equal(text.length, 5 * (21 + 20) + 1);
  // Each person's characters are there in the order typed.
  for (const typed of ["The quick brown fox. ".repeat(5), "jumps over the dog; ".repeat(5)]) {
    let at = 0;
    for (const character of text) if (character === typed[at]) ++at;
    assert.equal(at, typed.length);
  }
});

test("formatting in an empty document and over each other's selections", async () => {
  const [ann, ben] = await together(2);
  await ann.field.focus();
  await ann.press("Control+b");
  await ann.type("bold");
  await ben.page.waitForFunction(() => document.querySelector(".ql-editor strong")?.textContent === "bold");
  await ann.press("Control+b");
  await ann.type(" plain text");
  await ann.saved();
  await eventually(async () => (await ben.shownText()).includes("plain text"), "ben sees it");
  await Promise.all([
    (async () => { await ann.select(0, 9); await ann.press("Control+i"); })(),
    (async () => { await ben.select(3, 9); await ben.press("Control+u"); })(),
  ]);
  const content = await converged([ann, ben]);
  assert.equal(textOf(content), "bold plain text\n");
  const formatsAt = (index) => {
    let at = 0;
    for (const { insert, attributes = {} } of content) {
      at += insert.length;
      if (index < at) return Object.keys(attributes).sort();
    }
  };
  assert.deepEqual(formatsAt(0), ["bold", "italic"]);
  assert.deepEqual(formatsAt(3), ["bold", "italic", "underline"]);
  assert.deepEqual(formatsAt(6), ["italic", "underline"]);
  assert.deepEqual(formatsAt(14), []);
});

test("deleting over each other's selections deletes once", async () => {
  const [ann, ben] = await together(2);
  await ann.type("0123456789");
  await ann.saved();
  await eventually(async () => (await ben.shownText()).includes("0123456789"), "ben sees it");
  await ann.select(2, 4);
  await ben.select(4, 4);
  await Promise.all([ann.press("Delete"), ben.press("Backspace")]);
  assert.equal(textOf(await converged([ann, ben])), "0189\n");
});

test("a paste of 100 KB while the other types", async () => {
  const [ann, ben] = await together(2);
  const pasted = "Lorem ipsum dolor sit amet. ".repeat(3700);
  await Promise.all([ann.paste(pasted), ben.type("meanwhile", 30)]);
  const text = textOf(await converged([ann, ben]));
  assert.equal(text.length, pasted.length + "meanwhile".length + 1);
});

test("emoji, combining marks and right-to-left text", async () => {
  const [ann, ben] = await together(2);
  const typed = ["👩‍👩‍👧‍👦🇩🇪👍🏽 e\u0301 naïve ", "שלום 漢字 𝒳𝒴 ❤️‍🔥 "];
  await Promise.all([
    ann.page.evaluate((text) => document.querySelector(".ql-editor").focus() ?? document.execCommand("insertText", false, text), typed[0]),
    ben.page.evaluate((text) => document.querySelector(".ql-editor").focus() ?? document.execCommand("insertText", false, text), typed[1]),
  ]);
  await ann.saved();
  await ben.saved();
  await ben.press("End");
  await ben.press("Backspace");
  const text = textOf(await converged([ann, ben]));
  assert.ok(text.isWellFormed?.() ?? true);
  assert.ok(text.includes("👩‍👩‍👧‍👦") && text.includes("𝒳𝒴") && text.includes("e\u0301"));
});

test("five people at once", async () => {
  const editors = await together(5);
  await eventually(async () => await editors[4].page.getByTestId("members").getAttribute("data-count") === "5", "five members");
  await Promise.all(editors.map(async (editor, index) => {
    for (let round = 0; round < 4; ++round) {
      await editor.type(`<${index}:${round}> `, 3);
      if (round === 2) { await editor.press("Backspace"); await editor.press("Control+b"); }
    }
  }));
  const text = textOf(await converged(editors));
  assert.equal(text.length, 5 * (4 * 6 - 1) + 1);
});

test("cursors of the others are shown and follow the text", async () => {
  const [ann, ben] = await together(2);
  await ann.type("abc");
  await ben.page.locator(".ql-cursor-caret").first().waitFor();
  const left = () => ben.page.locator(".ql-cursor-caret").first().evaluate((caret) => caret.getBoundingClientRect().left);
  const before = await left();
  await ann.type("defghi");
  await eventually(async () => await left() > before, "the cursor moves with the typing");
  await converged([ann, ben]);
});

test("a plain text document in two browsers", async () => {
  const ann = await Editor.create(browser, server.url, "new-text");
  const ben = await Editor.open(browser, ann.url);
  await Promise.all([ann.type("left 😀 ", 5), ben.type("right 漢 ", 5)]);
  const content = await converged([ann, ben]);
  assert.equal([...content].sort().join(""), [..."left 😀 right 漢 "].sort().join(""));
});

test(`the network is cut for ${kCutSeconds} s while both sides type, and nothing is lost`, async () => {
  const proxy = await Proxy.to(server.port);
  const ann = await Editor.create(browser, proxy.url);
  const ben = await Editor.open(browser, `${server.url}/d/${ann.documentId}`);
  await ann.type("before ");
  await ann.saved();
  proxy.cut();
  await ann.offline();
  const until = Date.now() + kCutSeconds * 1000;
  await Promise.all([
    ann.type("offline edits of ann ", 10),
    ben.type("online edits of ben ", 10),
  ]);
  assert.equal(await ann.saveState(), "offline");
  // Leaving now loses nothing: the page need not ask.
  await ann.stored();
  assert.ok(!(await ann.isGuarded()), "the page asks for edits that are on this device");
  while (Date.now() < until) await ann.page.waitForTimeout(100);
  proxy.heal();
  const text = textOf(await converged([ann, ben]));
  for (const part of ["before ", "offline edits of ann ", "online edits of ben "]) {
    assert.ok(text.includes(part), `${JSON.stringify(part)} in ${JSON.stringify(text)}`);
  }
  proxy.close();
});

test("an unknown document is a clear page, not an empty editor", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${server.url}/d/nosuchdocumentnosuchdo`);
  await page.getByRole("heading").first().waitFor();
  assert.equal(await page.getByTestId("editor").count(), 0);
  await context.close();
});

test("the start page lists what this browser created, and only that", async () => {
  const ann = await Editor.create(browser, server.url);
  await ann.page.goto(server.url);
  await ann.page.locator(`a[href="/d/${ann.documentId ?? ""}"], a[href*="/d/"]`).first().waitFor();
  const stranger = await browser.newContext();
  const page = await stranger.newPage();
  await page.goto(server.url);
  await page.getByTestId("new-rich-text").waitFor();
  await page.waitForTimeout(300);
  assert.equal(await page.locator('a[href*="/d/"]').count(), 0);
  await stranger.close();
  await ann.context.close();
});
