#include "loadtest/http_client.h"

#include "codec/http1/response_parser.h"

namespace cloudsync::loadtest {
namespace {

constexpr std::size_t kCallsMax = 32;
constexpr std::chrono::seconds kTimeout{30};

std::string encode(const HttpRequest& request) {
  std::string text = request.method + " " + request.path +
                     " HTTP/1.1\r\nHost: " + request.target.host + "\r\nConnection: close\r\n";
  if (!request.json_body.empty()) {
    text += "Content-Type: application/json\r\nContent-Length: " +
            std::to_string(request.json_body.size()) + "\r\n";
  }
  return text + "\r\n" + request.json_body;
}

}  // namespace

/// One request on a connection of its own. Lives until its socket is gone.
class HttpClient::Call final : public runtime::SocketEvents {
 public:
  Call(HttpClient& owner, std::uint64_t id, Waiting waiting)
      : owner_(owner),
        id_(id),
        bytes_(share(encode(waiting.request))),
        done_(std::move(waiting.done)) {}

  void start(const Target& target) {
    timer_ = owner_.loop_.run_after(kTimeout, [this] {
      answer(fail(ErrorCode::kUnavailable, "the server did not answer in time"));
    });
    owner_.loop_.connect(target.endpoint, *this, [this](Result<runtime::SocketId> socket) {
      if (!socket) {
        answer(fail(socket.error()));
        owner_.on_finished(id_);
        return;
      }
      socket_ = *socket;
      owner_.loop_.send(*socket_, bytes_);
      if (!done_) {  // timed out meanwhile
        owner_.loop_.close(*socket_, runtime::CloseMode::kAbort);
      }
    });
  }

 private:
  void on_data(runtime::SocketId, std::span<std::uint8_t> bytes) override {
    const auto result = parser_.feed(bytes);
    take(result.status);
  }

  void on_drained(runtime::SocketId) override {}

  void on_closed(runtime::SocketId, runtime::CloseCause) override {
    socket_.reset();
    if (done_) {
      take(parser_.finish());
    }
    answer(fail(ErrorCode::kUnavailable, "the server closed the connection"));
    owner_.on_finished(id_);
  }

  void take(codec::http1::ParseStatus status) {
    if (status == codec::http1::ParseStatus::kComplete) {
      answer(parser_.take_response());
    } else if (status == codec::http1::ParseStatus::kError) {
      answer(fail(ErrorCode::kBadRequest, "malformed response"));
    }
  }

  /// The first answer counts.
  void answer(Result<codec::http1::Response> response) {
    owner_.loop_.cancel(timer_);
    if (auto done = std::exchange(done_, nullptr)) {
      done(std::move(response));
    }
    if (socket_) {
      owner_.loop_.close(*socket_, runtime::CloseMode::kAbort);
    }
  }

  HttpClient& owner_;
  std::uint64_t id_;
  SharedBytes bytes_;
  Done done_;
  codec::http1::ResponseParser parser_;
  std::optional<runtime::SocketId> socket_;
  runtime::TimerId timer_;
};

HttpClient::HttpClient(runtime::Loop& loop) : loop_(loop) {}

HttpClient::~HttpClient() = default;

void HttpClient::call(HttpRequest request, Done done) {
  waiting_.push_back({std::move(request), std::move(done)});
  loop_.post([this] { start_waiting(); });
}

void HttpClient::start_waiting() {
  while (!waiting_.empty() && calls_.size() < kCallsMax) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    const Target target = next.request.target;
    const std::uint64_t id = next_id_++;
    calls_.emplace(id, std::make_unique<Call>(*this, id, std::move(next)))
        .first->second->start(target);
  }
}

void HttpClient::on_finished(std::uint64_t id) {
  // Not now: the call is still on the stack.
  loop_.post([this, id] {
    calls_.erase(id);
    start_waiting();
  });
}

}  // namespace cloudsync::loadtest
