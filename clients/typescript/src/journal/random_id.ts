/** A name that nothing else on this device has: 104 random bits. It is no secret. */
export function randomId(): string {
  const part = (): string => Math.floor(Math.random() * 2 ** 52).toString(16).padStart(13, "0");
  return part() + part();
}
