// What kind of machine the page is shown on.

/** Shortcuts are made with Command instead of Control. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
