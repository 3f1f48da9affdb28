#include "api/static_files.h"

#include "api/responses.h"
#include "base/crypto.h"

#include <zlib.h>

#include <fstream>
#include <iterator>

namespace cloudsync::api {
namespace {

constexpr std::string_view kPage = "/index.html";

std::string content_type(const std::filesystem::path& path) {
  static const std::map<std::string, std::string, std::less<>> kTypes = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".json", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".txt", "text/plain; charset=utf-8"},
  };
  const auto found = kTypes.find(path.extension().string());
  return found == kTypes.end() ? "application/octet-stream" : found->second;
}

/// Null if it would not be smaller.
SharedBytes gzip(const std::string& bytes) {
  z_stream stream{};
  // 15 window bits, +16 for the gzip wrapper (zlib manual, deflateInit2).
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return nullptr;
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return status == Z_STREAM_END && out.size() < bytes.size() ? share(std::move(out)) : nullptr;
}

}  // namespace

Result<StaticFiles> StaticFiles::load(const std::filesystem::path& directory) {
  StaticFiles files;
  std::error_code error;
  for (auto entry = std::filesystem::recursive_directory_iterator(directory, error);
       !error && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(error)) {
    std::error_code unknown;  // a broken link, say: no file of ours
    if (!entry->is_regular_file(unknown)) {
      continue;
    }
    std::ifstream input(entry->path(), std::ios::binary);
    File file;
    file.bytes = share(std::string(std::istreambuf_iterator<char>(input), {}));
    if (!input) {
      return fail(ErrorCode::kUnavailable, "cannot read " + entry->path().string());
    }
    file.content_type = content_type(entry->path());
    file.etag = '"' + hex(sha256(as_bytes(*file.bytes))).substr(0, 32) + '"';
    file.gzip = gzip(*file.bytes);
    const auto name = "/" + entry->path().lexically_relative(directory).generic_string();
    files.files_.emplace(name, std::move(file));
  }
  if (error || !files.files_.contains(kPage)) {
    return fail(ErrorCode::kUnavailable, "no web app in " + directory.string());
  }
  return files;
}

bool StaticFiles::is_page(std::string_view path) {
  return path == "/" || path.starts_with("/d/");
}

codec::http1::Response StaticFiles::serve(const codec::http1::Request& request) const {
  const std::string_view path = is_page(request.path()) ? kPage : request.path();
  const auto found = files_.find(path);
  if (found == files_.end()) {
    return path == kPage ? text_response(503, "The web app is not built; run `make build`.\n")
                         : text_response(404, "Not found.\n");
  }
  const File& file = found->second;
  codec::http1::Response response;
  response.headers = {
      {"content-type", file.content_type},
      {"cache-control",
       path.starts_with("/assets/") ? "public, max-age=31536000, immutable" : "no-cache"},
      {"etag", file.etag},
      {"vary", "accept-encoding"}};
  const std::string* known = request.find("if-none-match");
  if (known != nullptr && known->find(file.etag) != std::string::npos) {
    response.status = 304;
    return response;
  }
  const bool zipped =
      file.gzip != nullptr && codec::http1::has_token(request.headers, "accept-encoding", "gzip");
  if (zipped) {
    response.headers.push_back({"content-encoding", "gzip"});
  }
  response.shared_body = {zipped ? file.gzip : file.bytes};
  response.resident = true;
  return response;
}

}  // namespace cloudsync::api
