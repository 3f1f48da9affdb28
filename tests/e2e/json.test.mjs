// A JSON document in the browser: shown as programs change it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { call, connect, connected } from "../integration/client.mjs";
import { eventually } from "../integration/server.mjs";
import { Editor, stage } from "./editor.mjs";

const { server, browser } = await stage();

test("a JSON document is shown, live", async (context) => {
  const documentId = await server.createDocument("json", "Machines");
  const editor = await Editor.blank(browser);
  await editor.page.goto(`${server.url}/d/${documentId}`);
  const shown = async () => JSON.parse(await editor.page.getByTestId("json").textContent());
  assert.deepEqual(await shown(), {});
  const socket = connect(server.url, { transports: ["websocket"] });
  context.after(() => socket.close());
  await connected(socket);
  await call(socket, "join-document", { documentId });
  const op = [{ p: ["press"], oi: { state: "on", "<b>": "<i>" } }];
  assert.ok((await call(socket, "submit-op", { documentId, revision: 0, seq: 1, op })).ok);
  await eventually(async () => (await shown()).press?.state === "on", "the change is shown");
  await editor.page.goto(server.url);
  await editor.page.getByText("Machines").click();
  assert.equal((await shown()).press.state, "on");
  assert.deepEqual(editor.problems, []);
  await editor.context.close();
});
