// axe-core over every page and state, in both colour schemes, on a phone and on a desktop: no serious or
// critical violation of WCAG 2.2 AA, colour contrast included.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Editor, stage } from "./editor.mjs";
import { Proxy } from "./proxy.mjs";

const kAxe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const kTags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const kScreens = [{ width: 360, height: 740 }, { width: 1280, height: 800 }];
/** Animations hold colours that are on the screen for a moment only. */
const kStill = { reducedMotion: "reduce" };

const { server, browser } = await stage();

async function assertAccessible(page, what) {
  const violations = await page.evaluate(async ({ source, tags }) => {
    if (window.axe === undefined) (0, eval)(source);
    const found = await window.axe.run(document, { runOnly: { type: "tag", values: tags } });
    return found.violations.map(({ id, impact, nodes }) => ({
      id, impact, nodes: nodes.map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary}`),
    }));
  }, { source: kAxe, tags: kTags });
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(grave, [], `${what}: ${JSON.stringify(grave, null, 2)}`);
}

for (const colorScheme of ["light", "dark"]) {
  for (const viewport of kScreens) {
    // The page's policy forbids `eval`, which brings axe in.
    const options = { colorScheme, viewport, ...kStill, bypassCSP: true };
    const where = `${colorScheme}, ${viewport.width} px`;

    test(`the start page, empty, failed and with documents (${where})`, async () => {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      await page.goto(server.url);
      await page.locator(".empty").waitFor();
      await assertAccessible(page, "empty");
      await page.route("**/api/v1/documents", (route) => route.abort());
      await page.reload();
      await page.getByRole("alert").first().waitFor();
      await page.getByTestId("new-text").click();
      await page.locator(".new-document [role=alert]").waitFor();
      await assertAccessible(page, "failed");
      await page.unroute("**/api/v1/documents");
      await page.getByTestId("new-text").click();
      await page.waitForURL(/\/d\//);
      await page.goto(server.url);
      await page.locator(".document-list").waitFor();
      await assertAccessible(page, "with documents");
      await context.close();
    });

    test(`the editor, connected and offline (${where})`, async () => {
      const proxy = await Proxy.to(server.port);
      const ann = await Editor.create(browser, proxy.url, "new-rich-text", options);
      await assertAccessible(ann.page, "a new document");
      const ben = await Editor.open(browser, `${server.url}/d/${ann.documentId}`, options);
      await ben.press("Control+b");
      await ben.type("Bold");
      await ben.press("Control+b");
      await ben.type(" text");
      await ben.page.getByRole("button", { name: "Quote", exact: true }).click();
      await ann.page.locator(".ql-cursor").first().waitFor({ state: "attached" });
      await assertAccessible(ann.page, "two people");
      await ann.page.getByRole("button", { name: /Change your name/ }).click();
      await assertAccessible(ann.page, "the name's form");
      await ann.page.keyboard.press("Escape");
      if (viewport.width < 640) { // there a third person is one too many for the header
        const eve = await Editor.open(browser, ann.url);
        await ann.page.getByRole("button", { name: /Show everybody/ }).click();
        await assertAccessible(ann.page, "everybody's names");
        await ann.page.keyboard.press("Escape");
        await eve.context.close();
      }
      await ann.field.focus();
      await ann.press("Control+k");
      await ann.page.locator(".link-panel").waitFor();
      await assertAccessible(ann.page, "the link's form");
      await ann.page.keyboard.press("Escape");
      proxy.cut();
      await ann.offline();
      await ann.page.locator(".banner").waitFor();
      await assertAccessible(ann.page, "offline");
      for (const editor of [ann, ben]) await editor.context.close();
      proxy.close();
    });

    test(`an unknown document, and plain text (${where})`, async () => {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      await page.goto(`${server.url}/d/nosuchdocumentnosuchdo`);
      await page.getByRole("heading").first().waitFor();
      await assertAccessible(page, "an unknown document");
      await context.close();
      const ann = await Editor.create(browser, server.url, "new-text", options);
      await ann.type("plain");
      await assertAccessible(ann.page, "plain text");
      await ann.context.close();
    });
  }
}
