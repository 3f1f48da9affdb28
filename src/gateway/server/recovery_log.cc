#include "gateway/server/recovery_log.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cloudsync::gateway {

namespace {

bool meets(const std::vector<std::string>& rooms, const std::vector<std::string>& others) {
  return std::any_of(rooms.begin(), rooms.end(), [&](const std::string& room) {
    return std::find(others.begin(), others.end(), room) != others.end();
  });
}

std::size_t bytes_of(const std::vector<std::string>& rooms) {
  std::size_t bytes = 0;
  for (const std::string& room : rooms) {
    bytes += sizeof(std::string) + room.size();
  }
  return bytes;
}

}  // namespace

std::string RecoveryLog::text_of(std::uint64_t number) const {
  return epoch_ + "-" + std::to_string(number);
}

std::optional<std::uint64_t> RecoveryLog::number_of(std::string_view offset) const {
  if (!offset.starts_with(epoch_) || offset.substr(epoch_.size(), 1) != "-") {
    return std::nullopt;
  }
  offset.remove_prefix(epoch_.size() + 1);
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(offset.data(), offset.data() + offset.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != offset.data() + offset.size() || number > newest_) {
    return std::nullopt;
  }
  return number;
}

void RecoveryLog::append(TimePoint now, Audience audience, std::vector<EncodedPacket> messages) {
  keep({.number = newest_ + 1,
        .at = now,
        .audience = std::move(audience),
        .messages = std::move(messages)});
  prune(now);
}

void RecoveryLog::keep(Entry entry) {
  entry.bytes = sizeof(Entry) + bytes_of(entry.audience.rooms) + bytes_of(entry.audience.except);
  for (const EncodedPacket& message : entry.messages) {
    entry.bytes += message.size();
  }
  count(bytes_, entry.bytes);
  newest_ = entry.number;
  entries_.push_back(std::move(entry));
}

void RecoveryLog::count(std::size_t& bytes, std::size_t added) {
  bytes += added;
  total_ += added;
}

void RecoveryLog::discount(std::size_t& bytes, std::size_t removed) {
  bytes -= removed;
  total_ -= removed;
}

void RecoveryLog::prune(TimePoint now) {
  // Twice the duration: a socket may be lost for that long after the last event that it had.
  const TimePoint oldest = now - 2 * options_.duration;
  while (!entries_.empty() && (bytes_ > options_.log_bytes || total_ > options_.total_bytes ||
                               entries_.front().at < oldest)) {
    discount(bytes_, entries_.front().bytes);
    pruned_ = entries_.front().number;
    entries_.pop_front();
  }
  while (!lost_order_.empty() &&
         (lost_order_.front().first <= now || lost_.size() > options_.sessions ||
          lost_bytes_ > options_.session_bytes || total_ > options_.total_bytes)) {
    // One that came back and was lost again has a later entry, too.
    const auto found = lost_.find(lost_order_.front().second);
    if (found != lost_.end() && found->second.expires == lost_order_.front().first) {
      forget(found);
    }
    lost_order_.pop_front();
  }
}

void RecoveryLog::forget(std::unordered_map<std::string, LostSocket>::iterator socket) {
  discount(lost_bytes_, socket->second.bytes);
  lost_.erase(socket);
}

void RecoveryLog::lose(TimePoint now, const std::string& pid, LostSocket socket) {
  socket.lost_at = newest_;
  socket.expires = now + options_.duration;
  keep(pid, std::move(socket));
  prune(now);
}

void RecoveryLog::keep(const std::string& pid, LostSocket socket) {
  if (const auto known = lost_.find(pid); known != lost_.end()) {
    forget(known);
  }
  socket.bytes =
      sizeof(LostSocket) + bytes_of(socket.rooms) + cloudsync::to_json(socket.data).size();
  count(lost_bytes_, socket.bytes);
  lost_order_.emplace_back(socket.expires, pid);
  lost_.emplace(pid, std::move(socket));
}

bool RecoveryLog::holds_sockets(TimePoint now) {
  prune(now);
  return !lost_.empty();
}

std::optional<LostSocket> RecoveryLog::take(TimePoint now,
                                            const std::string& pid,
                                            std::string_view user) {
  prune(now);
  const auto found = lost_.find(pid);
  if (found == lost_.end() || found->second.user != user) {
    return std::nullopt;
  }
  LostSocket socket = std::move(found->second);
  forget(found);
  return socket;
}

// The newest event that was sent to it and the newest of all when it was lost are known: a client
// that had all until then needs only what came after, however old its offset is.
std::optional<std::vector<EncodedPacket>> RecoveryLog::missed(
    const LostSocket& socket,
    std::string_view offset,
    const std::vector<std::string>& rooms) const {
  std::uint64_t had = 0;
  if (!offset.empty()) {
    const auto number = number_of(offset);
    if (!number) {
      return std::nullopt;
    }
    had = *number;
  }
  const std::uint64_t from =
      std::max({had, socket.began, had >= socket.last_sent ? socket.lost_at : 0});
  if (pruned_ > from) {
    return std::nullopt;
  }
  std::vector<EncodedPacket> packets;
  // The numbers follow each other: the first that may be missed needs no search.
  const std::uint64_t first = newest_ + 1 - entries_.size();
  for (std::size_t i = from < first ? 0 : from + 1 - first; i < entries_.size(); ++i) {
    const auto& [only, to, except] = entries_[i].audience;
    const bool reached = only.empty() ? (to.empty() || meets(to, rooms)) && !meets(except, rooms)
                                      : only == socket.sid;
    if (reached) {
      const auto& messages = entries_[i].messages;
      packets.insert(packets.end(), messages.begin(), messages.end());
    }
  }
  return packets;
}

}  // namespace cloudsync::gateway
