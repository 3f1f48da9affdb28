/** sessionStorage; its keys are its own properties, as in a browser. */
export function newStorage(entries: Record<string, string> = {}): Storage {
  const storage = Object.create({
    getItem(this: Record<string, string>, key: string) { return this[key] ?? null; },
    setItem(this: Record<string, string>, key: string, value: string) { this[key] = value; },
    removeItem(this: Record<string, string>, key: string) { delete this[key]; },
  }) as Storage;
  return Object.assign(storage, entries);
}
