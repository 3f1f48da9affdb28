// How a person is shown: a name, its initials, and a colour that most see alike.

/** White text on each has a contrast of 4.5:1 at least (WCAG AA); checked in people.test.ts. */
export const kPersonColors = [
  "#b3344c", "#a8471b", "#836200", "#4f7016", "#1f7a4d",
  "#0f7478", "#1b6fa8", "#4358c9", "#7647bd", "#a13a92",
] as const;

/** FNV-1a: spreads similar ids. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}

/**
 * The colour of a client among others: that of its id, or the next one that is free. `taken` has the
 * colours of those who are here.
 */
export function pickColor(clientId: string, taken: ReadonlySet<string> = new Set()): string {
  const first = hash(clientId) % kPersonColors.length;
  for (let i = 0; i < kPersonColors.length; i++) {
    const color = kPersonColors[(first + i) % kPersonColors.length];
    if (color !== undefined && !taken.has(color)) return color;
  }
  return kPersonColors[first] ?? kPersonColors[0];
}

/** Each word has a first letter of its own: who is named differently has other initials. */
const kAdjectives = [
  "Amber", "Brave", "Calm", "Dapper", "Eager", "Fair", "Gentle", "Happy", "Ideal", "Jolly", "Keen", "Lively", "Merry",
  "Noble", "Open", "Polite", "Quick", "Rosy", "Sunny", "Tidy", "Upbeat", "Vivid", "Witty", "Young", "Zesty",
] as const;
const kAnimals = [
  "Antelope", "Badger", "Camel", "Dolphin", "Egret", "Falcon", "Gecko", "Heron", "Ibis", "Jaguar", "Koala", "Lemur",
  "Marten", "Newt", "Otter", "Panda", "Quail", "Robin", "Salmon", "Tapir", "Urchin", "Viper", "Wombat", "Yak", "Zebra",
] as const;

/** A friendly name for somebody who has set none; the same for the same `id`. */
export function defaultName(id: string): string {
  const value = hash(id);
  const adjective = kAdjectives[value % kAdjectives.length];
  const animal = kAnimals[Math.floor(value / kAdjectives.length) % kAnimals.length];
  return `${adjective} ${animal}`;
}

/** One or two letters: of the first and the last word, or the start of the only one. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== "");
  const first = [...(words[0] ?? "?")];
  const last = words.length > 1 ? [...(words.at(-1) ?? "")] : [];
  return `${first[0] ?? "?"}${last[0] ?? ""}`.toLocaleUpperCase();
}
