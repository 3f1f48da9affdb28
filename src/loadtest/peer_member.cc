#include "loadtest/peer_member.h"

#include <utility>

namespace cloudsync::loadtest {
namespace {

constexpr std::chrono::seconds kHandshakeTimeout{30};

}  // namespace

void PeerMember::start(TimePoint due) {
  in_handshake_ = true;
  due_ = due;
  state_ = State::kConnecting;
  context_.loop.run_after(kHandshakeTimeout, [this] {
    if (state_ == State::kConnecting) {
      fail_with("handshake_timeout");
    }
  });
  std::optional<runtime::Endpoint> source;
  if (const std::size_t sources = context_.options.source_addresses; sources > 0) {
    source = source_address(number_ % sources);
  }
  open(source);
}

void PeerMember::send(TimePoint due) {
  if (state_ != State::kJoined) {
    ++context_.measurements.late_edits;
    return;
  }
  ++context_.measurements.edits;
  ++room_.sent;
  transmit(due);
}

void PeerMember::leave() {
  leaving_ = true;
  close();
}

void PeerMember::on_joined() {
  state_ = State::kJoined;
  ++context_.measurements.joined;
  context_.measurements.connect.record(due_, precise_now());
  end_handshake();
}

void PeerMember::on_received(TimePoint due, bool own) {
  ++received_;
  ++context_.measurements.operations;
  if (own) {
    context_.measurements.ack.record(due, precise_now());
    context_.on_answered(number_);
  } else {
    context_.measurements.delivery.record(due, precise_now());
  }
}

void PeerMember::on_lost(std::string_view reason) {
  if (state_ == State::kJoined) {
    --context_.measurements.joined;
  }
  if (!leaving_ && state_ != State::kFailed) {
    ++context_.measurements.disconnects;
    context_.measurements.count_error(reason);
  }
  state_ = State::kFailed;
  end_handshake();
}

void PeerMember::fail_with(std::string_view code) {
  if (state_ == State::kJoined) {
    --context_.measurements.joined;
  }
  state_ = State::kFailed;
  context_.measurements.count_error(code);
  close();
}

void PeerMember::end_handshake() {
  if (std::exchange(in_handshake_, false)) {
    context_.on_handshake_over();
  }
}

}  // namespace cloudsync::loadtest
