// The SDK's state machine answers the scripts of tests/conformance/vectors/client as its C++ twin does
// (tests/conformance/client_vectors_test.cc). They were recorded from it: CS_RECORD=1 writes them again, after
// which the twin has the last word.

import { describe, expect, test } from "vitest";

import type { TypeName } from "../src/index.js";
import { ClientDriver, type Answer, type Script } from "./support/client_driver.js";
import { writeScripts } from "./support/client_script.js";
import json from "../../../tests/conformance/vectors/client/json.jsonl?raw";
import richText from "../../../tests/conformance/vectors/client/rich-text.jsonl?raw";
import text from "../../../tests/conformance/vectors/client/text.jsonl?raw";

declare const process: { env: Record<string, string | undefined> };

const kScripts = 20;
const kFolder = "../../tests/conformance/vectors/client";

async function record(type: TypeName): Promise<string> {
  const lines = writeScripts(type, kScripts).map((script) => `${JSON.stringify(script)}\n`).join("");
  // There are no types of Node.js here.
  const files = (await import("node:fs" as string)) as { writeFileSync(path: string, text: string): void };
  files.writeFileSync(`${kFolder}/${type}.jsonl`, lines);
  return lines;
}

describe.each([["text", text], ["rich-text", richText], ["json", json]] as const)("%s", (type, recorded) => {
  test("every script is answered as it was", async () => {
    const lines = process.env.CS_RECORD === "1" ? await record(type) : recorded;
    const scripts = lines.trim().split("\n").map((line) => JSON.parse(line) as Script);
    expect(scripts.length).toBe(kScripts);
    for (const { name, self, steps } of scripts) {
      const driver = new ClientDriver(type, self);
      let expected: Partial<Answer> = {};
      steps.forEach(({ answer, ...call }, i) => {
        expected = { ...expected, ...answer };
        expect(driver.run(call), `${name}, step ${i}: ${call.call}`).toEqual(expected);
      });
      expect(expected.saved, name).toBe(true);
    }
  });
});
