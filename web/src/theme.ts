// Light, dark, or as the system has it. `data-theme` on the root element overrides the system.

import { readStored, writeStored } from "./storage";

export type Theme = "system" | "light" | "dark";

const kThemeKey = "cloudsync.theme";
const kThemes: readonly Theme[] = ["system", "light", "dark"];

export function storedTheme(): Theme {
  const stored = readStored(kThemeKey);
  return kThemes.find((theme) => theme === stored) ?? "system";
}

export function nextTheme(theme: Theme): Theme {
  return kThemes[(kThemes.indexOf(theme) + 1) % kThemes.length] ?? "system";
}

export function applyTheme(theme: Theme): void {
  writeStored(kThemeKey, theme);
  const root = document.documentElement;
  if (theme === "system") root.removeAttribute("data-theme");
  else root.setAttribute("data-theme", theme);
}

export function applyStoredTheme(): void {
  applyTheme(storedTheme());
}
