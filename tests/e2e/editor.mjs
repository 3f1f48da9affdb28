// A person at an editor: one browser context with the page of a document open.
import { after } from "node:test";
import { chromium } from "playwright-core";
import { Server } from "../integration/server.mjs";

const kFlags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: kFlags });

/** A browser with its profile in a folder, which outlives it. */
export const launchWithProfile = (folder) =>
  chromium.launchPersistentContext(folder, { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: kFlags });

/** A server and a browser for all tests of a file; both end with it. */
export async function stage(serverOptions) {
  const server = await Server.start(serverOptions);
  let browser;
  after(async () => {
    await browser?.close();
    await server.dispose();
  });
  browser = await launch();
  return { server, browser };
}

export class Editor {
  /** A new context with an empty page; `problems` collects what its scripts throw. */
  static async blank(browser, options = {}) {
    return Editor.of(await (await browser.newContext(options)).newPage());
  }

  /** The person at a page that is there. */
  static of(page) {
    const editor = new Editor();
    editor.context = page.context();
    editor.page = page;
    editor.problems = [];
    page.on("pageerror", (error) => editor.problems.push(String(error)));
    return editor;
  }

  /** Opens a new context (a browser of its own: no shared cookies or storage) at `url`. */
  static async open(browser, url, options = {}) {
    const editor = await Editor.blank(browser, options);
    editor.page.on("console", (message) => {
      // A lost connection is logged by the browser itself; everything else is a fault of ours.
      if (message.type() === "error" && !/ERR_|WebSocket connection|Failed to load resource/.test(message.text())) {
        editor.problems.push(message.text());
      }
    });
    await editor.page.goto(url);
    await editor.ready();
    return editor;
  }

  /** Creates a document on the start page, the way a person does. */
  static async create(browser, url, kind = "new-rich-text", options = {}) {
    const editor = await Editor.blank(browser, options);
    await editor.page.goto(url);
    await editor.page.getByTestId(kind).click();
    await editor.page.waitForURL(/\/d\//);
    await editor.ready();
    return editor;
  }

  async ready() {
    await this.shown();
    await this.saved();
  }

  /** The document is there to be edited, saved or not. */
  async shown() {
    this.box = this.page.getByTestId("editor");
    await this.box.waitFor();
    await this.page.waitForFunction(() => window.cloudsync?.document !== undefined);
  }

  /** The app opens without the server from now on. */
  async installed() {
    await this.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await this.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  }

  get url() { return this.page.url(); }
  get documentId() { return this.url.split("/d/")[1]; }

  /** The element that takes the typing. */
  get field() { return this.page.locator(".ql-editor"); }

  async type(text, delay = 0) {
    await this.field.pressSequentially(text, { delay });
  }

  async press(keys) { await this.field.press(keys); }

  async select(index, length) {
    await this.field.focus();
    await this.press("Control+Home");
    for (let i = 0; i < index; ++i) await this.press("ArrowRight");
    for (let i = 0; i < length; ++i) await this.press("Shift+ArrowRight");
  }

  /** A paste of the clipboard's `text/plain` and, if given, `text/html`. */
  async paste(text, html) {
    await this.field.focus();
    await this.field.evaluate((element, pasted) => {
      const data = new DataTransfer();
      data.setData("text/plain", pasted.text);
      if (pasted.html !== undefined) data.setData("text/html", pasted.html);
      element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }, { text, html });
  }

  /**
   * Drops `data` (by type) at the first line's start, or at the last one's end; without data the selection,
   * which is dragged there. Real drags by mouse are left to chance in headless Chromium.
   */
  async drop(where, data, ctrlKey = false) {
    await this.field.evaluate((element, { where, data, ctrlKey }) => {
      const isStart = where === "start";
      const range = document.createRange();
      range.selectNodeContents(isStart ? element.firstElementChild : element.lastElementChild);
      const { left, right, top, bottom } = range.getBoundingClientRect();
      const dataTransfer = new DataTransfer();
      const init = { dataTransfer, bubbles: true, cancelable: true, ctrlKey };
      for (const [type, value] of Object.entries(data ?? { "text/plain": String(getSelection()) })) dataTransfer.setData(type, value);
      if (data === undefined) element.dispatchEvent(new DragEvent("dragstart", init));
      element.dispatchEvent(new DragEvent("drop", { ...init, clientX: isStart ? left + 1 : right - 1, clientY: (top + bottom) / 2 }));
    }, { where, data, ctrlKey });
  }

  saveState() { return this.page.getByTestId("save-state").getAttribute("data-state"); }

  async saved(timeout = 30_000) {
    await this.page.locator('[data-testid="save-state"][data-state="saved"]').waitFor({ timeout });
  }

  async offline() {
    await this.page.locator('[data-testid="save-state"][data-state="offline"]').waitFor({ timeout: 30_000 });
  }

  /** Every edit is on this device, or on the server. */
  async stored() {
    await this.page.locator('[data-testid="save-state"][data-stored="true"]').waitFor({ timeout: 30_000 });
  }

  /** The text, if all of it is stored at this moment. */
  storedText() {
    return this.page.evaluate(() => {
      const isStored = document.querySelector('[data-testid="save-state"]').dataset.stored === "true";
      return isStored && window.cloudsync.document.isStored ? window.cloudsync.document.content : null;
    });
  }

  /** Whether the page asks before it goes. */
  isGuarded() {
    return this.page.evaluate(() => {
      const event = new Event("beforeunload", { cancelable: true });
      window.dispatchEvent(event);
      return event.defaultPrevented;
    });
  }

  content() { return this.page.evaluate(() => JSON.parse(JSON.stringify(window.cloudsync.document.content))); }

  revision() { return this.page.evaluate(() => window.cloudsync.document.revision); }

  /** What is on the screen, not what the model says. */
  shownText() { return this.field.evaluate((element) => element.innerText.replaceAll("\u00a0", " ")); }
}

export const textOf = (delta) =>
  (delta.ops ?? delta).map(({ insert }) => (typeof insert === "string" ? insert : "\ufffc")).join("");

/** Of a document of either type; without the line end that a rich text ends with. */
export const plainTextOf = (content) => (typeof content === "string" ? content : textOf(content).replace(/\n$/, ""));
