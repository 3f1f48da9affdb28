#pragma once
// Connection state recovery (Socket.IO 4.6): what a namespace sent of late, and the sockets that
// were lost, so that a client that comes back soon gets what it missed. In memory and bounded in
// bytes and time; what is beyond is an ordinary new connection. Documents do not use it: they
// resume by revision, which nothing bounds.
//
// It closes holes of the reference: a client that never had an event resumes; an idle one does
// after any time within the duration; the memory has caps; and it can outlive an orderly restart
// (RecoveryOptions::file).

#include "base/clock.h"
#include "base/json.h"
#include "gateway/encoded_packet.h"

#include <cstdint>
#include <deque>
#include <filesystem>
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
  /// Lost sockets of one namespace, their number and the bytes of their rooms and data; the oldest
  /// go first.
  std::size_t sessions = 10'000;
  std::size_t session_bytes = 8 * 1024 * 1024;
  /// Of all namespaces of a server together, whose names may come from clients: above it each gives
  /// up its own oldest.
  std::size_t total_bytes = 64 * 1024 * 1024;
  /// Where a server that stops leaves all of it for the next one, which takes it away; empty:
  /// nowhere. It holds the secrets by which clients resume.
  std::filesystem::path file = {};
};

/// A socket that was lost.
struct LostSocket {
  std::string sid = {};
  std::vector<std::string> rooms = {};
  JsonValue data = {};
  std::string user = {};
  /// Numbers of the namespace's newest event when it began, of the newest that was sent to it, and
  /// of the namespace's newest when it was lost.
  std::uint64_t began = 0;
  std::uint64_t last_sent = 0;
  std::uint64_t lost_at = 0;
  TimePoint expires = {};
  std::size_t bytes = 0;
};

class RecoveryLog {
 public:
  /// `total` counts the bytes of all logs, and outlives them.
  RecoveryLog(RecoveryOptions options, std::string epoch, std::size_t& total)
      : options_(std::move(options)), total_(total), epoch_(std::move(epoch)) {}

  ~RecoveryLog() { total_ -= bytes_ + lost_bytes_; }

  RecoveryLog(const RecoveryLog&) = delete;
  RecoveryLog& operator=(const RecoveryLog&) = delete;

  /// The offset that the next event carries as its last argument.
  std::string next_offset() const { return text_of(newest_ + 1); }

  /// Whom an event went to: one socket, by its id, or else everybody or some rooms. What was for
  /// one is not for others who joined the room with its id.
  struct Audience {
    std::string only = {};
    std::vector<std::string> rooms = {};
    std::vector<std::string> except = {};
  };

  /// Keeps an event that was encoded with next_offset(). O(1) amortised.
  void append(TimePoint now, Audience audience, std::vector<EncodedPacket> messages);

  std::uint64_t newest() const { return newest_; }

  /// For a packet that is not kept, sent now: who has it has all until here.
  std::string newest_offset() const { return text_of(newest_); }

  void lose(TimePoint now, const std::string& pid, LostSocket socket);

  /// Whether a lost socket may still come back.
  bool holds_sockets(TimePoint now);

  /// Takes the socket out, if it was lost, is not too old and is this user's: to others it does not
  /// exist.
  std::optional<LostSocket> take(TimePoint now, const std::string& pid, std::string_view user);

  /// What a socket with these rooms, its id among them, missed after `offset` (empty: it never had
  /// an event), or nothing if that cannot be told any more. O(packets since).
  std::optional<std::vector<EncodedPacket>> missed(const LostSocket& socket,
                                                   std::string_view offset,
                                                   const std::vector<std::string>& rooms) const;

  /// All of it, and the other side of that in a later process, `elapsed` after. What is malformed
  /// is left out.
  JsonObject save(TimePoint now) const;
  void restore(const JsonObject& saved, TimePoint now, Duration elapsed);

 private:
  struct Entry {
    std::uint64_t number;
    TimePoint at;
    Audience audience;
    std::vector<EncodedPacket> messages;
    std::size_t bytes = 0;
  };

  std::string text_of(std::uint64_t number) const;
  std::optional<std::uint64_t> number_of(std::string_view offset) const;
  /// `entry` without its bytes.
  void keep(Entry entry);
  void keep(const std::string& pid, LostSocket socket);
  void prune(TimePoint now);
  void count(std::size_t& bytes, std::size_t added);
  void discount(std::size_t& bytes, std::size_t removed);
  void forget(std::unordered_map<std::string, LostSocket>::iterator socket);

  const RecoveryOptions options_;
  std::size_t& total_;
  std::string epoch_;  // offsets of another log are not ours
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t newest_ = 0;
  std::uint64_t pruned_ = 0;  // the newest number that is gone
  std::unordered_map<std::string, LostSocket> lost_;
  std::size_t lost_bytes_ = 0;
  std::deque<std::pair<TimePoint, std::string>> lost_order_;
};

}  // namespace cloudsync::gateway
