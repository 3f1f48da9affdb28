import { describe, expect, test } from "vitest";

import { routeOf } from "../src/router";
import { cleanName } from "../src/profile";
import { relativeTime } from "../src/start/relative_time";
import { defaultName, initials, kPersonColors, pickColor } from "../src/ui/people";

/** WCAG 2.2, relative luminance. */
function luminance(color: string): number {
  const channel = (at: number) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

describe("people", () => {
  test("white text on every colour has AA contrast", () => {
    for (const color of kPersonColors) expect(1.05 / (luminance(color) + 0.05), color).toBeGreaterThanOrEqual(4.5);
  });

  test("have the same colour for everybody, and not all the same", () => {
    expect(pickColor("client-1")).toBe(pickColor("client-1"));
    const colors = new Set(Array.from({ length: 100 }, (_, i) => pickColor(`client-${i}`)));
    expect(colors.size).toBeGreaterThan(7);
  });

  test("get another colour when theirs is taken, and any once all are", () => {
    const first = pickColor("client-1");
    expect(pickColor("client-1", new Set([first]))).not.toBe(first);
    expect(pickColor("client-1", new Set(kPersonColors))).toBe(first);
  });

  test("have one or two letters", () => {
    expect(["Ada Lovelace", "ada", "Jean Luc van Dam", "😀 x", "", "étienne"].map(initials)).toEqual(
      ["AL", "A", "JD", "😀X", "?", "É"],
    );
  });

  test("who have set no name get the same one each time, and most get initials of their own", () => {
    expect(defaultName("client-1")).toBe(defaultName("client-1"));
    const names = new Set(Array.from({ length: 10_000 }, (_, i) => defaultName(`client-${i}`)));
    expect(names.size).toBe(625);
    expect(new Set([...names].map(initials)).size).toBe(625);
    for (const name of names) expect(cleanName(name)).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
  });

  test("have a name that fits the server's 128 bytes", () => {
    expect(cleanName("  Ada \n Lovelace ")).toBe("Ada Lovelace");
    expect(new TextEncoder().encode(cleanName("😀".repeat(200))).length).toBeLessThanOrEqual(128);
  });
});

describe("addresses and times", () => {
  test("a document's address has its id alone", () => {
    expect(routeOf("/d/abc_1-2")).toEqual({ page: "document", id: "abc_1-2" });
    for (const path of ["/d/abc%20", "/d/abc/", "/d/%20abc%0A"]) {
      expect(routeOf(path)).toEqual({ page: "document", id: "abc" });
    }
    for (const path of ["/d/", "/d/a/b", "/d/a%20b", "/d/%"]) expect(routeOf(path)).toEqual({ page: "bad-link" });
    expect(routeOf("/x")).toEqual({ page: "unknown" });
    expect(routeOf("/")).toEqual({ page: "start" });
  });

  test("times are told as people do", () => {
    const now = 1_700_000_000_000;
    const ago = [0, -5_000, 59_000, 60_000, 3 * 3_600_000, 86_400_000, 15 * 86_400_000];
    expect(ago.map((ms) => relativeTime(now - ms, now))).toEqual(
      ["just now", "just now", "just now", "1 minute ago", "3 hours ago", "yesterday", "2 weeks ago"],
    );
  });
});
