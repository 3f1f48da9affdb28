#include "gateway/peer_limits.h"

#include "runtime/loop.h"

#include <arpa/inet.h>

#include <array>
#include <chrono>

namespace cloudsync::gateway {

namespace {

/// When a peer with too many sessions may try again: some have joined, timed out or ended.
constexpr std::uint32_t kSessionsRetryMs = 1'000;

}  // namespace

std::optional<std::uint64_t> peer_key(std::string_view address) {
  const std::string text(address);
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 4;
  // The /64s of IPv4's numbers are in 0000::/8, which nobody has (RFC 4291, section 2.4).
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) != 1) {
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) {
      return std::nullopt;
    }
    size = 8;
  }
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < size; ++i) {
    key = key << 8 | bytes[i];
  }
  return key;
}

PeerLimits::PeerLimits(const Limits& limits, Metrics& metrics)
    : limits_(limits),
      handshake_rate_(Rate::per_second(limits.handshakes_per_second, limits.rate_burst)),
      connections_reached_(metrics.limit("connections_per_ip")),
      handshakes_reached_(metrics.limit("handshakes_per_second")),
      unjoined_reached_(metrics.limit("unjoined_sessions_per_ip")),
      peers_(limits.rates_remembered) {}

std::optional<std::uint64_t> PeerLimits::limited_key(std::string_view address) const {
  return limits_.limit_loopback || !runtime::is_loopback(address) ? peer_key(address)
                                                                  : std::nullopt;
}

template <PeerLimits::Kind kind>
PeerLimits::Hold<kind> PeerLimits::count(Table::Entry& held) {
  if (held.value.limits == nullptr) {  // once: holds of other threads read it without the lock
    held.value.limits = this;
  }
  ++held.value.counts[kind];
  return Hold<kind>(held);
}

void PeerLimits::end(Table::Entry& held, Kind kind) {
  PeerLimits& limits = *held.value.limits;
  const std::lock_guard lock(limits.mutex_);
  --held.value.counts[kind];
  limits.peers_.release(held);
}

Result<PeerLimits::ConnectionHold> PeerLimits::connect(std::string_view address, TimePoint now) {
  const auto key = limited_key(address);
  if (!key) {
    return ConnectionHold();
  }
  const std::lock_guard lock(mutex_);
  Table::Entry& entry = peers_.hold(*key, now);
  if (limits_.connections_per_ip != 0 &&
      entry.value.counts[kConnection] >= limits_.connections_per_ip) {
    peers_.release(entry);
    connections_reached_.add();
    return fail(ErrorCode::kRateLimited, "too many connections from this address");
  }
  return count<kConnection>(entry);
}

Result<PeerLimits::Arrival> PeerLimits::handshake(std::string_view address, TimePoint now) {
  const auto key = limited_key(address);
  if (!key) {
    return Arrival();
  }
  const std::lock_guard lock(mutex_);
  Table::Entry& entry = peers_.hold(*key, now);
  if (auto refusal = refuse_handshake(entry.value, now)) {
    peers_.release(entry);
    return fail(*std::move(refusal));
  }
  entry.value.handshakes.take(now, handshake_rate_);
  peers_.hold(entry);  // each of the two holds it
  return Arrival{.session = count<kSession>(entry), .unjoined = count<kUnjoinedSession>(entry)};
}

std::optional<Error> PeerLimits::refuse_handshake(const Peer& peer, TimePoint now) {
  if (const Duration wait = peer.handshakes.wait(now, handshake_rate_); wait > Duration::zero()) {
    handshakes_reached_.add();
    return Error{.code = ErrorCode::kRateLimited,
                 .message = "too many handshakes from this address",
                 .retry_after_ms = retry_hint_ms(wait)};
  }
  if (limits_.connections_per_ip != 0 && peer.counts[kSession] >= limits_.connections_per_ip) {
    connections_reached_.add();
    return Error{.code = ErrorCode::kRateLimited,
                 .message = "too many sessions of this address",
                 .retry_after_ms = kSessionsRetryMs};
  }
  if (limits_.unjoined_sessions_per_ip != 0 &&
      peer.counts[kUnjoinedSession] >= limits_.unjoined_sessions_per_ip) {
    unjoined_reached_.add();
    return Error{.code = ErrorCode::kRateLimited,
                 .message = "too many sessions of this address have not joined",
                 .retry_after_ms = kSessionsRetryMs};
  }
  return std::nullopt;
}

std::size_t PeerLimits::size() const {
  const std::lock_guard lock(mutex_);
  return peers_.size();
}

}  // namespace cloudsync::gateway
