#pragma once
// What runs on the gateways that are fuzzed: an application that does everything an application
// can, as the first letter of an event asks, and that checks what it is told.

#include "base/assert.h"
#include "codec/socketio/packet.h"
#include "gateway/gateway.h"

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloudsync::fuzz {

class GatewayApplication final : public gateway::Application {
 public:
  GatewayApplication(std::string& transcript, gateway::PacketFormat format)
      : transcript_(transcript), format_(format) {}

  /// Before the first call.
  void set_gateway(gateway::Gateway& gateway) { gateway_ = &gateway; }

  bool has_session_cookie(const codec::http1::Request& request) const override {
    return request.find("cookie") != nullptr;
  }

  Result<gateway::Subject> authenticate(const codec::http1::Request& request,
                                        const gateway::RequestOrigin&) override {
    const std::string* cookie = request.find("cookie");
    if (cookie != nullptr && *cookie == "bad") {
      return fail(ErrorCode::kForbidden, "not you");
    }
    return gateway::Subject{.user = cookie == nullptr ? "" : *cookie,
                            .from_cookie = cookie != nullptr,
                            .guests_allowed = true};
  }

  bool has_namespace(std::string_view nsp) const override { return nsp.size() < 3; }

  void on_connect(gateway::ConnectRequest request, gateway::ConnectReply reply) override {
    note("connect", request.connection, request.nsp);
    const auto* auth = request.auth.if_object();
    if (auth != nullptr && auth->contains("no")) {
      reply({.refusal = gateway::connect_refusal({ErrorCode::kForbidden, "no"})});
    } else if (auth != nullptr && auth->contains("wait")) {
      held = true;
      replies_.emplace_back(request.connection, std::move(reply));
    } else {
      accept(request.connection, request.nsp, reply);
    }
  }

  void on_event(gateway::ConnectionId connection, gateway::Event event) override {
    CS_ASSERT(connected_.contains(connection), "events come from who is connected");
    note("event", connection, event.name);
    switch (event.name.empty() ? '\0' : event.name.front()) {
      case 'j':
        gateway_->join(connection, "room");
        break;
      case 'l':
        gateway_->leave(connection, "room");
        break;
      case 'r':
        for (const auto member : std::vector(gateway_->members("room"))) {
          gateway_->emit(member, gateway::EncodedPacket::event("news", R"({"of":"the room"})"));
        }
        break;
      case 'p':
        gateway_->emit_latest(connection, event.name, gateway::EncodedPacket::event("p", "1"));
        break;
      case 'v': {
        const auto packet = gateway::EncodedPacket::event("v", "[]");
        (void)gateway_->emit_volatile(connection, {&packet, 1});
        break;
      }
      case 'b':  // long enough to meet the cap of the queue soon
        gateway_->emit(connection,
                       gateway::EncodedPacket::event("b", '"' + std::string(700, 'b') + '"'));
        break;
      case 'h':
        held = true;
        tickets_.push_back(std::move(event.ticket));
        break;
      case 'd':
        gateway_->disconnect(connection);
        break;
      case 's':
        gateway_->disconnect_session(connection);
        break;
      case 'c':
        gateway_->close_session(connection);
        break;
      default:
        break;
    }
    if (event.ack) {
      answer(connection, event);
    }
  }

  void on_ack(gateway::ConnectionId connection, gateway::Acknowledgement ack) override {
    CS_ASSERT(connected_.contains(connection), "answers come from who is connected");
    note("ack", connection, std::to_string(ack.id));
  }

  void on_disconnect(gateway::ConnectionId connection, std::string_view reason) override {
    CS_ASSERT(connected_.erase(connection) == 1, "who is connected disconnects once");
    note("disconnect", connection, reason);
  }

  void on_request(codec::http1::Request request,
                  const gateway::RequestOrigin&,
                  gateway::Responder respond) override {
    transcript_.append("request ").append(request.method).append(request.target) += '\n';
    if (request.path() == "/wait") {
      held = true;
      responders_.push_back(std::move(respond));
    } else {
      respond({.status = 200, .headers = {}, .body = request.body, .shared_body = {share("end")}});
    }
  }

  /// Finishes the oldest of what waits, of each kind.
  void release_one() {
    if (!tickets_.empty()) {
      tickets_.pop_front();
    }
    if (!responders_.empty()) {
      auto respond = std::move(responders_.front());
      responders_.pop_front();
      respond({.status = 200, .headers = {}, .body = "late", .shared_body = {}});
    }
    if (!replies_.empty()) {
      auto [connection, reply] = std::move(replies_.front());
      replies_.pop_front();
      accept(connection, "late", reply);
    }
  }

  bool idle() const { return tickets_.empty() && responders_.empty() && replies_.empty(); }

  bool nobody_connected() const { return connected_.empty(); }

  /// Something waited: then what is handled in one turn depends on how the input is cut.
  bool held = false;

 private:
  void note(std::string_view what, gateway::ConnectionId connection, std::string_view detail) {
    transcript_.append(what).append(" ").append(std::to_string(connection.value)) += ' ';
    transcript_.append(detail) += '\n';
  }

  // Connected before it is answered: the answer may be too much for a peer that does not read, and
  // end the session, which is told to this application only if the connection was up.
  void accept(gateway::ConnectionId connection,
              std::string_view nsp,
              gateway::ConnectReply& reply) {
    connected_.emplace(connection, nsp);
    if (!reply({})) {
      connected_.erase(connection);
    }
  }

  /// The arguments come back, with their binary.
  void answer(gateway::ConnectionId connection, gateway::Event& event) {
    codec::socketio::Packet packet;
    packet.type = event.attachments.empty() ? codec::socketio::PacketType::kAck
                                            : codec::socketio::PacketType::kBinaryAck;
    packet.id = event.ack;
    packet.data = std::move(event.arguments);
    packet.attachments = std::move(event.attachments);
    gateway_->emit(connection, gateway::encode_packet(format_, packet));
  }

  std::string& transcript_;
  const gateway::PacketFormat format_;
  gateway::Gateway* gateway_ = nullptr;
  std::map<gateway::ConnectionId, std::string> connected_;
  std::deque<gateway::RequestTicket> tickets_;
  std::deque<gateway::Responder> responders_;
  std::deque<std::pair<gateway::ConnectionId, gateway::ConnectReply>> replies_;
};

}  // namespace cloudsync::fuzz
