// The one error of the SDK. `code` is the server's (docs/protocol.md section 6), or one of the
// SDK's own for what never reached a server.

/** Codes that the server sends. */
export type WireCode =
  | "bad_request" | "op_invalid" | "seq_reused" | "not_joined" | "not_found" | "document_deleted"
  | "unauthenticated" | "forbidden" | "too_large" | "revision_unknown"
  | "overloaded" | "unavailable" | "rate_limited"
  | "revision_too_old" | "history_diverged" | "client_superseded"
  | "internal";

/** Codes of the SDK itself. */
export type LocalCode = "timeout" | "disconnected" | "closed" | "bad_reply"
  /** The journal of this device makes no sense. */
  | "journal_unreadable"
  /** It is older than what was sent from this device. */
  | "journal_outdated";

export type ErrorCode = WireCode | LocalCode;

/** What the SDK does about an error, grouped by who can act. */
export type Remedy =
  /** send the identical message again, later */
  | "retry"
  /** the server's history is not ours: keep the text as a copy and join afresh */
  | "rejoin-fresh"
  /** the connection forgot that we are a member */
  | "rejoin"
  /** this operation will never be accepted */
  | "refused";

const kWireCodes: ReadonlySet<string> = new Set<WireCode>([
  "bad_request", "op_invalid", "seq_reused", "not_joined", "not_found", "document_deleted",
  "unauthenticated", "forbidden", "too_large", "revision_unknown", "overloaded", "unavailable",
  "rate_limited", "revision_too_old", "history_diverged", "client_superseded", "internal",
]);

const kRemedies: Partial<Record<ErrorCode, Remedy>> = {
  overloaded: "retry",
  unavailable: "retry",
  rate_limited: "retry",
  internal: "retry",
  timeout: "retry",
  disconnected: "retry",
  bad_reply: "retry",
  revision_unknown: "rejoin-fresh",
  revision_too_old: "rejoin-fresh",
  history_diverged: "rejoin-fresh",
  journal_outdated: "rejoin-fresh",
  not_joined: "rejoin",
};

export class CloudSyncError extends Error {
  override readonly name = "CloudSyncError";
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  get remedy(): Remedy {
    return kRemedies[this.code] ?? "refused";
  }
}

/** Reads an error object of the wire; a code from a newer server counts as `internal`. */
export function errorFromWire(value: unknown): CloudSyncError {
  const fields = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const code = typeof fields.code === "string" ? fields.code : "internal";
  const message = typeof fields.message === "string" ? fields.message : "The server reported an error.";
  const retryAfterMs = typeof fields.retryAfterMs === "number" ? fields.retryAfterMs : undefined;
  return new CloudSyncError(kWireCodes.has(code) ? (code as WireCode) : "internal", message, retryAfterMs);
}

export function toCloudSyncError(reason: unknown): CloudSyncError {
  if (reason instanceof CloudSyncError) return reason;
  return new CloudSyncError("internal", reason instanceof Error ? reason.message : String(reason));
}
