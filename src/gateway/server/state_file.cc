#include "gateway/server/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace cloudsync::gateway {

namespace {

/// Data of a socket, as deep as a peer's value may be, in some levels of our own.
constexpr std::size_t kDepthMax = 2 * kJsonDepthMax;

Error unavailable(const std::filesystem::path& path, const char* what) {
  return {ErrorCode::kUnavailable, path.string() + ": " + what + ": " + std::strerror(errno)};
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<void> write_state_file(const std::filesystem::path& path,
                              Timestamp now,
                              JsonObject namespaces) {
  JsonObject state;
  state["savedAt"] = now.value();
  state["namespaces"] = std::move(namespaces);
  const std::string draft = path.string() + ".draft";
  const int descriptor =
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    return fail(unavailable(draft, "can't be written"));
  }
  const bool written = ::fchmod(descriptor, 0600) == 0 && write_all(descriptor, to_json(state));
  if (::close(descriptor) != 0 || !written || std::rename(draft.c_str(), path.c_str()) != 0) {
    return fail(unavailable(path, "can't be written"));
  }
  return {};
}

Result<ServerState> take_state_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return ServerState();
  }
  std::ostringstream text;
  text << file.rdbuf();
  if (::unlink(path.c_str()) != 0) {
    return fail(unavailable(path, "can't be removed"));
  }
  CS_TRY_ASSIGN(JsonValue state, parse_json(std::move(text).str(), kDepthMax));
  auto* fields = state.if_object();
  auto* namespaces = fields == nullptr ? nullptr : fields->if_contains("namespaces");
  const auto saved_at = fields == nullptr ? std::nullopt : find_unsigned(*fields, "savedAt");
  if (namespaces == nullptr || !namespaces->is_object() || !saved_at) {
    return fail(ErrorCode::kBadRequest, path.string() + " is no server's state");
  }
  return ServerState{.saved_at = Timestamp(static_cast<std::int64_t>(*saved_at)),
                     .namespaces = std::move(namespaces->get_object())};
}

}  // namespace cloudsync::gateway
