// The core build of quill-cursors injects no styles, so main.tsx imports them as a file.

import QuillCursors from "quill-cursors/core";

export { QuillCursors };
