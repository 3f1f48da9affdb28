#pragma once
// Connection state recovery (Socket.IO 4.6): what a namespace sent of late, and the sockets that
// were lost, so that a client that comes back soon gets what it missed. In memory and bounded in
// bytes and time; what is beyond is an ordinary new connection. Documents do not use it: they
// resume by revision, which nothing bounds.
//
// It closes holes of the reference: a client that never had an event resumes; an idle one does
// after any time within the duration; and the memory has a cap.

#include "base/clock.h"
#include "base/json.h"
#include "gateway/encoded_packet.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cloudsync::gateway {

struct RecoveryOptions {
  /// How long a lost socket may come back: the reference's two minutes.
  Duration duration = std::chrono::minutes(2);
  /// Of the packets of one namespace; the oldest go first.
  std::size_t log_bytes = 8 * 1024 * 1024;
  /// Lost sockets of one namespace; the oldest go first.
  std::size_t sessions = 10'000;
};

/// A socket that was lost.
struct LostSocket {
  std::string sid;
  std::vector<std::string> rooms;
  JsonValue data;
  std::string user;
  /// Numbers of the namespace's newest event when it began, of the newest that was sent to it, and
  /// of the namespace's newest when it was lost.
  std::uint64_t began = 0;
  std::uint64_t last_sent = 0;
  std::uint64_t lost_at = 0;
  TimePoint expires = {};
};

class RecoveryLog {
 public:
  explicit RecoveryLog(RecoveryOptions options, std::string epoch)
      : options_(options), epoch_(std::move(epoch)) {}

  /// The offset that the next event carries as its last argument.
  std::string next_offset() const { return text_of(newest_ + 1); }

  /// Keeps an event that was encoded with next_offset(); returns its number. O(1) amortised.
  std::uint64_t append(TimePoint now,
                       std::vector<std::string> rooms,
                       std::vector<std::string> except,
                       std::vector<EncodedPacket> messages);

  std::uint64_t newest() const { return newest_; }

  void lose(TimePoint now, const std::string& pid, LostSocket socket);

  /// Whether a lost socket may still come back.
  bool holds_sockets(TimePoint now);

  /// Takes the socket out, if it was lost and is not too old.
  std::optional<LostSocket> take(TimePoint now, const std::string& pid);

  /// What a socket with these rooms, its id among them, missed after `offset` (empty: it never had
  /// an event), or nothing if that cannot be told any more. O(packets kept).
  std::optional<std::vector<EncodedPacket>> missed(const LostSocket& socket,
                                                   std::string_view offset,
                                                   const std::vector<std::string>& rooms) const;

 private:
  struct Entry {
    std::uint64_t number;
    TimePoint at;
    std::vector<std::string> rooms;
    std::vector<std::string> except;
    std::vector<EncodedPacket> messages;
    std::size_t bytes;
  };

  std::string text_of(std::uint64_t number) const;
  std::optional<std::uint64_t> number_of(std::string_view offset) const;
  void prune(TimePoint now);

  const RecoveryOptions options_;
  const std::string epoch_;  // offsets of an earlier process are not ours
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t newest_ = 0;
  std::uint64_t pruned_ = 0;  // the newest number that is gone
  std::unordered_map<std::string, LostSocket> lost_;
  std::deque<std::pair<TimePoint, std::string>> lost_order_;
};

}  // namespace cloudsync::gateway
