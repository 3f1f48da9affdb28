// Pages of one browser, and others', edit at random while pages crash, reload, are duplicated and closed, the
// journal is slow or full, and the network is bad. What was shown as saved, or as stored on the device when its
// page went, is in the log once in the end, or a copy; what was not, once at most. A failure names its seed; CS_SEED=n runs that one alone,
// CS_SEEDS=m so many from it on.

import { describe, expect, test } from "vitest";

import { Delta, type CollaborativeDocument, type TypeName } from "../src/index.js";
import { Device, sameTab, type Page } from "./support/device.js";
import { FakeAuthority } from "./support/fake_authority.js";
import { FakeScheduler, seededRandom } from "./support/fake_scheduler.js";
import { FakeServer } from "./support/fake_server.js";

declare const process: { env: Record<string, string | undefined> };

const kSeeds = Number(process.env.CS_SEEDS ?? (process.env.CS_SEED === undefined ? "30" : "1"));
const kFirstSeed = Number(process.env.CS_SEED ?? "1");
const kPages = 3;
const kSteps = 80;
/** What is typed is one character, which no edit splits, and a new one each time: of the private use area. */
const kFirstCharacter = 0xe000;

const kStart: Record<TypeName, unknown> = {
  text: "start", "rich-text": [{ insert: "start\n" }], json: { list: [], text: "" },
};

class Run {
  readonly random: () => number;
  readonly scheduler: FakeScheduler;
  readonly server: FakeServer;
  readonly device: Device;
  readonly authority: FakeAuthority;
  readonly pages: Page[] = [];
  /** Every text that was typed, where, and whether it must be in the log in the end: it was saved, or is stored. */
  readonly typed = new Map<string, { document: CollaborativeDocument; isKept: boolean }>();
  #count = 0;

  constructor(readonly typeName: TypeName, readonly seed: number) {
    this.random = seededRandom(seed * 104_729);
    this.scheduler = new FakeScheduler(seed);
    this.server = new FakeServer(this.scheduler, { delayMs: 60, duplicate: 0.1, fetchLimit: 1 + this.pick(5) });
    this.device = new Device(this.scheduler, this.server);
    this.device.delayMs = [0, 5, 100][this.pick(3)] ?? 0;
    this.authority = new FakeAuthority(typeName, kStart[typeName]);
    this.server.documents.set("d", this.authority);
  }

  pick(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** Opens the document in a new page, which may have to wait for the network. */
  open(storage?: Storage): void {
    const page = this.device.page(storage);
    this.pages.push(page);
    void page.open().catch(() => undefined);
  }

  readonly documents = new Map<Page, CollaborativeDocument>();
  /** As it was when the page had the document. */
  readonly storages = new Map<Page, Storage>();

  /** Learns which pages have the document by now. */
  async look(): Promise<void> {
    for (const page of this.pages) {
      if (this.documents.has(page)) continue;
      void page.open().then((document) => {
        this.documents.set(page, document);
        this.storages.set(page, sameTab(page));
      }, () => undefined);
    }
    await this.scheduler.run(this.pick(80));
    for (const document of this.documents.values()) {
      if (!document.hasUnsavedChanges && document.isStored) this.#keep(document);
    }
  }

  type(page: Page): void {
    const document = this.documents.get(page);
    if (document === undefined) return;
    const text = String.fromCharCode(kFirstCharacter + this.#count++);
    if (document.is("text")) {
      const at = this.pick([...document.content].length + 1);
      document.submit(at === 0 ? [text] : [at, text]);
    } else if (document.is("rich-text")) {
      document.submit(new Delta().retain(this.pick(document.content.length())).insert(text, this.pick(2) === 0 ? { bold: true } : {}));
    } else if (document.is("json")) {
      const { list, text: string } = document.content as { list: unknown[]; text: string };
      if (this.pick(2) === 0) document.submit([{ p: ["list", this.pick(list.length + 1)], li: text }]);
      else document.submit([{ p: ["text", this.pick(string.length + 1)], si: text }]);
    }
    this.typed.set(text, { document, isKept: false });
  }

  #keep(document: CollaborativeDocument): void {
    for (const typed of this.typed.values()) if (typed.document === document) typed.isKept = true;
  }

  /** It goes on with what earlier pages left, and says that not all of it is stored now. */
  #doubt(document: CollaborativeDocument): void {
    const [content, log] = [JSON.stringify(document.content), JSON.stringify(this.authority.log)];
    for (const [text, typed] of this.typed) {
      if (content.includes(text) && !log.includes(text)) typed.isKept = false;
    }
  }

