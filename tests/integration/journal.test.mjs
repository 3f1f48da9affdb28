// Clients with a journal, and the server, are killed (SIGKILL) under typing, again and again. What a client
// said that its journal has is in the log once, and cloudsync-check finds nothing in what all of them saw.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { check, exportLog } from "./history.mjs";
import { eventually, freePort, Server } from "./server.mjs";
import { Typist } from "./typist.mjs";

const kRounds = Number(process.env.CS_KILLS ?? 12);
const kProgram = fileURLToPath(new URL("journal_client.mjs", import.meta.url));

class WordTypist extends Typist {
  constructor(url, documentId, name, folder) {
    const files = [`${name}.journal`, `${name}.history`].map((file) => join(folder, file));
    super(kProgram, [url, documentId, name, ...files], (kind, value) => {
      if (kind === "typed") this.typed.add(Number(value));
      else if (kind === "copy") this.copies.push(value);
    });
    Object.assign(this, { name, typed: new Set(), copies: [] });
  }
}

test(`clients and server are killed ${kRounds} times: what a journal has is in the log once`, async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "cloudsync-journal-"));
  const server = await Server.start({ port: await freePort(), args: ["--history", join(folder, "node.history")] });
  const documentId = await server.createDocument("text");
  const typists = ["a", "b", "c"].map((name) => new WordTypist(server.url, documentId, name, folder));
  context.after(async () => {
    for (const typist of typists) await typist.kill();
    await server.dispose();
    await rm(folder, { recursive: true, force: true });
  });
  for (const typist of typists) typist.launch();
  for (let round = 0; round < kRounds; ++round) {
    const typist = typists[round % typists.length];
    const before = typist.typed.size;
    await eventually(() => typist.typed.size >= before + 20, `${typist.name} goes on`);
    // Each kind of end: the client alone, the server alone, both with the server away for a while.
    if (round % 3 !== 1) await typist.kill();
    if (round % 3 !== 0) await server.kill();
    if (round % 3 === 2) {
      typist.launch();
      await eventually(() => typist.typed.size >= before + 40, `${typist.name} types without the server`);
      await typist.kill();
    }
    if (round % 3 !== 0) await server.launch();
    if (round % 3 !== 1) typist.launch();
  }
  for (const typist of typists) typist.stopTyping();
  await eventually(() => typists.every(({ isSaved }) => isSaved), "all is saved");
  const { content, revision } = await server.document(documentId);
  await Promise.all(typists.map((typist) => typist.finish(revision)));
  for (const { name, typed, copies } of typists) {
    assert.deepEqual(copies, []);
    const words = [...content.matchAll(new RegExp(`${name}(\\d+);`, "g"))].map(([, number]) => Number(number));
    assert.equal(new Set(words).size, words.length, `${name} has a word twice`);
    assert.deepEqual([...typed].filter((number) => !words.includes(number)), [], `words of ${name} are lost`);
  }
  await server.stop();
  await exportLog(server.dataDir, join(folder, "log.history"));
  const files = ["node", "log", "a", "b", "c"].map((name) => join(folder, `${name}.history`));
  const { code, stdout } = await check(files);
  assert.equal(code, 0, stdout);
  console.log(`${typists.map(({ name, typed }) => `${name}: ${typed.size} words`).join(", ")}\n${stdout.trim()}`);
});
