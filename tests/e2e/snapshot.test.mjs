// A document whose content is too large for the join reply: it comes by `snapshotUrl`, while live
// operations wait for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { eventually } from "../integration/server.mjs";
import { Editor, plainTextOf, stage } from "./editor.mjs";

const kLine = "A line of a long document. ";
const kLarge = kLine.repeat(200);

// Far below the 256 KiB of the default: the path is the same, and the test quick.
const { server, browser } = await stage({ args: ["--limits.inline-snapshot-bytes", "1024"] });

for (const kind of ["new-rich-text", "new-text"]) {
  test(`a large document opened by a second person is whole and goes on converging (${kind})`, async () => {
    const ann = await Editor.create(browser, server.url, kind);
    await ann.paste(kLarge);
    await ann.saved();
    const ben = await Editor.blank(browser);
    // What ann types while the snapshot is on its way must not be lost: it is held until she is done.
    let fetched = 0;
    let arrive;
    const typed = new Promise((resolve) => { arrive = resolve; });
    await ben.page.route("**/snapshot?revision=*", async (route) => {
      ++fetched;
      const response = await route.fetch();
      await typed;
      await route.fulfill({ response });
    });
    const opened = ben.page.goto(ann.url).then(() => ben.ready());
    await eventually(() => fetched === 1, "the snapshot is asked for by its address");
    await ann.press("Control+End");
    await ann.type("meanwhile ");
    await ann.saved();
    arrive();
    await opened;
    await eventually(async () => plainTextOf(await ben.content()) === `${kLarge}meanwhile `, "the whole content");
    await Promise.all([ann.type("from ann "), ben.press("Control+Home").then(() => ben.type("from ben "))]);
    let stored, contents;
    await eventually(async () => {
      await ann.saved();
      await ben.saved();
      stored = (await server.document(ann.documentId)).content;
      contents = await Promise.all([ann.content(), ben.content()]);
      return contents.every((content) => isDeepStrictEqual(content.ops ?? content, stored));
    }, "both have what the server has", 30_000);
    const text = plainTextOf(stored);
    assert.equal(text, `from ben ${kLarge}meanwhile from ann `);
    assert.equal(await ben.shownText(), await ann.shownText());
    assert.equal(fetched, 1);
    for (const editor of [ann, ben]) {
      assert.deepEqual(editor.problems, []);
      await editor.context.close();
    }
  });
}
