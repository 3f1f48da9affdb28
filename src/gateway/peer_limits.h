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

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace cloudsync::gateway {

/// The part of an address that limits go by; nothing if it is no IP address.
std::optional<std::uint64_t> peer_key(std::string_view address);

class PeerLimits {
  enum Kind : std::uint8_t { kConnection, kSession, kUnjoinedSession, kKinds };

  struct Peer {
    PeerLimits* limits = nullptr;  // those that it is in: a hold needs no second pointer
    TokenBucket handshakes;
    std::array<std::size_t, kKinds> counts{};  // by kind

    bool full(TimePoint now) const { return handshakes.full(now); }
  };

  using Table = RateTable<std::uint64_t, Peer>;

 public:
  /// One that counts for a peer, as one kind, for as long as it lives. Empty: for nobody.
  template <Kind kind>
  class Hold {
   public:
    Hold() = default;

    Hold(Hold&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}

    Hold& operator=(Hold&& other) noexcept {
      std::swap(entry_, other.entry_);
      return *this;
    }

    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    ~Hold() { reset(); }

    bool empty() const { return entry_ == nullptr; }

    void reset() {
      if (entry_ != nullptr) {
        end(*std::exchange(entry_, nullptr), kind);
      }
    }

   private:
    friend class PeerLimits;

    explicit Hold(Table::Entry& entry) : entry_(&entry) {}

    Table::Entry* entry_ = nullptr;  // held once
  };

  using ConnectionHold = Hold<kConnection>;
  using SessionHold = Hold<kSession>;
  using UnjoinedHold = Hold<kUnjoinedSession>;

  /// A session, which counts once more until it joined a namespace.
  struct Arrival {
    SessionHold session;
    UnjoinedHold unjoined;
  };

  /// `limits` and `metrics` outlive it, and it every hold.
  PeerLimits(const Limits& limits, Metrics& metrics);

  /// A new connection; kRateLimited if the peer has too many.
  Result<ConnectionHold> connect(std::string_view address, TimePoint now);

  /// A handshake; kRateLimited, with the time to wait, if the peer makes too many or has too many
  /// sessions, or too many that joined no namespace.
  Result<Arrival> handshake(std::string_view address, TimePoint now);

  /// Peers that are remembered.
  std::size_t size() const;

 private:
  /// Nothing for a peer that is not limited.
  std::optional<std::uint64_t> limited_key(std::string_view address) const;
  /// Counts one more in an entry that is held for it, for as long as the answer lives.
  template <Kind kind>
  Hold<kind> count(Table::Entry& held);
  /// The other side of count().
  static void end(Table::Entry& held, Kind kind);
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
