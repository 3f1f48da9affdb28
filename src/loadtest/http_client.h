#pragma once
// A few HTTP requests on the loop: one connection each, a bounded number at a time. Loop thread
// only.

#include "base/result.h"
#include "codec/http1/response.h"
#include "loadtest/target.h"
#include "runtime/loop.h"

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

namespace cloudsync::loadtest {

struct HttpRequest {
  Target target;
  std::string method = "GET";
  std::string path;
  std::string json_body;  ///< sent with Content-Type: application/json if not empty
};

class HttpClient {
 public:
  using Done = Completion<codec::http1::Response>;

  /// `loop` outlives the client, and the client everything on the loop.
  explicit HttpClient(runtime::Loop& loop);
  ~HttpClient();

  /// `done` gets the response, whatever its status. Errors: kUnavailable if there is none within 30
  /// s, kBadRequest if it is malformed.
  void call(HttpRequest request, Done done);

 private:
  class Call;

  struct Waiting {
    HttpRequest request;
    Done done;
  };

  void start_waiting();
  void on_finished(std::uint64_t id);

  runtime::Loop& loop_;
  std::deque<Waiting> waiting_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Call>> calls_;
  std::uint64_t next_id_ = 1;
};

}  // namespace cloudsync::loadtest
