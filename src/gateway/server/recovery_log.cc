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
  if (parsed.ec != std::errc() || parsed.ptr != offset.data() + offset.size() || number == 0 ||
      number > newest_) {
    return std::nullopt;
  }
  return number;
}

std::uint64_t RecoveryLog::append(TimePoint now,
                                  std::vector<std::string> rooms,
                                  std::vector<std::string> except,
                                  std::vector<EncodedPacket> messages) {
  std::size_t bytes = sizeof(Entry);
  for (const EncodedPacket& message : messages) {
    bytes += message.size();
  }
  bytes_ += bytes;
  entries_.push_back({.number = ++newest_,
                      .at = now,
                      .rooms = std::move(rooms),
                      .except = std::move(except),
                      .messages = std::move(messages),
                      .bytes = bytes});
  prune(now);
  return newest_;
}

void RecoveryLog::prune(TimePoint now) {
  // Twice the duration: a socket may be lost for that long after the last event that it had.
  const TimePoint oldest = now - 2 * options_.duration;
  while (!entries_.empty() && (bytes_ > options_.log_bytes || entries_.front().at < oldest)) {
    bytes_ -= entries_.front().bytes;
    pruned_ = entries_.front().number;
    entries_.pop_front();
  }
  while (!lost_order_.empty() &&
         (lost_order_.front().first <= now || lost_.size() > options_.sessions)) {
    // One that came back and was lost again has a later entry, too.
    const auto found = lost_.find(lost_order_.front().second);
    if (found != lost_.end() && found->second.expires == lost_order_.front().first) {
      lost_.erase(found);
    }
    lost_order_.pop_front();
  }
}

void RecoveryLog::lose(TimePoint now, const std::string& pid, LostSocket socket) {
  socket.lost_at = newest_;
  socket.expires = now + options_.duration;
  lost_order_.emplace_back(socket.expires, pid);
  lost_.insert_or_assign(pid, std::move(socket));
  prune(now);
}

bool RecoveryLog::holds_sockets(TimePoint now) {
  prune(now);
  return !lost_.empty();
}

std::optional<LostSocket> RecoveryLog::take(TimePoint now, const std::string& pid) {
  prune(now);
  auto node = lost_.extract(pid);
  return node.empty() ? std::nullopt : std::optional(std::move(node.mapped()));
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
  for (const Entry& entry : entries_) {
    if (entry.number > from && (entry.rooms.empty() || meets(entry.rooms, rooms)) &&
        !meets(entry.except, rooms)) {
      packets.insert(packets.end(), entry.messages.begin(), entry.messages.end());
    }
  }
  return packets;
}

}  // namespace cloudsync::gateway
