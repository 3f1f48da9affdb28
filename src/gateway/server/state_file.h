#pragma once
// What a server leaves for the next one on the same file: read once, and private, since it holds
// secrets.

#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"

#include <filesystem>

namespace cloudsync::gateway {

struct ServerState {
  Timestamp saved_at{};
  JsonObject namespaces;  ///< state by name
};

/// Replaces the file, which only its user can read. Error: kUnavailable.
Result<void> write_state_file(const std::filesystem::path& path,
                              Timestamp now,
                              JsonObject namespaces);

/// Reads the file and removes it, so that nothing is resumed twice; an empty state if there is
/// none. Errors: kUnavailable if it can't be removed, kBadRequest if it is malformed.
Result<ServerState> take_state_file(const std::filesystem::path& path);

}  // namespace cloudsync::gateway
