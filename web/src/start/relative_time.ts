const kUnits: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_557_600_000],
  ["month", 2_629_800_000],
  ["week", 604_800_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** "5 minutes ago"; what is under a minute away, also in the future of a wrong clock, is "just now". */
export function relativeTime(thenMs: number, nowMs: number, locale = "en"): string {
  const agoMs = nowMs - thenMs;
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  for (const [unit, unitMs] of kUnits) {
    if (agoMs >= unitMs) return format.format(-Math.floor(agoMs / unitMs), unit);
  }
  return "just now";
}
