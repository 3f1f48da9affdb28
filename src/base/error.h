#pragma once
// The one list of error codes. Each has a stable name that clients switch on (docs/protocol.md),
// and they are grouped by who can act on them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cloudsync {

enum class ErrorCode : std::uint8_t {
  // The caller must fix its request.
  kOpInvalid,        ///< malformed operation, or one that does not fit its base document
  kSeqReused,        ///< a sequence number came twice with different content
  kNotJoined,        ///< an event for a document this connection has not joined
  kNotFound,         ///< no such document, or none that this user may know of
  kDocumentDeleted,  ///< the document existed and was deleted
  kUnauthenticated,  ///< no valid identity
  kForbidden,        ///< identity known, permission missing
  kTooLarge,         ///< a documented size limit was exceeded
  kRevisionUnknown,  ///< a revision the document has not reached
  kBadRequest,       ///< malformed request, missing or mistyped field
  // The caller may retry the same request later.
  kOverloaded,
  kUnavailable,
  kRateLimited,
  // The client must resynchronise its copy of the document.
  kRevisionTooOld,
  kHistoryDiverged,
  kClientSuperseded,
  // Nobody but the operator can act: a bug or corruption.
  kInternal,
};

/// The code's wire name, for instance "op_invalid".
std::string_view error_name(ErrorCode code);

/// The code with that wire name, or nothing.
std::optional<ErrorCode> error_from_name(std::string_view name);

/// What went wrong, as a value. `message` is for humans and may be shown to the peer: it never
/// holds document content, secrets or paths.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  /// How long the caller should wait before it retries; only for the retryable codes.
  std::optional<std::uint32_t> retry_after_ms = std::nullopt;

  friend bool operator==(const Error&, const Error&) = default;
};

}  // namespace cloudsync
