// Line icons on a 24 grid, drawn for this app.

import type { ReactNode } from "react";

const kPaths = {
  back: <path d="M15 5l-7 7 7 7" />,
  bold: <path d="M7 5h6a3.5 3.5 0 010 7H7zM7 12h7a3.5 3.5 0 010 7H7z" />,
  italic: <path d="M11 5h6M7 19h6M14 5l-4 14" />,
  underline: <path d="M7 4v7a5 5 0 0010 0V4M6 20h12" />,
  strike: <path d="M5 12h14M16.5 8c-.4-2-2-3.2-4.5-3.2S7.6 6 7.6 8c0 1 .4 1.8 1 2.4M7.3 15.4c.4 2.2 2 3.8 4.8 3.8 2.9 0 4.7-1.4 4.7-3.7 0-.5-.1-1-.3-1.4" />,
  code: <path d="M9 7l-5 5 5 5M15 7l5 5-5 5" />,
  codeBlock: <path d="M4 5.5A1.5 1.5 0 015.5 4h13A1.5 1.5 0 0120 5.5v13a1.5 1.5 0 01-1.5 1.5h-13A1.5 1.5 0 014 18.5zM10 9l-3 3 3 3M14 9l3 3-3 3" />,
  bullets: <path d="M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01" />,
  numbers: <path d="M10 6h10M10 12h10M10 18h10M4 4.5l1.5-.8V9M4 14.2c.3-.8 2.6-1 2.6.4 0 1.2-2.6 1.8-2.6 3.6h2.8" />,
  quote: <path d="M5 17c2.2-.6 3.5-2.4 3.5-5V7H4v5h4.5M14 17c2.2-.6 3.5-2.4 3.5-5V7H13v5h4.5" />,
  link: <path d="M10 14a4 4 0 005.7 0l3.1-3.1a4 4 0 00-5.7-5.7L12 6.3M14 10a4 4 0 00-5.7 0l-3.1 3.1a4 4 0 005.7 5.7l1.1-1.1" />,
  clear: <path d="M6 5h12M12 5l-2.2 9M9 19h4M15 15l5 5M20 15l-5 5" />,
  undo: <path d="M8 5L4 9l4 4M4 9h10a5.5 5.5 0 010 11H9" />,
  redo: <path d="M16 5l4 4-4 4M20 9H10a5.5 5.5 0 000 11h5" />,
  check: <path d="M5 12.5l4.5 4.5L19 7.5" />,
  cloud: <path d="M7.5 18.5a4.3 4.3 0 01-.4-8.6 5.8 5.8 0 0111.1 1.1 3.8 3.8 0 01-.5 7.5z" />,
  cloudOff: <path d="M9.3 6.6a5.8 5.8 0 018.9 4.4 3.8 3.8 0 011.8 6.3M16.5 18.5h-9a4.3 4.3 0 01-.4-8.6c.1-.4.2-.7.4-1M4 4l16 16" />,
  sync: <path d="M19.5 12a7.5 7.5 0 01-13 5.1L4.5 15M4.5 19.5V15H9M4.5 12a7.5 7.5 0 0113-5.1l2 2.1M19.5 4.5V9H15" />,
  document: <path d="M6.5 3.5h7l4.5 4.5v12.5H6.5zM13.5 3.5V8H18M9.5 12.5h5M9.5 16h5" />,
  text: <path d="M5 6.5V4.5h14v2M12 4.5v15M9 19.5h6" />,
  plus: <path d="M12 5v14M5 12h14" />,
  sun: <path d="M12 8a4 4 0 100 8 4 4 0 000-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4" />,
  moon: <path d="M20 14.2A8 8 0 119.8 4a6.5 6.5 0 0010.2 10.2z" />,
  system: <path d="M4 5h16v11H4zM9 20h6M12 16v4" />,
  close: <path d="M6 6l12 12M18 6L6 18" />,
  copy: <path d="M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4" />,
  alert: <path d="M12 4l9 15.5H3zM12 10v4.5M12 17h.01" />,
  edit: <path d="M4.5 19.5l1-4L16 5l3 3L8.5 18.5zM13.5 7.5l3 3" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof kPaths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon" width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor"
      strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false"
    >
      {kPaths[name]}
    </svg>
  );
}
