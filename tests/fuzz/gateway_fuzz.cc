// A whole node of two gateways on fake loops, under a script of what peers, time and the
// application do. Requests and frames may be built by the script, so that sessions, upgrades and
// moves between the loops are reached, or be any bytes at all. Whatever the peers do:
//   - every answer is well-formed HTTP or WebSocket;
//   - connects and disconnects pair up (gateway_application.h);
//   - once the peers are gone and time has passed, nothing is left of them;
//   - how the input of a turn is cut into pieces changes nothing.
//
// Input: one byte of settings, one that seeds a random cut, then steps of an operation (see
// run_step) and its operands. What an input lacks at its end is zero.

#include "base/assert.h"
#include "base/log.h"
#include "base/random.h"
#include "codec/http1/response_parser.h"
#include "codec/testing.h"
#include "codec/websocket/frame_parser.h"
#include "gateway/fake_loop.h"
#include "gateway_application.h"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::fuzz {
namespace {

using codec::testing::Cut;
using std::chrono::milliseconds;

constexpr std::size_t kPeersMax = 8;
constexpr std::size_t kLoops = 2;

/// Small, so that scripts meet them.
const Limits kLimits{.http_header_bytes = 1'024,
                     .http_body_bytes = 256,
                     .payload_bytes = 512,
                     .websocket_fragments = 8,
                     .send_queue_bytes = 4'096,
                     .send_queue_timeout = milliseconds(4'000),
                     .node_queue_bytes = 16 * 1024,
                     .http_answer_bytes = 4'096,
                     .requests_in_flight = 2,
                     .presence_queue_bytes = 1'024,
                     .connections = 6,
                     .handshake_timeout = milliseconds(2'000),
                     .connect_timeout = milliseconds(2'000),
                     .namespaces_per_session = 3,
                     .ping_interval = milliseconds(5'000),
                     .ping_timeout = milliseconds(4'000),
                     .idle_http_timeout = milliseconds(6'000),
                     .handshakes_per_second = 2,
                     .connections_per_ip = 5,
                     .unjoined_sessions_per_ip = 4,
                     .limit_loopback = true,
                     .rates_remembered = 4};

/// The operands of the steps.
class Script {
 public:
  explicit Script(std::string_view bytes) : bytes_(bytes) {}

  bool ended() const { return bytes_.empty(); }

  std::uint8_t number() {
    if (bytes_.empty()) {
      return 0;
    }
    const auto first = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return first;
  }

  /// A length in one byte, and so many bytes.
  std::string_view text() {
    const std::string_view text = bytes_.substr(0, number());
    bytes_.remove_prefix(text.size());
    return text;
  }

 private:
  std::string_view bytes_;
};

/// Nothing is expected of what a server says but that it is well-formed.
class Listener final : public codec::websocket::FrameVisitor {
 public:
  bool on_message(codec::websocket::Opcode, std::span<const std::uint8_t>) override { return true; }

  bool on_ping(std::span<const std::uint8_t>) override { return true; }

  bool on_pong(std::span<const std::uint8_t>) override { return true; }

  void on_close(std::uint16_t, std::string_view) override {}
};

/// `heads` is whether requests without a body in their answers, HEAD, may have been among others.
void check_answers(std::string_view received, bool heads) {
  std::vector<std::uint8_t> bytes(received.begin(), received.end());
  std::span<std::uint8_t> rest(bytes);
  codec::http1::ResponseParser parser;
  while (!rest.empty()) {
    const auto fed = parser.feed(rest);
    CS_ASSERT(heads || fed.status != codec::http1::ParseStatus::kError, "answers are HTTP");
    rest = rest.subspan(fed.consumed);
    if (fed.status != codec::http1::ParseStatus::kComplete) {
      return;
    }
    if (parser.take_response().status == 101) {
      const codec::websocket::FrameLimits limits;
      codec::websocket::Inflater inflater;
      codec::websocket::FrameParser frames(codec::websocket::Role::kClient, limits, &inflater);
      Listener listener;
      CS_ASSERT(!frames.feed(rest, listener), "messages are WebSocket");
      return;
    }
  }
}

/// How the bytes that a peer sends in one step arrive.
struct Pieces {
  enum class Mode : std::uint8_t { kWhole, kBytes, kRandom } mode = Mode::kWhole;
  std::uint32_t seed = 0;

  Cut cut(std::size_t bytes, std::uint32_t step) const {
    return mode == Mode::kWhole   ? Cut{bytes}
           : mode == Mode::kBytes ? Cut(bytes, 1)
                                  : codec::testing::random_cut(bytes, seed + step);
  }
};

struct Outcome {
  std::string transcript;             ///< of both applications
  std::vector<std::string> received;  ///< by peer
  /// What is said when may depend on the cut: something waited for the application, a socket moved,
  /// whose next piece is read in another turn, or a body was asked for that had not come (100).
  bool timing = false;
};

class Node {
 public:
  Node(std::uint8_t settings, Pieces pieces)
      : pieces_(pieces),
        policy_({.public_url = {},
                 .allowed_origins = {(settings & 1) != 0 ? "https://a.example" : ""}}) {
    const auto format =
        (settings & 2) != 0 ? gateway::PacketFormat::kMsgpack : gateway::PacketFormat::kJson;
    std::vector<gateway::Gateway*> gateways;
    for (std::uint32_t i = 0; i < kLoops; ++i) {
      Loop& loop = loops_[i];
      loop.loop = std::make_unique<gateway::FakeLoop>(network_);
      loop.application = std::make_unique<GatewayApplication>(transcript_, format);
      loop.gateway = std::make_unique<gateway::Gateway>(
          gateway::GatewayDependencies{.loop = *loop.loop,
                                       .loop_index = i,
                                       .application = *loop.application,
                                       .policy = policy_,
                                       .limits = kLimits,
                                       .random = random_,
                                       .metrics = metrics_,
                                       .peer_limits = peer_limits_,
                                       .options = {.cookie = (settings & 4) != 0 ? "io" : "",
                                                   .websocket_compression = (settings & 8) != 0},
                                       .format = format});
      loop.application->set_gateway(*loop.gateway);
      gateways.push_back(loop.gateway.get());
    }
    for (gateway::Gateway* each : gateways) {
      each->set_peers(gateways);
      CS_ASSERT(each->listen({"127.0.0.1", 8080}, true).has_value(), "a fake loop listens");
    }
  }

  Outcome run(Script script) {
    while (!script.ended()) {
      ++step_;
      const std::uint8_t operation = script.number();
      run_step(operation & 0x7F, script);
      if ((operation & 0x80) == 0) {
        settle();
      }
    }
    settle();
    return finish();
  }

 private:
  struct Loop {
    std::unique_ptr<gateway::FakeLoop> loop;
    std::unique_ptr<GatewayApplication> application;
    std::unique_ptr<gateway::Gateway> gateway;
  };

  void run_step(std::uint8_t operation, Script& script) {
    if (operation == 0 || peers_.empty()) {
      connect(script.number());
      return;
    }
    if (operation == 1) {
      advance(script.number());
      return;
    }
    if (operation == 2) {
      loops_[script.number() % kLoops].application->release_one();
      return;
    }
    gateway::FakePeer& peer = *peers_[script.number() % peers_.size()];
    switch (operation) {
      case 3:
        peer.close();
        break;
      case 4:
        peer.room = script.number();
        break;
      case 5:
        peer.room = std::string::npos;
        break;
      case 6:
        send(peer, script.text());
        break;
      case 7: {
        const std::uint8_t kind = script.number();
        send(peer, request(kind, script));
        break;
      }
      case 8: {
        const std::uint8_t first = script.number();
        send(peer, frame(first, script.text()));
        break;
      }
      default:
        send(peer, frame(0x81, script.text()));  // a whole text: the most common of all
        break;
    }
  }

  void connect(std::uint8_t loop) {
    if (peers_.size() < kPeersMax) {
      const std::string address = loop < 128 ? "127.0.0.1" : "127.0.0.2";
      peers_.push_back(loops_[loop % kLoops].loop->connect_peer({address, 50'000}));
    }
  }

  void send(gateway::FakePeer& peer, std::string_view bytes) {
    heads_ = heads_ || bytes.find("HEAD") != std::string_view::npos;
    for (const std::size_t size : pieces_.cut(bytes.size(), step_)) {
      if (size > 0) {
        peer.send(std::string(bytes.substr(0, size)));
        bytes.remove_prefix(size);
      }
    }
  }

  /// A request as clients make it; the operands say which, for which session, and with what else.
  std::string request(std::uint8_t kind, Script& script) {
    static constexpr std::array<std::string_view, 8> kLines = {
        "GET /socket.io/?EIO=4&transport=polling",
        "GET /socket.io/?EIO=4&transport=polling&sid=",
        "POST /socket.io/?EIO=4&transport=polling&sid=",
        "GET /socket.io/?EIO=4&transport=websocket",
        "GET /socket.io/?EIO=4&transport=websocket&sid=",
        "GET /wait",
        "POST /echo",
        "HEAD /",
    };
    std::string text(kLines[kind % kLines.size()]);
    if (text.ends_with("sid=")) {
      text += sid(script.number());
    }
    text += " HTTP/1.1\r\nHost: localhost\r\n";
    const std::uint8_t extras = script.number();
    if (text.find("websocket") != std::string::npos) {
      text +=
          "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    }
    static constexpr std::array<std::string_view, 7> kExtras = {
        "Connection: close\r\n",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
        "Cookie: a\r\n",
        "Sec-Fetch-Site: same-origin\r\n",
        "Origin: https://a.example\r\n",
        "Content-Type: application/octet-stream\r\n",
        "Expect: 100-continue\r\n",
    };
    for (std::size_t i = 0; i < kExtras.size(); ++i) {
      text += (extras & 1U << i) != 0 ? kExtras[i] : std::string_view();
    }
    if (!text.starts_with("POST")) {
      return text + "\r\n";
    }
    const std::string_view body = script.text();
    return text.append("Content-Length: ")
        .append(std::to_string(body.size()))
        .append("\r\n\r\n")
        .append(body);
  }

  /// The sid of the session that was opened as number `index`, of those that peers know of.
  std::string sid(std::uint8_t index) const {
    std::vector<std::string> sids;
    constexpr std::string_view kBefore = "0{\"sid\":\"";
    for (const auto& peer : peers_) {
      for (auto at = peer->received.find(kBefore); at != std::string::npos;
           at = peer->received.find(kBefore, at + 1)) {
        const auto begin = at + kBefore.size();
        sids.push_back(peer->received.substr(begin, peer->received.find('"', begin) - begin));
      }
    }
    return sids.empty() ? "none" : sids[index % sids.size()];
  }

  static std::string frame(std::uint8_t first, std::string_view payload) {
    std::string bytes;
    codec::websocket::append_masked_frame(
        bytes, codec::websocket::Opcode::kText, payload, {1, 2, 3, 4});
    bytes[0] = static_cast<char>(first);
    return bytes;
  }

  void advance(std::uint8_t how) {
    struct Jumps {
      milliseconds by;
      int count;
    };

    static constexpr std::array<Jumps, 8> kJumps = {{{milliseconds(100), 1},
                                                     {milliseconds(900), 1},
                                                     {milliseconds(100), 10},
                                                     {milliseconds(900), 4},
                                                     {milliseconds(900), 12},
                                                     {milliseconds(900), 40},
                                                     {milliseconds(3'000), 1},
                                                     {milliseconds(7), 1}}};
    const Jumps& jumps = kJumps[how % kJumps.size()];
    for (int i = 0; i < jumps.count; ++i) {
      settle();
      network_.clock.advance(jumps.by);
    }
  }

  void settle() {
    bool worked = true;
    while (worked) {
      worked = false;
      for (const Loop& each : loops_) {
        worked |= each.loop->turn();
      }
    }
  }

  /// The peers end, those that read as those that don't, and so does what the application works on.
  Outcome finish() {
    Outcome outcome;
    for (const auto& peer : peers_) {
      check_answers(peer->received, heads_);
      outcome.received.push_back(peer->received);
      outcome.timing |= peer->received.find("HTTP/1.1 100 ") != std::string::npos;
      peer->close();
    }
    outcome.transcript = transcript_;
    outcome.timing |= network_.next_descriptor != gateway::FakeNetwork().next_descriptor;
    for (const Loop& each : loops_) {
      outcome.timing = outcome.timing || each.application->held;
      while (!each.application->idle()) {
        each.application->release_one();
        settle();
      }
    }
    constexpr int kJumpsToTheEnd = 50;  // more than a farewell and a heartbeat
    for (int i = 0; i < kJumpsToTheEnd; ++i) {
      settle();
      network_.clock.advance(milliseconds(900));
    }
    settle();
    check_that_nothing_is_left();
    return outcome;
  }

  void check_that_nothing_is_left() {
    for (const auto& peer : peers_) {
      CS_ASSERT(peer->gone, "a peer that went is let go");
    }
    for (const Loop& each : loops_) {
      CS_ASSERT(each.gateway->session_count() == 0, "sessions end with their peers");
      CS_ASSERT(each.application->nobody_connected(), "and so do connections");
    }
    for (const char* gauge : {"cloudsync_connections",
                              "cloudsync_sessions",
                              "cloudsync_rooms",
                              "cloudsync_send_queue_bytes",
                              "cloudsync_http_answer_bytes"}) {
      CS_ASSERT(metrics_.gauge(gauge, "").value() == 0, "what is counted is gone");
    }
    CS_ASSERT(peer_limits_.size() <= kLimits.rates_remembered, "few peers are remembered");
  }

  const Pieces pieces_;
  std::string transcript_;
  gateway::FakeNetwork network_;
  gateway::AccessPolicy policy_;
  SeededRandom random_{1};
  Metrics metrics_;
  gateway::PeerLimits peer_limits_{kLimits, metrics_};
  std::array<Loop, kLoops> loops_;
  std::vector<std::shared_ptr<gateway::FakePeer>> peers_;
  std::uint32_t step_ = 0;
  bool heads_ = false;
};

void fuzz(std::string_view input) {
  Script script(input);
  const std::uint8_t settings = script.number();
  const std::uint8_t seed = script.number();
  const auto run = [&](Pieces pieces) { return Node(settings, pieces).run(script); };
  const Outcome whole = run({});
  for (const Pieces pieces :
       {Pieces{Pieces::Mode::kBytes, 0}, Pieces{Pieces::Mode::kRandom, seed}}) {
    const Outcome cut = run(pieces);
    if (!whole.timing && !cut.timing) {
      CS_ASSERT(cut.transcript == whole.transcript, "the application hears the same");
      CS_ASSERT(cut.received == whole.received, "and so do the peers");
    }
  }
}

}  // namespace
}  // namespace cloudsync::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cloudsync::set_log_level(cloudsync::LogLevel::kOff);
  // reinterpret_cast: the fuzzer's bytes are read as characters.
  cloudsync::fuzz::fuzz({reinterpret_cast<const char*>(data), size});
  return 0;
}
