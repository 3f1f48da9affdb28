// kill -9 of the server under typing in two browsers, again and again: clients go on by themselves, and
// every keystroke is there once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, freePort, Server } from "../integration/server.mjs";
import { Editor, launch, textOf } from "./editor.mjs";

const kKills = Number(process.env.CS_KILLS ?? 20);

test(`the server is killed ${kKills} times under typing`, async () => {
  const server = await Server.start({ port: await freePort() });
  const browser = await launch();
  const ann = await Editor.create(browser, server.url);
  const ben = await Editor.open(browser, ann.url);
  let typing = true;
  const typed = { a: 0, b: 0 };
  const typist = async (editor, letter) => {
    while (typing) {
      await editor.type(`${letter}${typed[letter]} `, 5);
      ++typed[letter];
    }
  };
  const typists = [typist(ann, "a"), typist(ben, "b")];
  const gaps = [];
  for (let kill = 0; kill < kKills; ++kill) {
    await ann.page.waitForTimeout(200 + 200 * Math.random());
    await server.kill();
    await ann.page.waitForTimeout(100 * (kill % 4));
    await server.launch();
    const back = Date.now();
    const before = Math.max(await ann.revision(), await ben.revision());
    await eventually(async () => Math.min(await ann.revision(), await ben.revision()) > before, "both go on by themselves");
    gaps.push(Date.now() - back);
  }
  typing = false;
  await Promise.all(typists);
  for (const editor of [ann, ben]) await editor.saved(60_000);
  const { content, revision } = await server.document(ann.documentId);
  await eventually(async () => (await ann.revision()) === revision && (await ben.revision()) === revision, "both caught up");
  for (const editor of [ann, ben]) {
    const own = await editor.content();
    assert.deepEqual(own.ops ?? own, content);
    assert.deepEqual(editor.problems, []);
  }
  const text = textOf(content);
  const total = Array.from({ length: typed.a }, (_, i) => `a${i} `).join("").length +
    Array.from({ length: typed.b }, (_, i) => `b${i} `).join("").length;
  assert.equal(text.length, total + 1, "every keystroke once");
  gaps.sort((a, b) => a - b);
  console.log(`# ${kKills} kills, ${revision} operations; ms from the port being back to both clients' next ` +
    `committed operation: median ${gaps[gaps.length >> 1]}, max ${gaps.at(-1)}`);
  await browser.close();
  await server.dispose();
});
