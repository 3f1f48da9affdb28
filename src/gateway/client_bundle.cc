#include "gateway/client_bundle.h"

#include "base/json.h"

#include <fstream>
#include <sstream>

namespace cloudsync::gateway {

namespace {

/// A map of the largest bundle has 300 KB.
constexpr std::uintmax_t kFileBytesMax = 4 * 1024 * 1024;

std::optional<std::string> read_file(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::file_size(path, error) > kFileBytesMax || error) {
    return std::nullopt;
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return file ? std::optional(std::move(text).str()) : std::nullopt;
}

bool is_served(std::string_view name) {
  const std::string_view rest = name.starts_with("socket.io.") ? name.substr(10) : "";
  for (const std::string_view variant : {"", "esm.", "msgpack."}) {
    for (const std::string_view form : {"js", "js.map", "min.js", "min.js.map"}) {
      if (rest.starts_with(variant) && rest.substr(variant.size()) == form) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

Result<ClientBundle> ClientBundle::load(const std::filesystem::path& dist) {
  const auto manifest = read_file(dist.parent_path() / "package.json");
  const auto json = manifest ? parse_json(*manifest) : fail(ErrorCode::kUnavailable, "");
  const auto* version =
      json && json->is_object() ? find_string(json->get_object(), "version") : nullptr;
  if (version == nullptr) {
    return fail(ErrorCode::kUnavailable, dist.string() + " is no dist folder of socket.io-client");
  }
  ClientBundle bundle;
  bundle.etag_ = '"' + std::string(view(*version)) + '"';
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dist, error)) {
    const std::string name = entry.path().filename().string();
    if (is_served(name)) {
      if (auto text = read_file(entry.path())) {
        bundle.files_.emplace(name, share(*std::move(text)));
      }
    }
  }
  return bundle;
}

std::optional<codec::http1::Response> ClientBundle::serve(const codec::http1::Request& request,
                                                          std::string_view name) const {
  const auto file = files_.find(name);
  if (file == files_.end() || (request.method != "GET" && request.method != "HEAD")) {
    return std::nullopt;
  }
  codec::http1::Response response{
      .status = 200,
      .headers = {{"cache-control", "public, max-age=0"}, {"etag", etag_}},
      .body = {}};
  const std::string* known = request.find("if-none-match");
  if (known != nullptr && (*known == etag_ || *known == "W/" + etag_)) {
    response.status = 304;
    return response;
  }
  response.headers.push_back({"content-type",
                              name.ends_with(".map") ? "application/json; charset=utf-8"
                                                     : "application/javascript; charset=utf-8"});
  response.shared_body.push_back(file->second);
  response.resident = true;
  return response;
}

}  // namespace cloudsync::gateway
