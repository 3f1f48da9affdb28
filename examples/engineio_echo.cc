// An Engine.IO server that sends every message back: the engine without Socket.IO on it. The
// conformance tests run against it.

#include "gateway/engine.h"
#include "server_options.h"

#include <memory>

namespace cloudsync::examples {
namespace {

using namespace gateway;

class Echo final : public MessageHandler {
 public:
  explicit Echo(Session& session) : session_(session) {
    session.note_joined();  // there are no namespaces to join
  }

  void on_message(bool binary, std::string_view bytes) override {
    if (binary) {
      session_.send(EncodedPacket::from_engine_binary(bytes));
    } else {
      session_.send(EncodedPacket::from_engine_text("4" + std::string(bytes)));
    }
  }

  void on_closed(std::string_view) override {}

  void on_tick(TimePoint) override {}

  TimePoint next_tick() const override { return TimePoint::max(); }

 private:
  Session& session_;
};

class EchoServer final : private EngineApplication {
 public:
  EchoServer(runtime::Loop& loop, const ServerOptions& options)
      : loop_(loop),
        limits_(options.limits),
        policy_(options.access),
        engine_({.loop = loop,
                 .loop_index = 0,
                 .application = *this,
                 .policy = policy_,
                 .limits = limits_,
                 .random = random_,
                 .metrics = metrics_,
                 .peer_limits = peer_limits_,
                 .options = {.path = "/engine.io/", .cookie = options.engine.cookie}}) {}

  Result<runtime::Endpoint> listen(const runtime::Endpoint& endpoint) {
    return engine_.listen(endpoint, false);
  }

  void run() { loop_.run(); }

  void stop() { loop_.stop(); }

 private:
  bool has_session_cookie(const codec::http1::Request&) const override { return false; }

  Result<Subject> authenticate(const codec::http1::Request&, const RequestOrigin&) override {
    return Subject();
  }

  void on_request(codec::http1::Request, const RequestOrigin&, Responder respond) override {
    respond({.status = 404, .headers = {}, .body = "Not Found\n"});
  }

  std::unique_ptr<MessageHandler> on_session(Session& session) override {
    return std::make_unique<Echo>(session);
  }

  runtime::Loop& loop_;
  const Limits limits_;
  const AccessPolicy policy_;
  SystemRandom random_;
  Metrics metrics_;
  PeerLimits peer_limits_{limits_, metrics_};
  Engine engine_;
};

int run(int argc, char** argv) {
  runtime::block_termination_signals();
  CLI::App app("Sends every Engine.IO message back.");
  ServerOptions options;
  options.add_to(app);
  CLI11_PARSE(app, argc, argv);
  set_log_level(LogLevel::kWarning);
  const auto loop = runtime::make_loop(options.io_engine);
  if (!loop) {
    return complain(loop.error());
  }
  EchoServer server(**loop, options);
  return serve(server, options);
}

}  // namespace
}  // namespace cloudsync::examples

int main(int argc, char** argv) {
  return cloudsync::examples::run(argc, argv);
}
