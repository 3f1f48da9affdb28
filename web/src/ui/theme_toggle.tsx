import { useState } from "react";

import { applyTheme, nextTheme, storedTheme, type Theme } from "../theme";
import { Icon, type IconName } from "./icons";

const kIcons: Record<Theme, IconName> = { system: "system", light: "sun", dark: "moon" };

export function ThemeToggle() {
  const [theme, setTheme] = useState(storedTheme);
  const label = `Colours: ${theme}. Change to ${nextTheme(theme)}.`;
  function onClick(): void {
    applyTheme(nextTheme(theme));
    setTheme(nextTheme(theme));
  }
  return (
    <button type="button" className="icon-button" onClick={onClick} aria-label={label} title={label}>
      <Icon name={kIcons[theme]} />
    </button>
  );
}
