#include "gateway/session.h"

#include "base/crypto.h"
#include "base/log.h"
#include "codec/websocket/frame.h"

#include <functional>
#include <utility>

namespace cloudsync::gateway {

namespace engineio = codec::engineio;

namespace {

/// Authors whose latest presence is held back for one slow peer; further ones are dropped.
constexpr std::size_t kHeldPresenceMax = 1'024;

/// Socket.IO's reason for the end of a session whose peer does not keep to the protocol.
constexpr std::string_view kParseError = "parse error";

/// How long the last packets of a closed polling session wait for a GET (the reference's 30 s).
constexpr std::chrono::seconds kFarewellTime{30};

/// A send of more than this may be too much for the kernel's buffers (TCP_NOTSENT_LOWAT is as
/// much): then whether its peer takes it is to be watched. What is less, and nothing behind it,
/// shows with the next ping.
constexpr std::size_t kWatchedSend = 16 * 1024;

}  // namespace

Session::Session(SessionEnvironment& environment,
                 Identity identity,
                 const Subject& subject,
                 Transport transport)
    : environment_(environment),
      identity_(std::move(identity)),
      user_(subject.user),
      heartbeat_(environment.next_ping()),
      transport_(transport),
      arriving_(transport == Transport::kWebSocket),
      from_cookie_(subject.from_cookie),
      guests_allowed_(subject.guests_allowed) {
  if (transport == Transport::kPolling) {
    rest_->polling = std::make_unique<Polling>();
  }
  if (subject.handshake != nullptr) {
    rest_->handshake = subject.handshake;
  }
}

Session::~Session() {
  stop_waiting();
}

RequestTicket Session::begin_request(std::size_t weight) {
  auto& requests = rest_->requests;
  if (requests == nullptr) {
    requests = std::make_shared<RequestsInFlight>(
        environment_.limits.requests_in_flight,
        std::bind_front(environment_.call_later, identity_.id, &Session::continue_input));
  }
  return RequestsInFlight::begin(requests, weight);
}

void Session::stop_waiting() {
  if (requests() != nullptr) {
    requests()->stop_waiting();
  }
}

void Session::hold(PeerLimits::Arrival places) {
  hold_ = std::move(places.session);
  if (!joined_ && !places.unjoined.empty()) {  // else its handler needs no peer's word for that
    rest_->unjoined = std::move(places.unjoined);
  }
}

void Session::note_joined() {
  joined_ = true;
  end_arrival();
}

void Session::end_arrival() {
  if (Rest* rest = rest_.get()) {
    rest->unjoined.reset();
  }
  if (std::exchange(arriving_, false)) {
    environment_.arrived();
  }
}

std::string Session::sid() const {
  return environment_.sid_prefix + base64url(identity_.secret);
}

std::string Session::open_packet(bool can_upgrade) const {
  engineio::Handshake handshake;
  handshake.sid = sid();
  if (can_upgrade) {
    handshake.upgrades.emplace_back("websocket");
  }
  const Limits& limits = environment_.limits;
  handshake.ping_interval_ms = static_cast<std::uint64_t>(limits.ping_interval.count());
  handshake.ping_timeout_ms = static_cast<std::uint64_t>(limits.ping_timeout.count());
  handshake.max_payload = limits.payload_bytes;
  return encode_handshake(handshake);
}

void Session::carry_by(Connection& connection) {
  websocket_ = &connection;
  environment_.loop.trust_heartbeat(connection.socket());
}

void Session::open_websocket(Connection& connection) {
  carry_by(connection);
  send_engine('0', open_packet(false));
}

void Session::begin_upgrade(Connection& connection) {
  polling()->candidate = &connection;
  polling()->candidate_probed = false;
  polling()->upgrade_deadline = environment_.loop.now() + environment_.limits.handshake_timeout;
}

void Session::on_websocket_text(Connection& connection, std::string_view text) {
  if (is_candidate(connection)) {
    handle_candidate_text(text);
    return;
  }
  if (&connection != websocket_) {
    return;
  }
  const auto packet = engineio::decode_text(text);
  if (!packet) {
    refuse("malformed_packet", kParseError);
    return;
  }
  if (packet->type != engineio::PacketType::kPong) {
    note_life();
  }
  if (packet->type == engineio::PacketType::kMessage) {
    take_message(false, packet->data);
  } else {
    handle_engine_packet(*packet);
  }
}

void Session::on_websocket_binary(Connection& connection, std::string_view bytes) {
  if (is_candidate(connection)) {
    abort_upgrade(codec::websocket::kCloseProtocolError);
  } else if (&connection == websocket_) {
    note_life();
    take_message(true, bytes);
  }
}

// Anything but one probe and the upgrade packet aborts the upgrade only; polling goes on.
void Session::handle_candidate_text(std::string_view text) {
  if (text == "2probe" && !polling()->candidate_probed) {
    polling()->candidate_probed = true;
    polling()->candidate->send_frame(EncodedPacket::from_engine_text("3probe").websocket_frame());
    free_poll();  // so that the client can pause polling
  } else if (text == "5") {
    complete_upgrade();
  } else {
    abort_upgrade(codec::websocket::kCloseProtocolError);
  }
}

void Session::abort_upgrade(std::uint16_t close_code) {
  note_refusal("upgrade_aborted",
               close_code == codec::websocket::kCloseNoStatus ? "too_late" : "malformed_packet");
  drop_candidate(close_code);
}

// The switch is whole before the poll is answered: its connection may go on with a next request.
void Session::complete_upgrade() {
  if (lingering()) {
    say_farewell();
    return;
  }
  carry_by(*std::exchange(polling()->candidate, nullptr));
  polling()->upgrade_deadline = kNever;
  transport_ = Transport::kWebSocket;
  for (const EncodedPacket& packet : polling()->take_buffer()) {
    websocket_->send_frame(packet.websocket_frame());
  }
  websocket_->hold_input(has_input());
  free_poll();
}

// The session was closed when its client had paused polling for the upgrade: it polls no more, so
// this WebSocket is the only way to tell it.
void Session::say_farewell() {
  polling()->buffer.pop_back();  // the close packet: a WebSocket has an end of its own
  for (const EncodedPacket& packet : polling()->buffer) {
    polling()->candidate->send_frame(packet.websocket_frame());
  }
  retire();
}

void Session::on_connection_ended(Connection& connection) {
  if (&connection == websocket_) {
    websocket_ = nullptr;
    close("transport close");
  } else if (polling() != nullptr) {
    on_request_ended(connection);
  }
}

void Session::send_engine(char type, std::string_view data) {
  std::string text(1, type);
  text += data;
  send(EncodedPacket::from_engine_text(text));
}

std::size_t Session::queued_bytes() const {
  return websocket_ != nullptr ? websocket_->queued_bytes() : buffered_bytes();
}

bool Session::writable() const {
  if (transport_ == Transport::kPolling) {
    return polling()->poll != nullptr;
  }
  return queued_bytes() <= environment_.limits.presence_queue_bytes;
}

void Session::send(const EncodedPacket& packet) {
  if (closed_) {
    return;
  }
  const std::size_t bytes =
      websocket_ != nullptr ? websocket_->frame_bytes(packet.websocket_frame()) : packet.size();
  const std::size_t queued = queued_bytes();
  if (queued > 0 || bytes > kWatchedSend || transport_ == Transport::kPolling) {
    environment_.look_soon(identity_.id);
  }
  if (queued + bytes > environment_.limits.send_queue_bytes && queued > 0) {
    environment_.queue_limit.add();
    refuse("send_queue_bytes", "transport error", kCloseSlowConsumer);
    return;
  }
  if (transport_ == Transport::kWebSocket) {
    if (websocket_ != nullptr) {
      websocket_->send_frame(packet.websocket_frame());
    }
    return;
  }
  polling()->buffered_bytes += packet.size();
  polling()->buffer.push_back(packet);
  if (polling()->poll != nullptr && !std::exchange(polling()->flush_scheduled, true)) {
    environment_.call_later(identity_.id, &Session::flush);
  }
}

void Session::send_latest(const std::string& key, const EncodedPacket& packet) {
  if (closed_) {
    return;
  }
  const bool slow = queued_bytes() > environment_.limits.presence_queue_bytes;
  if (!slow && (backlog() == nullptr || backlog()->latest.empty())) {
    send(packet);
    return;
  }
  environment_.presence_limit.add();
  auto& latest = make_backlog().latest;
  if (latest.size() < kHeldPresenceMax || latest.contains(key)) {
    latest.insert_or_assign(key, packet);
  }
}

void Session::drop_latest() {
  if (backlog() != nullptr) {
    backlog()->latest.clear();
  }
}

void Session::send_held_presence() {
  if (backlog() != nullptr && queued_bytes() <= environment_.limits.presence_queue_bytes) {
    for (const auto& [key, packet] : std::exchange(backlog()->latest, {})) {
      send(packet);
    }
  }
}

void Session::on_drained(Connection& connection) {
  if (&connection == websocket_) {
    send_held_presence();
    if (input_held_) {
      environment_.call_later(identity_.id, &Session::continue_input);
    }
  }
}

void Session::retire() {
  if (polling() != nullptr) {
    polling()->linger_deadline = kNever;
    drop_candidate();
    polling()->take_buffer();
  }
  hold_.reset();
  environment_.retire(*this);
}

void Session::drop_candidate(std::uint16_t close_code) {
  polling()->upgrade_deadline = kNever;
  if (polling()->candidate != nullptr) {
    std::exchange(polling()->candidate, nullptr)->close(close_code);
  }
}

Session::Backlog& Session::make_backlog() {
  auto& backlog = rest_->backlog;
  if (backlog == nullptr) {
    backlog = std::make_unique<Backlog>();
  }
  return *backlog;
}

bool Session::Rest::empty() const {
  return polling == nullptr && backlog == nullptr && requests == nullptr && handshake == nullptr &&
         unjoined.empty();
}

void Session::close_with_farewell(std::string_view reason) {
  if (!closed_ && transport_ == Transport::kPolling && polling()->poll == nullptr) {
    polling()->linger_deadline = environment_.loop.now() + kFarewellTime;
  }
  close(reason);
}

void Session::note_refusal(std::string_view event,
                           std::string_view cause,
                           std::string_view detail) {
  environment_.refusals.note({event, cause, identity_.peer.str(), detail});
}

void Session::refuse(std::string_view cause, std::string_view reason, std::uint16_t code) {
  if (!closed_) {
    note_refusal("session_closed", cause);
    end(reason, code);
  }
}

void Session::close(std::string_view reason) {
  end(reason, codec::websocket::kCloseNoStatus);
}

void Session::end(std::string_view reason, std::uint16_t code) {
  if (std::exchange(closed_, true)) {
    return;
  }
  log_debug("session_ended", {{"reason", reason}});
  if (reason == kParseError) {  // of Engine.IO or of the handler: the peer sent what it may not
    environment_.metrics.limit("malformed_packet").add();
  }
  end_arrival();
  handler_->on_closed(reason);
  stop_waiting();
  if (Rest* rest = rest_.get()) {
    rest->backlog.reset();
  }
  if (websocket_ != nullptr) {
    const std::string_view told =
        code == kCloseSlowConsumer ? "too much is queued that was not read" : "";
    std::exchange(websocket_, nullptr)->close(code, told);
  }
  if (polling() == nullptr || !close_polling()) {
    retire();
  }
}

}  // namespace cloudsync::gateway
