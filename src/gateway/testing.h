#pragma once
// Helpers of this folder's tests: a node of gateways on fake loops with a recording application,
// and the two kinds of client that talk to it.

#include "base/bytes.h"
#include "base/json.h"
#include "codec/http1/response_parser.h"
#include "codec/websocket/frame_parser.h"
#include "gateway/fake_loop.h"
#include "gateway/gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace cloudsync::gateway {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Records what it is told; answers are set by the test.
class FakeApplication final : public Application {
 public:
  bool has_session_cookie(const codec::http1::Request& request) const override {
    return request.find("cookie") != nullptr;
  }

  Result<Subject> authenticate(const codec::http1::Request& request,
                               const RequestOrigin& origin) override {
    origins.push_back(origin);
    const std::string* cookie = request.find("cookie");
    return Subject{.user = cookie == nullptr ? "" : *cookie,
                   .from_cookie = cookie != nullptr,
                   .guests_allowed = true,
                   .handshake = handshake};
  }

  bool has_namespace(std::string_view nsp) const override {
    return namespaces.contains(std::string(nsp));
  }

  void on_connect(ConnectRequest request, ConnectReply reply) override {
    if (refuse_connect) {
      reply({.refusal = connect_refusal(*refuse_connect)});
      return;
    }
    connected.push_back(request.connection);
    subjects.push_back(request.subject);
    if (hold_connects) {
      replies.push_back(std::move(reply));
    } else {
      reply({});
    }
  }

  std::size_t weight_of(std::string_view event) const override { return event == "heavy" ? 2 : 1; }

  void on_event(ConnectionId connection, Event event) override {
    events.push_back(event.name);
    if (hold_events) {
      tickets.push_back(event.ticket);
    }
    if (when_event) {
      when_event(connection, event);
    }
  }

  void on_ack(ConnectionId, Acknowledgement ack) override { acks.push_back(std::move(ack)); }

  void on_disconnect(ConnectionId connection, std::string_view reason) override {
    reasons.emplace_back(reason);
    disconnected.push_back(connection);
    if (when_disconnect) {
      when_disconnect(connection);
    }
  }

  void on_request(codec::http1::Request request, const RequestOrigin&, Responder respond) override {
    requests.push_back(request.target);
    if (hold_requests) {
      held.push_back(std::move(respond));
    } else {
      respond({.status = 200,
               .headers = {},
               .body = body,
               .shared_body = shared_body,
               .resident = resident});
    }
  }

  std::set<std::string> namespaces{"/"};
  std::shared_ptr<const Handshake> handshake;  ///< that sessions keep from now on
  std::optional<Error> refuse_connect;
  bool hold_connects = false;
  std::vector<ConnectReply> replies;  ///< of CONNECTs that are not answered
  std::function<void(ConnectionId, const Event&)> when_event;
  std::function<void(ConnectionId)> when_disconnect;
  std::vector<ConnectionId> connected;
  std::vector<Subject> subjects;  ///< of the same
  std::vector<ConnectionId> disconnected;
  std::vector<std::string> reasons;  ///< of the disconnects
  std::vector<std::string> events;
  std::vector<Acknowledgement> acks;
  std::vector<RequestOrigin> origins;  ///< of those who were to be identified
  std::vector<std::string> requests;
  std::string body = "hello";
  std::vector<SharedBytes> shared_body;
  bool resident = false;
  bool hold_requests = false;
  std::vector<Responder> held;
  bool hold_events = false;
  std::deque<RequestTicket> tickets;  ///< of events that are not finished
};

/// Gateways on fake loops, the parts they need, and time.
class TestNode {
 public:
  explicit TestNode(const Limits& node_limits = {},
                    std::size_t loop_count = 1,
                    AccessPolicyOptions access = {},
                    const EngineOptions& options = {},
                    bool accept_msgpack = false)
      : limits(node_limits), policy(std::move(access)) {
    for (std::size_t i = 0; i < loop_count; ++i) {
      loops.push_back(std::make_unique<FakeLoop>(network));
      gateways.push_back(
          std::make_unique<Gateway>(GatewayDependencies{.loop = *loops[i],
                                                        .loop_index = static_cast<std::uint32_t>(i),
                                                        .application = application,
                                                        .policy = policy,
                                                        .limits = limits,
                                                        .random = random,
                                                        .metrics = metrics,
                                                        .peer_limits = peer_limits,
                                                        .options = options,
                                                        .accept_msgpack = accept_msgpack}));
    }
    std::vector<Gateway*> peers;
    for (const auto& gateway_of_loop : gateways) {
      peers.push_back(gateway_of_loop.get());
    }
    for (Gateway* peer : peers) {
      peer->set_peers(peers);
      EXPECT_TRUE(peer->listen({"127.0.0.1", 8080}, true));
    }
  }

