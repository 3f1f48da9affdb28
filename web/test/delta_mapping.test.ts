import { describe, expect, test } from "vitest";
import { Delta } from "@cloudsync/client";

import { fromView, isSafeLink, toView } from "../src/editor/delta_mapping";
import { completeUrl } from "../src/editor/links";

describe("what Quill shows of a document", () => {
  test("keeps the formats of the editor, leaves out all others", () => {
    const delta = new Delta().insert("x", { bold: true, onclick: "alert(1)", constructor: true, color: "red" });
    expect(toView(delta).ops).toEqual([{ insert: "x", attributes: { bold: true } }]);
  });

  test("leaves out values that a format does not have", () => {
    const delta = new Delta().insert("\n", { header: 99 }).insert("\n", { list: "evil" }).insert("x", { bold: "1" });
    expect(toView(delta).ops).toEqual([{ insert: "\n\nx" }]);
  });

  test("a value that is not shown takes the shown one away", () => {
    expect(toView(new Delta().retain(3, { header: 99 })).ops).toEqual([{ retain: 3, attributes: { header: null } }]);
    expect(toView(new Delta().retain(3, { bold: null })).ops).toEqual([{ retain: 3, attributes: { bold: null } }]);
  });

  test("an embed is a placeholder of the same length, and comes back as it was", () => {
    const delta = new Delta().insert("a").insert({ image: "http://x/y.png" }).insert("b\n");
    const view = toView(delta);
    expect(view.length()).toBe(delta.length());
    expect(JSON.stringify(view.ops)).toContain("unsupported");
    expect(fromView(view).ops).toEqual(delta.ops);
  });

  test("line ends keep their length", () => {
    for (const text of ["a\r\nb", "a\rb", "\r\n\r\n", "\r\r\n"]) {
      const shown = toView(new Delta().insert(text)).ops[0]?.insert;
      expect(shown).toHaveLength(text.length);
      expect(shown).not.toContain("\r");
    }
  });

  test("an edit inside an embed keeps its length", () => {
    expect(toView(new Delta([{ retain: { table: {} } }, { delete: 1 }])).ops).toEqual([{ retain: 1 }, { delete: 1 }]);
  });
});

describe("links", () => {
  test("are http, https or mail", () => {
    for (const url of ["https://a.org", "HTTP://a.org", "mailto:a@b.org"]) expect(isSafeLink(url), url).toBe(true);
    const unsafe = ["javascript:alert(1)", "JaVaScript:alert(1)", " javascript:x", "java\nscript:x", "data:text/html,x",
      "//a.org", "/path", "https://a.org/ x", "\u0001https://a", 1, null, undefined];
    for (const url of unsafe) expect(isSafeLink(url), String(url)).toBe(false);
  });

  test("are completed as a person means them", () => {
    expect(completeUrl("example.org")).toBe("https://example.org");
    expect(completeUrl(" localhost:8080/x ")).toBe("https://localhost:8080/x");
    expect(completeUrl("ada@example.org")).toBe("mailto:ada@example.org");
    expect(completeUrl("http://example.org")).toBe("http://example.org");
    for (const input of ["", "javascript:alert(1)", "file:///etc/passwd", "two words"]) {
      expect(completeUrl(input), input).toBeNull();
    }
  });
});