  kill(page: Page): void {
    const document = this.documents.get(page);
    if (document?.isStored === true) this.#keep(document);
    else if (document !== undefined) this.#doubt(document);
    page.kill();
    this.pages.splice(this.pages.indexOf(page), 1);
    this.documents.delete(page);
  }

  async step(): Promise<void> {
    const page = this.pages[this.pick(this.pages.length)];
    const kind = this.random();
    if (page === undefined) return this.open();
    if (kind < 0.7) this.type(page);
    else if (kind < 0.76) this.server.cutRandom();
    else if (kind < 0.79) {
      this.server.isUp = !this.server.isUp;
      if (!this.server.isUp) this.server.cutAll();
    } else if (kind < 0.87) {
      // A browser that crashed may bring back sessionStorage as it was before.
      const storage = this.random() < 0.3 ? this.storages.get(page) : sameTab(page);
      this.kill(page);
      this.open(storage);
    } else if (kind < 0.92) {
      this.kill(page);
      this.open();
    } else if (kind < 0.94) this.open(sameTab(page));
    else if (kind < 0.95) this.device.isFull = !this.device.isFull;
    else if (this.pages.length > kPages) this.kill(page);
  }

  async finish(): Promise<void> {
    this.server.isUp = true;
    this.device.isFull = false;
    await this.scheduler.run(20_000);
    if (this.pages.length === 0) this.open();
    await this.scheduler.run(180_000);
    await this.look();
    await this.scheduler.run(60_000);
  }

  check(): void {
    const name = `seed ${this.seed}`;
    const log = JSON.stringify(this.authority.log);
    const keys = this.authority.log.map(({ clientId, seq }) => `${clientId}/${seq}`);
    expect(new Set(keys).size, name).toBe(keys.length);
    const copies = this.pages.flatMap(({ client }) => client.copies.list("d").map(({ insertedText }) => insertedText)).join();
    for (const [text, { isKept }] of this.typed) {
      const times = log.split(text).length - 1;
      const number = text.charCodeAt(0) - kFirstCharacter;
      expect(times, `${name}: edit ${number} is there more than once`).toBeLessThanOrEqual(1);
      if (isKept) expect(times === 1 || copies.includes(text), `${name}: edit ${number} was kept and is lost`).toBe(true);
    }
    for (const document of this.documents.values()) {
      expect(document.state, name).toBe("saved");
      expect(document.content, name).toEqual(this.authority.content);
    }
    expect(this.server.violations, name).toEqual([]);
    // No two pages ever were the same client at once.
    expect(this.server.supersededCount, name).toBe(0);
  }
}

describe.each(["text", "rich-text", "json"] as const)("%s", (typeName) => {
  test(`nothing that was stored is lost or doubled over ${kSeeds} seeds`, { timeout: 3_600_000 }, async () => {
    let copies = 0;
    for (let seed = kFirstSeed; seed < kFirstSeed + kSeeds; seed++) {
      const run = new Run(typeName, seed);
      for (let i = 0; i < kPages; i++) run.open();
      await run.look();
      for (let i = 0; i < kSteps; i++) {
        await run.step();
        await run.look();
      }
      await run.finish();
      run.check();
      copies += run.pages[0]?.client.copies.list().length ?? 0;
      for (const page of [...run.pages]) run.kill(page);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    // Text is given back only where the journal failed under a crash: seldom.
    expect(copies).toBeLessThan(kSeeds);
  });
});
