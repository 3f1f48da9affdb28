// Writes what the SDK's `history` option tells as lines for cloudsync-check (docs/history.md).
import { createHash } from "node:crypto";
import { appendFileSync } from "node:fs";

/** Keys sorted by their UTF-8 bytes, no white space. */
function canonicalJson(value) {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`).join(",")}}`;
}

const shortHash = (value) => createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, 16);

/** On the wire rich text is the list of its components. */
const wire = (content) => content.ops ?? content;

/** Microseconds of the machine's clock, never going back within a process. */
let lastMicros = 0;
function nowMicros() {
  lastMicros = Math.max(lastMicros, Math.round((performance.timeOrigin + performance.now()) * 1000));
  return lastMicros;
}

export class HistoryFile {
  constructor(path) {
    this.path = path;
    /** Give it to the client: `history: file.listener`. */
    this.listener = (event) => this.write(event);
  }

  write({ content, op, ...event }) {
    // Before the first join there is no id to speak of.
    if (event.client === "") return;
    const hashed = {
      ...(content === undefined ? {} : { state: shortHash(wire(content)) }),
      ...(event.kind === "submit" ? { digest: shortHash([event.rev, op]) } : {}),
    };
    appendFileSync(this.path, `${JSON.stringify({ t: nowMicros(), ...event, ...hashed })}\n`);
  }

  /** At rest. */
  final(document) {
    const { clientId, id, revision, content, state } = document;
    this.write({ client: clientId, kind: "final", doc: id, rev: revision, content, saved: state === "saved" });
  }
}
