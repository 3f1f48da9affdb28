#pragma once
// What one address may take of the node: connections, sessions (each of a well-behaved client has a
// connection, so they share the limit; over polling it can be without one), handshakes per second,
// and sessions that joined no namespace yet. One for all loops, since the kernel spreads the
// connections of an address over them; thread-safe, under a lock that is held for a look-up in a
// tree.
//
// An IPv6 peer is its /64: that is what one subscriber has at least (RFC 6177), with 2^64 addresses
// to choose from. The address is the TCP peer's; headers like X-Forwarded-For are anybody's words.

#include "base/limits.h"
#include "base/metrics.h"
#include "base/result.h"
#include "gateway/rate_table.h"
#include "gateway/token_bucket.h"
#include "runtime/loop.h"

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace cloudsync::gateway {

/// The part of an address that limits go by; nothing if it is no IP address.
std::optional<std::uint64_t> peer_key(const runtime::Endpoint& peer);

class PeerLimits {
  struct Peer {
    TokenBucket handshakes;
    std::size_t connections = 0;
    std::size_t sessions = 0;
    std::size_t unjoined_sessions = 0;

    bool full(TimePoint now) const { return handshakes.full(now); }
  };

  using Table = RateTable<std::uint64_t, Peer>;

 public:
  /// Counts one connection or session of a peer for as long as it lives. Empty: of nobody.
  class Hold {
   public:
    Hold() = default;

    Hold(Hold&& other) noexcept { *this = std::move(other); }

    Hold& operator=(Hold&& other) noexcept {
      std::swap(limits_, other.limits_);
      std::swap(entry_, other.entry_);
      std::swap(count_, other.count_);
      return *this;
    }

    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    ~Hold() { reset(); }

    void reset();

   private:
    friend class PeerLimits;
    PeerLimits* limits_ = nullptr;
    Table::Entry* entry_ = nullptr;
    std::size_t Peer::*count_ = nullptr;
  };

  /// What a session holds: its place while it lives, and another one until it joined a namespace.
  struct SessionHolds {
    Hold session;
    Hold unjoined;
  };

  /// `limits` and `metrics` outlive it, and it every hold.
  PeerLimits(const Limits& limits, Metrics& metrics);

  /// A new connection; kRateLimited if the peer has too many.
  Result<Hold> connect(const runtime::Endpoint& peer, TimePoint now);

  /// A handshake; kRateLimited, with the time to wait, if the peer makes too many or has too many
  /// sessions, or too many that joined no namespace.
  Result<SessionHolds> handshake(const runtime::Endpoint& peer, TimePoint now);

  /// Peers that are remembered.
  std::size_t size() const;

 private:
  /// Nothing for a peer that is not limited.
  std::optional<std::uint64_t> limited_key(const runtime::Endpoint& peer) const;
  /// Counts in an entry that is held, for as long as the answer lives.
  Hold count(Table::Entry& held, std::size_t Peer::*member);
  std::optional<Error> refuse_handshake(const Peer& peer, TimePoint now);

  const Limits& limits_;
  const Rate handshake_rate_;
  Counter& connections_reached_;
  Counter& handshakes_reached_;
  Counter& unjoined_reached_;
  mutable std::mutex mutex_;  // guards the table and its entries
  Table peers_;
};

}  // namespace cloudsync::gateway
