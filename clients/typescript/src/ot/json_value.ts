// What a document of type `json` is made of. Content is immutable: an operation copies the lists and
// objects on its path and shares all others with the content before.

export type JsonValue = null | boolean | number | string | JsonList | JsonObject;
export type JsonList = readonly JsonValue[];
export type JsonObject = { readonly [key: string]: JsonValue };

/** An index of a list, an offset in a string (UTF-16 units), or a key of an object. */
export type JsonKey = number | string;
export type JsonPath = readonly JsonKey[];

export function isList(value: unknown): value is JsonList {
  return Array.isArray(value);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As JSON: the order of keys says nothing. */
export function isEqual(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, i) => isEqual(item, b[i] ?? null));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key] ?? null, b[key] ?? null));
}

/** What `key` leads to from `value`; undefined if nothing is there, or the key is of the other kind. */
export function memberOf(value: JsonValue | undefined, key: JsonKey): JsonValue | undefined {
  if (typeof key === "number") return isList(value) ? value[key] : undefined;
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

export function valueAt(value: JsonValue | undefined, path: JsonPath): JsonValue | undefined {
  return path.reduce(memberOf, value);
}
