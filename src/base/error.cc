#include "base/error.h"

#include "base/assert.h"

namespace cloudsync {
namespace {

struct Name {
  ErrorCode code;
  std::string_view name;
};

constexpr Name kNames[] = {
    {ErrorCode::kOpInvalid, "op_invalid"},
    {ErrorCode::kSeqReused, "seq_reused"},
    {ErrorCode::kNotJoined, "not_joined"},
    {ErrorCode::kNotFound, "not_found"},
    {ErrorCode::kDocumentDeleted, "document_deleted"},
    {ErrorCode::kUnauthenticated, "unauthenticated"},
    {ErrorCode::kForbidden, "forbidden"},
    {ErrorCode::kTooLarge, "too_large"},
    {ErrorCode::kRevisionUnknown, "revision_unknown"},
    {ErrorCode::kBadRequest, "bad_request"},
    {ErrorCode::kOverloaded, "overloaded"},
    {ErrorCode::kUnavailable, "unavailable"},
    {ErrorCode::kRateLimited, "rate_limited"},
    {ErrorCode::kRevisionTooOld, "revision_too_old"},
    {ErrorCode::kHistoryDiverged, "history_diverged"},
    {ErrorCode::kClientSuperseded, "client_superseded"},
    {ErrorCode::kInternal, "internal"},
};

}  // namespace

std::string_view error_name(ErrorCode code) {
  for (const Name& entry : kNames) {
    if (entry.code == code) {
      return entry.name;
    }
  }
  CS_ASSERT(false, "every error code has a name");
}

std::optional<ErrorCode> error_from_name(std::string_view name) {
  for (const Name& entry : kNames) {
    if (entry.name == name) {
      return entry.code;
    }
  }
  return std::nullopt;
}

}  // namespace cloudsync
