// The test we trust most: clients edit at random while the network delays, doubles and cuts. At the
// end all hold the server's content and every edit is there exactly once. A failure names its seed;
// CS_SEED=n runs that one alone.

import { describe, expect, test } from "vitest";

import { CloudSyncClient, CollaborativeDocument, Delta, MemoryIdentity } from "../src/index.js";
import type { TypeName } from "../src/index.js";
import { typeByName } from "../src/ot/types.js";
import { FakeAuthority } from "./support/fake_authority.js";
import { FakeScheduler, seededRandom } from "./support/fake_scheduler.js";
import { FakeServer } from "./support/fake_server.js";

declare const process: { env: Record<string, string | undefined> };

const kSeeds = process.env.CS_SEED === undefined ? 100 : 1;
const kFirstSeed = Number(process.env.CS_SEED ?? "1");

type Random = () => number;

function pick(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** Text that can be told from all others, with characters of one and two units. */
function marker(random: Random, counter: { value: number }): string {
  return `${["", "é", "😀", "👩‍👧"][pick(random, 4)] ?? ""}<${String(counter.value++).padStart(4, "0")}>`;
}

function editText(document: CollaborativeDocument<"text">, random: Random, text: string): void {
  const length = [...document.content].length;
  const at = pick(random, length + 1);
  const skip = at === 0 ? [] : [at];
  const deletable = Math.min(length - at, pick(random, 4));
  document.submit(deletable > 0 && random() < 0.3 ? [...skip, text, { d: deletable }] : [...skip, text]);
}

function editRichText(document: CollaborativeDocument<"rich-text">, random: Random, text: string): void {
  const length = document.content.length() - 1;
  const at = pick(random, length + 1);
  const delta = new Delta().retain(at);
  const rest = Math.min(length - at, pick(random, 4));
  const kind = random();
  if (kind < 0.4) delta.insert(text, random() < 0.5 ? { bold: true } : {});
  else if (kind < 0.6) delta.insert({ image: text });
  else if (kind < 0.8 && rest > 0) delta.retain(rest, { italic: random() < 0.5 ? true : null });
  else if (rest > 0) delta.delete(rest);
  else delta.insert(text);
  document.submit(delta);
}

type Note = { text: string; done: number };
type Notes = { title: string; notes: readonly Note[]; tags: Record<string, string> };

function editJson(document: CollaborativeDocument<"json">, random: Random, text: string): void {
  const { title, notes, tags } = document.content as Notes;
  const at = pick(random, notes.length + 1);
  const note = notes[at];
  const tag = `tag${pick(random, 3)}`;
  const present = tags[tag];
  const kind = random();
  if (kind < 0.3 || note === undefined) document.submit([{ p: ["notes", at], li: { text, done: 0 } }]);
  else if (kind < 0.5) document.submit([{ p: ["notes", at, "text", 0], si: text }]);
  else if (kind < 0.6) document.submit([{ p: ["notes", at, "done"], na: 1 }]);
  else if (kind < 0.7) document.submit([{ p: ["notes", at], lm: pick(random, notes.length) }]);
  else if (kind < 0.8) document.submit([{ p: ["notes", at], ld: note }]);
  else if (kind < 0.9) document.submit([{ p: ["tags", tag], oi: text, ...(present === undefined ? {} : { od: present }) }]);
  else document.submit([{ p: ["title", title.length], si: text }]);
}

const kStart: Record<TypeName, unknown> = {
  text: "start",
  "rich-text": [{ insert: "start\n" }],
  json: { title: "", notes: [], tags: {} },
};

async function simulate(typeName: TypeName, seed: number): Promise<void> {
  const scheduler = new FakeScheduler(seed);
  const random = seededRandom(seed * 7919);
  const server = new FakeServer(scheduler, { delayMs: 60, duplicate: 0.1, fetchLimit: 1 + pick(random, 5) });
  const authority = new FakeAuthority(typeName, kStart[typeName]);
  server.documents.set("d", authority);
  const counter = { value: 0 };
  const clients = [0, 1, 2].map(
    () => new CloudSyncClient({
      url: "http://x", identity: new MemoryIdentity(), scheduler, transport: server.transport,
    }),
  );
  const opening = clients.map((client) => client.open("d"));
  await scheduler.run(5_000);
  const documents = await Promise.all(opening);
  documents.forEach(checkChangesAddUp);
  for (let i = 0; i < 60; i++) {
    const document = documents[pick(random, documents.length)];
    if (document?.is("text") === true) editText(document, random, marker(random, counter));
    else if (document?.is("rich-text") === true) editRichText(document, random, marker(random, counter));
    else if (document?.is("json") === true) editJson(document, random, marker(random, counter));
    if (random() < 0.08) server.cutRandom();
    if (random() < 0.02) server.cutAll();
    const held = documents[pick(random, documents.length)];
    if (random() < 0.1 && held !== undefined) {
      held.hold();
      scheduler.after(200, () => held.release());
    }
    await scheduler.run(pick(random, 80));
  }
  await scheduler.run(60_000);
  for (const document of documents) {
    expect(document.state, `seed ${seed}`).toBe("saved");
    expect(document.revision, `seed ${seed}`).toBe(authority.revision);
    expect(document.content, `seed ${seed}`).toEqual(authority.content);
  }
  expect(server.violations).toEqual([]);
  expectNoDuplicates(authority, seed);
}

/** What the change events tell an editor leads to the same content. */
function checkChangesAddUp(document: CollaborativeDocument): void {
  const type = typeByName(document.type);
  let shown = document.content;
  document.on("change", ({ op }) => {
    shown = type.apply(shown, op);
    expect(shown).toEqual(document.content);
  });
}

function expectNoDuplicates(authority: FakeAuthority, seed: number): void {
  const keys = authority.log.map((entry) => `${entry.clientId}/${entry.seq}`);
  expect(new Set(keys).size, `seed ${seed}`).toBe(keys.length);
  // What a json operation deletes is named in it.
  const inserting = JSON.stringify(authority.log, (key, value: unknown) => (/^[lo]d$/.test(key) ? null : value));
  const inserted = inserting.match(/<\d{4}>/g) ?? [];
  expect(new Set(inserted).size, `seed ${seed}`).toBe(inserted.length);
}

describe.each(["text", "rich-text", "json"] as const)("%s", (typeName) => {
  test(`converges over ${kSeeds} seeds of a bad network`, { timeout: 120_000 }, async () => {
    for (let seed = kFirstSeed; seed < kFirstSeed + kSeeds; seed++) {
      await simulate(typeName, seed);
      // The runner's own messages need a turn of the loop.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  });
});
