// What is typed without the server outlives the page: a reload, a closed browser, a killed one, several tabs,
// a server that came back with an older state. CS_SHOTS=folder keeps pictures of what a person sees.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { readdirSync, readFileSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, freePort, Server } from "../integration/server.mjs";
import { Editor, launch, launchWithProfile, plainTextOf } from "./editor.mjs";
import { Proxy } from "./proxy.mjs";

const server = await Server.start({ port: await freePort() });
const browser = await launch();
after(async () => {
  await browser.close();
  await server.dispose();
});

/** A browser with a profile on disk, behind a network that can be cut. */
class Desk {
  static async set(context) {
    const desk = new Desk();
    desk.profile = await mkdtemp(join(tmpdir(), "cloudsync-profile-"));
    desk.proxy = await Proxy.to(server.port);
    context.after(() => desk.clear());
    await desk.launch();
    return desk;
  }

  async launch() { this.context = await launchWithProfile(this.profile); }

  async clear() {
    await this.context.close().catch(() => undefined);
    this.proxy.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  /** A new tab at the address, whatever its state of saving is. */
  async tab(url) {
    const editor = Editor.of(await this.context.newPage());
    await editor.page.goto(url);
    await editor.shown();
    return editor;
  }

  async create(kind) {
    const editor = Editor.of(await this.context.newPage());
    await editor.page.goto(this.proxy.url);
    await editor.page.getByTestId(kind).click();
    await editor.page.waitForURL(/\/d\//);
    await editor.ready();
    await editor.installed();
    return editor;
  }

  /** SIGKILL to the browser itself; its helpers end with it. */
  async kill() {
    const isBrowser = (pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return line.includes(this.profile) && !line.includes("--type=") && !line.includes("crashpad");
      } catch {
        return false;
      }
    };
    const [pid] = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter(isBrowser);
    const closed = new Promise((resolve) => this.context.once("close", resolve));
    process.kill(Number(pid), "SIGKILL");
    await closed;
    await eventually(() => !readdirSync("/proc").some((name) => /^\d+$/.test(name) && isBrowser(name)), "the browser is gone");
    // The lock that a living browser holds on its profile.
    await rm(join(this.profile, "SingletonLock"), { force: true });
  }
}

const text = async (editor) => plainTextOf(await editor.content());

async function picture(editor, name, awaited = "body") {
  if (process.env.CS_SHOTS === undefined) return;
  await editor.page.locator(awaited).waitFor();
  for (const colorScheme of ["light", "dark"]) {
    await editor.page.emulateMedia({ colorScheme });
    await editor.page.screenshot({ path: join(process.env.CS_SHOTS, `${name}-${colorScheme}.png`) });
  }
}

for (const kind of ["new-rich-text", "new-text"]) {
  test(`typed offline, reloaded, closed, opened again: all is there once (${kind})`, async (context) => {
    const desk = await Desk.set(context);
    const ann = await desk.create(kind);
    await ann.type("before ");
    await ann.saved();
    const ben = await Editor.open(browser, `${server.url}/d/${ann.documentId}`);
    const { url } = ann;
    desk.proxy.cut();
    await ann.offline();
    await ann.type("offline ");
    await ann.stored();
    await picture(ann, `offline-${kind}`, ".banner");
    await ann.page.reload();
    await ann.shown();
    assert.equal(await text(ann), "before offline ");
    assert.match(await ann.shownText(), /before offline/);
    await ann.press("Control+End");
    await ann.type("reloaded ");
    await ann.stored();
    await picture(ann, `after-reload-${kind}`, ".banner");
    await desk.context.close();
    await desk.launch();
    await ben.press("Control+Home");
    await ben.type("from ben ");
    await ben.saved();
    const start = Editor.of(await desk.context.newPage());
    await start.page.goto(desk.proxy.url);
    await start.page.getByTestId("unsent-document").waitFor();
    await picture(start, `start-${kind}`);
    const again = await desk.tab(url);
    assert.equal(await text(again), "before offline reloaded ");
    await again.press("Control+End");
    await again.type("again");
    desk.proxy.heal();
    await again.saved();
    await eventually(async () => await text(ben) === "from ben before offline reloaded again", async () => text(ben));
    assert.equal(await text(again), await text(ben));
    assert.equal(plainTextOf((await server.document(ben.documentId)).content), await text(ben));
    await start.page.getByTestId("unsent-document").waitFor({ state: "detached" });
    assert.deepEqual([...again.problems, ...ben.problems], []);
    await ben.context.close();
  });
}

test("what was shown as stored when the browser was killed is there", async (context) => {
  const desk = await Desk.set(context);
  let ann = await desk.create("new-text");
  const { url } = ann;
  desk.proxy.cut();
  for (let round = 0; round < 3; ++round) {
    const before = (await text(ann)).length;
    const typed = ann.type(`round ${round} ${"typing on and on ".repeat(60)}`, 5).catch(() => undefined);
    let stored = "";
    const until = Date.now() + 500;
    while (Date.now() < until || stored.length < before + 20) stored = (await ann.storedText()) ?? stored;
    await desk.kill();
    await typed;
    await desk.launch();
    ann = await desk.tab(url);
    assert.ok((await text(ann)).startsWith(stored), `${await text(ann)} begins with ${stored}`);
    await ann.press("Control+End");
  }
  const all = await text(ann);
  desk.proxy.heal();
  await ann.saved();
  assert.equal((await server.document(ann.documentId)).content, all);
});

test("two tabs and a duplicate of one, closed offline: the text of all is sent once", async (context) => {
  const desk = await Desk.set(context);
  const one = await desk.create("new-text");
  await one.type("- ");
  await one.saved();
  const { url } = one;
  const two = await desk.tab(url);
  await two.saved();
  const opened = desk.context.waitForEvent("page");
  // As "duplicate tab" does: it copies sessionStorage.
  await one.page.evaluate(() => { window.open(location.href); });
  const three = Editor.of(await opened);
  await three.ready();
  const tabs = [one, two, three];
  const ids = await Promise.all(tabs.map(({ page }) => page.evaluate(() => window.cloudsync.document.clientId)));
  assert.equal(new Set(ids).size, 3, "each has an id of its own");
  desk.proxy.cut();
  for (const [i, tab] of tabs.entries()) {
    await tab.offline();
    await tab.press("Control+End");
    await tab.type(`tab${i} `);
    await tab.stored();
  }
  await desk.context.close();
  await desk.launch();
  const last = await desk.tab(url);
  desk.proxy.heal();
  await last.saved();
  const sent = async () => (await server.document(last.documentId)).content;
  await eventually(async () => (await sent()).length === "- tab0 tab1 tab2 ".length, async () => sent());
  for (let i = 0; i < 3; ++i) assert.equal((await sent()).split(`tab${i} `).length, 2, await sent());
  await eventually(async () => await text(last) === await sent(), "the tab has it, too");
});

test("a server that came back with an older state: the text is a copy until it is dismissed", async (context) => {
  const desk = await Desk.set(context);
  const ann = await desk.create("new-rich-text");
  await ann.type("backed up ");
  await ann.saved();
  await server.stop();
  const backup = `${server.dataDir}-backup`;
  await cp(server.dataDir, backup, { recursive: true });
  await server.launch();
  await ann.saved();
  await ann.type("acknowledged ");
  await ann.saved();
  desk.proxy.cut();
  await ann.offline();
  await ann.type("and typed offline");
  await ann.stored();
  await server.stop();
  await rm(server.dataDir, { recursive: true });
  await cp(backup, server.dataDir, { recursive: true });
  await rm(backup, { recursive: true });
  await server.launch();
  await ann.page.reload();
  await ann.shown();
  desk.proxy.heal();
  const copy = ann.page.getByTestId("unsent-copy");
  await copy.waitFor();
  assert.equal(await copy.getByRole("textbox").inputValue(), "and typed offline");
  await ann.saved();
  assert.equal(await text(ann), "backed up ");
  await picture(ann, "copy");
  await ann.page.reload();
  await copy.waitFor();
  await copy.getByRole("button", { name: "Dismiss" }).click();
  await copy.waitFor({ state: "detached" });
  await ann.page.reload();
  await ann.saved();
  assert.equal(await copy.count(), 0);
});

test("without IndexedDB the page says that the tab alone has it, and asks before it goes", async () => {
  const proxy = await Proxy.to(server.port);
  const ann = await Editor.blank(browser);
  await ann.page.addInitScript(() => Object.defineProperty(window, "indexedDB", { value: undefined }));
  await ann.page.goto(proxy.url);
  await ann.page.getByTestId("new-rich-text").click();
  await ann.ready();
  const spoken = await ann.page.getByTestId("save-state").getByRole("status").elementHandle();
  await spoken.evaluate((status) => {
    window.spoken = [];
    new MutationObserver(() => window.spoken.push(status.textContent))
      .observe(status, { childList: true, characterData: true, subtree: true });
  });
  proxy.cut();
  await ann.offline();
  await ann.type("here alone");
  assert.equal(await ann.page.getByTestId("save-state").getAttribute("data-stored"), "false");
  assert.match(await ann.page.getByTestId("save-state").innerText(), /in this tab only/);
  await eventually(async () => (await spoken.textContent()).includes("in this tab only"), "it is spoken");
  assert.doesNotMatch((await ann.page.evaluate(() => window.spoken)).join(), /on this device/);
  assert.ok(await ann.isGuarded());
  await picture(ann, "no-journal", ".banner");
  proxy.heal();
  await ann.saved();
  assert.ok(!(await ann.isGuarded()));
  await ann.context.close();
  proxy.close();
});

test("a screen reader hears that the page is offline while keys are typed", async (context) => {
  const desk = await Desk.set(context);
  const ann = await desk.create("new-rich-text");
  await ann.type("before");
  await ann.saved();
  desk.proxy.cut();
  const spoken = ann.page.getByTestId("save-state").getByRole("status");
  for (let keys = 0; (await spoken.textContent()) !== "Offline. Changes are kept on this device and sent later."; keys++) {
    assert.ok(keys < 500, await spoken.textContent());
    await ann.type("x");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  desk.proxy.heal();
  await ann.saved();
});

test("a document that is not on this device says so offline, and opens by itself", async (context) => {
  const desk = await Desk.set(context);
  const ann = await desk.create("new-text");
  const other = await server.createDocument("text");
  desk.proxy.cut();
  const page = await desk.context.newPage();
  await page.goto(`${desk.proxy.url}/d/${other}`);
  await page.getByTestId("waiting-for-connection").waitFor();
  await picture({ page }, "waiting");
  desk.proxy.heal();
  await Editor.of(page).ready();
  await ann.saved();
});
