#pragma once
// The files of npm's socket.io-client that pages load from the server itself:
// /socket.io/socket.io(.esm|.msgpack)?(.min)?.js(.map)?

#include "base/result.h"
#include "codec/http1/request.h"
#include "codec/http1/response.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cloudsync::gateway {

class ClientBundle {
 public:
  /// Reads the package's `dist` folder; its `package.json` beside it names the version. Error:
  /// kUnavailable if it is not there.
  static Result<ClientBundle> load(const std::filesystem::path& dist);

  /// The answer to a GET or HEAD of a file, 304 if the client has it already; nothing if `name`,
  /// the path behind the engine's, is none of the files.
  std::optional<codec::http1::Response> serve(const codec::http1::Request& request,
                                              std::string_view name) const;

 private:
  std::string etag_;
  std::map<std::string, SharedBytes, std::less<>> files_;
};

}  // namespace cloudsync::gateway
