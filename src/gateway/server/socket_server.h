#pragma once
// A Socket.IO server as an application sees it (examples/chat, examples/socketio_reference):
//
//   SocketServer server({});
//   server.of("/").on_connection([](const SocketPtr& socket) {
//     socket->on("message", [](const SocketPtr& from, const Arguments& arguments, const Ack& ack) {
//       from->to("room").emit("message", arguments);
//       ack({"sent"});
//     });
//   });
//   server.listen({"127.0.0.1", 3000});
//   server.run();
//
// One loop, one thread: like a Node process, it grows by processes. CloudSync's own documents do
// not run on it but on Gateway, which shares their frames over all loops.

#include "base/clock.h"
#include "base/random.h"
#include "gateway/access_policy.h"
#include "gateway/client_bundle.h"
#include "gateway/server/namespace.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::gateway {

struct SocketServerOptions {
  Limits limits = {};
  EngineOptions engine = {};
  AccessPolicyOptions access = {};
  PacketFormat format = PacketFormat::kJson;
  /// io_uring must be possible here, or nothing starts (runtime::choose_engine()).
  runtime::IoEngine io_engine = runtime::IoEngine::kEpoll;
  /// Off unless set.
  std::optional<RecoveryOptions> recovery = std::nullopt;
  /// The cookie by which `authenticate` knows a caller, if it does: a session that was opened with
  /// it is continued with the same one, and a page of another origin can't use it.
  std::string session_cookie = {};
  /// Says who opens a session, or refuses the handshake; anybody may, by default.
  std::function<Result<std::string>(const codec::http1::Request&, const RequestOrigin&)>
      authenticate = nullptr;
  /// Requests outside of the engine's path; 404 by default.
  std::function<codec::http1::Response(const codec::http1::Request&)> serve = nullptr;
};

class SocketServer final : private Application {
 public:
  explicit SocketServer(SocketServerOptions options);
  ~SocketServer() override;
  SocketServer(const SocketServer&) = delete;
  SocketServer& operator=(const SocketServer&) = delete;

  /// What holds in a namespace, which exists from now on. Before run().
  NamespaceRules& of(const std::string& name = "/");
  /// What holds in each namespace whose name matches; it is made at the first CONNECT and ends
  /// some time after its last socket. Static ones go first, then these in order.
  NamespaceRules& of_matching(std::function<bool(std::string_view name)> matches);

  /// The namespace, or null if there is none (now).
  Namespace* find(std::string_view name);

  Result<runtime::Endpoint> listen(const runtime::Endpoint& endpoint);
  /// Serves until stop().
  void run();
  /// From any thread: closes all sessions, then run() returns.
  void stop();

  runtime::Loop& loop() { return *loop_; }

  Metrics& metrics() { return metrics_; }

 private:
  struct Pattern {
    std::function<bool(std::string_view)> matches;
    std::shared_ptr<NamespaceRules> rules;
  };

  bool has_session_cookie(const codec::http1::Request& request) const override;
  Result<Subject> authenticate(const codec::http1::Request& request,
                               const RequestOrigin& origin) override;
  void on_request(codec::http1::Request request,
                  const RequestOrigin& origin,
                  Responder respond) override;
  bool has_namespace(std::string_view nsp) const override;
  void on_connect(ConnectRequest request, ConnectReply reply) override;
  void on_event(ConnectionId connection, Event event) override;
  void on_ack(ConnectionId connection, Acknowledgement ack) override;
  void on_disconnect(ConnectionId connection, std::string_view reason) override;

  const Pattern* pattern_for(std::string_view name) const;
  Namespace& make(const std::string& name, std::shared_ptr<NamespaceRules> rules);
  /// Ends the namespaces of patterns that nobody is in.
  void sweep();
  /// Recovery's state of an earlier process, from its file; and the other side of that.
  void load_recovery();
  void save_recovery() const;

  const SocketServerOptions options_;
  const AccessPolicy policy_;
  SystemRandom random_;
  Metrics metrics_;
  PeerLimits peer_limits_;
  std::unique_ptr<runtime::Loop> loop_;
  std::unique_ptr<Gateway> gateway_;
  std::optional<NamespaceEnvironment> environment_;
  std::map<std::string, std::shared_ptr<Namespace>, std::less<>> namespaces_;
  /// What an earlier process left, of namespaces that this one has not made yet.
  JsonObject recovered_;
  SystemClock clock_;
  Timestamp recovered_at_{};
  std::vector<Pattern> patterns_;
  std::set<std::string, std::less<>> from_patterns_;
  std::unordered_map<std::uint64_t, Namespace*> by_connection_;
};

}  // namespace cloudsync::gateway
