// The page around the text: addresses, the toolbar, narrow screens, what is said about unsent edits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../integration/server.mjs";
import { Editor, stage, textOf } from "./editor.mjs";
import { Proxy } from "./proxy.mjs";

const kPhone = { viewport: { width: 360, height: 740 } };

const { server, browser } = await stage({ args: ["--limits.op-bytes", "2000"] });

test("undo and redo are offered while there is something, by button and by key", async () => {
  const ann = await Editor.create(browser, server.url);
  const button = (name) => ann.page.getByRole("button", { name, exact: true });
  const offered = async () => {
    const states = await Promise.all(["Undo", "Redo"].map((name) => button(name).getAttribute("aria-disabled")));
    return states.map((state) => state === "false");
  };
  assert.deepEqual(await offered(), [false, false]);
  await ann.type("one");
  await eventually(async () => (await offered())[0], "undo is offered");
  await button("Undo").click();
  assert.equal(textOf(await ann.content()), "\n");
  assert.deepEqual(await offered(), [false, true]);
  await ann.field.focus();
  await ann.press("Control+y");
  assert.equal(textOf(await ann.content()), "one\n");
  assert.deepEqual(await offered(), [true, false]);
  assert.deepEqual(ann.problems, []);
  await ann.context.close();
});

test("a link with white space behind it leads to the document, a mangled one is explained", async () => {
  const ann = await Editor.create(browser, server.url);
  await ann.type("here");
  await ann.saved();
  const ben = await Editor.open(browser, `${ann.url}%20`);
  assert.match(await ben.shownText(), /here/);
  for (const path of ["/d/", "/d/a%ZZb", "/d/a.b"]) {
    await ben.page.goto(server.url + path);
    await ben.page.getByRole("heading", { name: "There is no such document" }).waitFor();
  }
  await ann.context.close();
  await ben.context.close();
});

test("on a phone the colours can be changed, and nothing but the toolbar scrolls sideways", async () => {
  const ann = await Editor.create(browser, server.url, "new-rich-text", kPhone);
  const others = [await Editor.open(browser, ann.url), await Editor.open(browser, ann.url)];
  await eventually(async () => await ann.page.getByTestId("members").getAttribute("data-count") === "3", "three members");
  const toggle = ann.page.locator(".editor-header > .icon-button").last();
  const { x, width } = await toggle.boundingBox();
  assert.ok(x >= 0 && x + width <= 360, `the toggle is at ${x}`);
  await toggle.click();
  const { page, toolbar } = await ann.page.evaluate(() => ({
    page: document.documentElement.scrollWidth,
    toolbar: document.querySelector(".toolbar").scrollWidth,
  }));
  assert.ok(page <= 360, `the page is ${page} wide`);
  assert.ok(toolbar > 360);
  for (const editor of [ann, ...others]) await editor.context.close();
});

test("guests without a name are told apart by letters, and all are listed behind the number of the rest", async () => {
  const ann = await Editor.create(browser, server.url, "new-rich-text", kPhone);
  const others = [];
  for (let i = 0; i < 3; ++i) others.push(await Editor.open(browser, ann.url));
  const more = ann.page.getByRole("button", { name: "2 more. Show everybody." });
  await more.waitFor();
  await more.focus();
  await ann.page.keyboard.press("Enter");
  const everybody = ann.page.getByRole("dialog", { name: "Everybody here" });
  await everybody.waitFor();
  const names = await everybody.getByRole("listitem").allInnerTexts();
  assert.equal(names.length, 4);
  for (const name of names) assert.match(name, /^[A-Z][a-z]+ [A-Z][a-z]+( \(you\))?$/);
  const own = (editor) => editor.page.evaluate(() => localStorage.getItem("cloudsync.name"));
  assert.deepEqual(names, [`${await own(ann)} (you)`, ...await Promise.all(others.map(own))]);
  await ann.page.keyboard.press("Escape");
  await everybody.waitFor({ state: "detached" });
  assert.ok(await more.evaluate((button) => button === document.activeElement));
  await more.click();
  await everybody.waitFor();
  await others.pop().context.close();
  await eventually(async () => await everybody.getByRole("listitem").count() === 3, "who left is gone");
  const { left, right } = await everybody.evaluate((panel) => panel.getBoundingClientRect());
  assert.ok(left >= 0 && right <= 360);
  for (const editor of [ann, ...others]) await editor.context.close();
});

test("the start page names a document whose edits are not sent yet, and shows its own logo offline", async () => {
  const proxy = await Proxy.to(server.port);
  const ann = await Editor.create(browser, proxy.url);
  const { documentId } = ann;
  proxy.cut();
  await ann.offline();
  await ann.type("unsent");
  await ann.page.getByRole("link", { name: "All documents" }).click();
  const notice = ann.page.getByTestId("unsent-document");
  await notice.waitFor();
  assert.equal(await ann.page.locator(".brand img").count(), 0);
  assert.ok(await ann.page.locator(".brand svg").isVisible());
  proxy.heal();
  await notice.waitFor({ state: "detached" });
  assert.equal(textOf((await server.document(documentId)).content), "unsent\n");
  await ann.context.close();
  proxy.close();
});

test("a paste that is too large says how much goes", async () => {
  const ann = await Editor.create(browser, server.url);
  await ann.paste("x".repeat(3000));
  const notice = ann.page.getByTestId("unsent-copy");
  await notice.waitFor();
  assert.match(await notice.innerText(), /at most 2000 are allowed/);
  await ann.context.close();
});