  Gateway& gateway() { return *gateways[0]; }

  std::shared_ptr<FakePeer> connect(std::size_t loop = 0) {
    return loops[loop]->connect_peer(peer_endpoint);
  }

  /// Turns of all loops until nothing is left to do at this time.
  void settle() {
    bool worked = true;
    while (worked) {
      worked = false;
      for (const auto& loop : loops) {
        worked |= loop->turn();
      }
    }
  }

  /// Moves time, stopping at each timer.
  void advance(Duration by) {
    const TimePoint end = network.clock.now() + by;
    settle();
    for (TimePoint next = next_deadline(); next <= end; next = next_deadline()) {
      network.clock.advance(next - network.clock.now());
      settle();
    }
    network.clock.advance(end - network.clock.now());
    settle();
  }

  std::uint64_t limit(std::string_view name) { return metrics.limit(name).value(); }

  FakeNetwork network;
  const Limits limits;
  const AccessPolicy policy;
  SeededRandom random{1};
  Metrics metrics;
  PeerLimits peer_limits{limits, metrics};
  runtime::Endpoint peer_endpoint{"127.0.0.1", 50'000};  ///< where the next connection comes from
  FakeApplication application;
  std::vector<std::unique_ptr<FakeLoop>> loops;
  std::vector<std::unique_ptr<Gateway>> gateways;

 private:
  TimePoint next_deadline() const {
    TimePoint next = kNever;
    for (const auto& loop : loops) {
      next = std::min(next, loop->next_deadline().value_or(kNever));
    }
    return next;
  }
};

/// Reads a peer's HTTP answers.
class HttpClient {
 public:
  explicit HttpClient(TestNode& node, std::size_t loop = 0)
      : node_(node), peer(node.connect(loop)) {}

  /// "GET <target>" with Host and `headers` ("Name: value\r\n"...).
  /// So many requests, pipelined.
  static std::string gets(int count) {
    std::string requests;
    for (int i = 0; i < count; ++i) {
      requests += get("/");
    }
    return requests;
  }

  static std::string get(std::string_view target, std::string_view headers = {}) {
    return request("GET", target, headers, {});
  }

  static std::string post(std::string_view target,
                          std::string_view body,
                          std::string_view headers = {}) {
    return request("POST",
                   target,
                   std::string(headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n",
                   body);
  }

  static std::string request(std::string_view method,
                             std::string_view target,
                             std::string_view headers,
                             std::string_view body) {
    std::string text(method);
    text.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost:8080\r\n");
    return text.append(headers).append("\r\n").append(body);
  }

  void send(std::string bytes) {
    peer->send(std::move(bytes));
    node_.settle();
  }

  /// The next whole answer that arrived, or nothing.
  std::optional<codec::http1::Response> answer() {
    const auto fed = parser_.feed(as_bytes(peer->received));
    peer->received.erase(0, fed.consumed);
    return fed.status == codec::http1::ParseStatus::kComplete
               ? std::optional(parser_.take_response())
               : std::nullopt;
  }

  /// Sends `bytes` and returns the body of the answer; "(none)" while there is none.
  std::string ask(std::string bytes) {
    send(std::move(bytes));
    return body();
  }

  /// The body of the answer that arrived; "(none)" while there is none.
  std::string body() {
    const auto response = answer();
    return response ? response->body : "(none)";
  }

 private:
  TestNode& node_;
  codec::http1::ResponseParser parser_;

 public:
  const std::shared_ptr<FakePeer> peer;
};

/// The sid of an open packet or a handshake answer.
inline std::string sid_of(std::string_view open_packet) {
  const auto json = parse_json(open_packet.substr(1));
  return json ? std::string(json->at("sid").as_string()) : std::string();
}

inline constexpr std::string_view kPolling = "/socket.io/?EIO=4&transport=polling";
inline constexpr std::string_view kWebSocket = "/socket.io/?EIO=4&transport=websocket";

inline std::string with_sid(std::string_view target, std::string_view sid) {
  return std::string(target).append("&sid=").append(sid);
}

/// A polling payload of these packets.
inline std::string payload(const std::vector<std::string>& packets) {
  std::string text;
  for (const std::string& packet : packets) {
    text.append(text.empty() ? "" : "\x1e").append(packet);
  }
  return text;
}

inline constexpr const char* kUpgradeHeaders =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A WebSocket client: collects the messages that arrive.
class WebSocketClient : private codec::websocket::FrameVisitor {
 public:
  /// Opens a session, or upgrades the session `sid`. `behind` is glued to the request.
  explicit WebSocketClient(TestNode& node,
                           std::string_view sid = {},
                           std::size_t loop = 0,
                           std::string_view behind = {})
      : node_(node), peer(node.connect(loop)) {
    const std::string target = sid.empty() ? std::string(kWebSocket) : with_sid(kWebSocket, sid);
    peer->send(HttpClient::get(target, kUpgradeHeaders) + std::string(behind));
    node_.settle();
  }

