#pragma once
// The web app's files, read into memory at start (a few hundred kilobytes), each with its ETag and
// a gzip form. Immutable afterwards, so every loop shares it.

#include "base/bytes.h"
#include "base/result.h"
#include "codec/http1/request.h"
#include "codec/http1/response.h"

#include <filesystem>
#include <map>
#include <string>

namespace cloudsync::api {

class StaticFiles {
 public:
  /// No files: every page answers that the web app is not installed.
  StaticFiles() = default;

  /// Reads a directory with index.html. Errors: kUnavailable with the path that could not be read.
  static Result<StaticFiles> load(const std::filesystem::path& directory);

  /// The answer to a GET or HEAD: a file, the app's page for its own routes ("/" and "/d/…"), 304,
  /// or 404. Files under /assets/ have a content hash in their name and are immutable; the page is
  /// revalidated every time.
  codec::http1::Response serve(const codec::http1::Request& request) const;

  /// Whether the path is one of the app's pages, where a browser becomes a guest.
  static bool is_page(std::string_view path);

 private:
  struct File {
    SharedBytes bytes;
    SharedBytes gzip;  ///< null if it would not be smaller
    std::string content_type;
    std::string etag;
  };

  std::map<std::string, File, std::less<>> files_;
};

}  // namespace cloudsync::api
