// Text without halves of surrogate pairs. What the server stores is UTF-8, which has no form for them
// (RFC 3629, section 3), so it refuses an operation that has one.

export function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

export function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Whether `offset` lies between the two halves of a pair. */
export function cutsPair(text: string, offset: number): boolean {
  return isHighSurrogate(text.charCodeAt(offset - 1)) && isLowSurrogate(text.charCodeAt(offset));
}

/**
 * Each half of a pair replaced by U+FFFD, which has as many units and code points; the same string if
 * there is none. As `String.prototype.toWellFormed` of ECMAScript 2024, which Node 18 does not have.
 */
export function wellFormed(text: string): string {
  // With the `u` flag a half of a pair matches, a whole pair does not.
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** The same for every string and key in a JSON value; the same value if there is nothing to replace. */
export function wellFormedJson<T>(value: T): T {
  if (typeof value === "string") return wellFormed(value) as T;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items: unknown[] = value.map(wellFormedJson);
    return items.every((item, i) => item === value[i]) ? value : (items as T);
  }
  const entries = Object.entries(value);
  const whole = entries.map(([key, member]) => [wellFormed(key), wellFormedJson(member)] as const);
  const isSame = whole.every(([key, member], i) => key === entries[i]?.[0] && member === entries[i][1]);
  return isSame ? value : (Object.fromEntries(whole) as T);
}