  static std::string frame(std::string_view text,
                           codec::websocket::Opcode opcode = codec::websocket::Opcode::kText) {
    std::string bytes;
    codec::websocket::append_masked_frame(bytes, opcode, text, {1, 2, 3, 4});
    return bytes;
  }

  void send(std::string_view text) {
    peer->send(frame(text));
    node_.settle();
  }

  void send_binary(std::string_view bytes) {
    peer->send(frame(bytes, codec::websocket::Opcode::kBinary));
    node_.settle();
  }

  /// The messages since the last call.
  std::vector<std::string> messages() {
    if (!upgraded_) {
      const auto end = peer->received.find("\r\n\r\n");
      if (end == std::string::npos || !peer->received.starts_with("HTTP/1.1 101")) {
        return {};
      }
      peer->received.erase(0, end + 4);
      upgraded_ = true;
    }
    std::string bytes = std::exchange(peer->received, {});
    EXPECT_FALSE(parser_.feed(as_mutable_bytes(bytes), *this));
    return std::exchange(messages_, {});
  }

  /// The code of the close frame that messages() met.
  std::optional<std::uint16_t> close_code;

 private:
  bool on_message(codec::websocket::Opcode, std::span<const std::uint8_t> payload) override {
    messages_.emplace_back(payload.begin(), payload.end());
    return true;
  }

  bool on_ping(std::span<const std::uint8_t>) override { return true; }

  bool on_pong(std::span<const std::uint8_t>) override {
    messages_.emplace_back("(pong)");
    return true;
  }

  void on_close(std::uint16_t code, std::string_view) override { close_code = code; }

  TestNode& node_;
  codec::websocket::FrameLimits limits_{.message_bytes = 64 * 1024 * 1024};
  codec::websocket::FrameParser parser_{codec::websocket::Role::kClient, limits_};
  bool upgraded_ = false;
  std::vector<std::string> messages_;

 public:
  const std::shared_ptr<FakePeer> peer;
};

/// A WebSocket client that joined the namespace.
inline std::unique_ptr<WebSocketClient> join_over_websocket(TestNode& node) {
  auto client = std::make_unique<WebSocketClient>(node);
  client->send("40");
  EXPECT_THAT(client->messages(),
              testing::ElementsAre(testing::StartsWith("0{"), testing::StartsWith("40{")));
  return client;
}

/// A polling session: its URL, over one connection for GETs and one for POSTs.
struct PollingClient {
  explicit PollingClient(TestNode& node)
      : get(node),
        post(node),
        sid(sid_of(get.ask(HttpClient::get(kPolling)))),
        url(with_sid(kPolling, sid)) {}

  /// A polling session that joined the namespace.
  static std::unique_ptr<PollingClient> joined(TestNode& node) {
    auto client = std::make_unique<PollingClient>(node);
    EXPECT_EQ(client->say("40"), "ok");
    EXPECT_THAT(client->poll(), testing::StartsWith("40{"));
    return client;
  }

  std::string poll() { return get.ask(HttpClient::get(url)); }

  std::string say(std::string_view packets) { return post.ask(HttpClient::post(url, packets)); }

  HttpClient get;
  HttpClient post;
  const std::string sid;
  const std::string url;
};

}  // namespace cloudsync::gateway
