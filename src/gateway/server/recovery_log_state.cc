// A log as JSON, so that it can outlive its process.

#include "codec/engineio/packet.h"
#include "gateway/server/recovery_log.h"

#include <chrono>
#include <utility>

namespace cloudsync::gateway {

namespace {

JsonArray strings(const std::vector<std::string>& list) {
  return JsonArray(list.begin(), list.end());
}

std::vector<std::string> strings(const JsonObject& fields, std::string_view key) {
  std::vector<std::string> list;
  const auto* array = fields.contains(key) ? fields.at(key).if_array() : nullptr;
  for (const JsonValue& element : array == nullptr ? JsonArray() : *array) {
    if (const auto* text = element.if_string()) {
      list.emplace_back(view(*text));
    }
  }
  return list;
}

std::string text(const JsonObject& fields, std::string_view key) {
  const auto* found = find_string(fields, key);
  return found == nullptr ? std::string() : std::string(view(*found));
}

std::uint64_t number(const JsonObject& fields, std::string_view key) {
  return find_unsigned(fields, key).value_or(0);
}

std::int64_t milliseconds(Duration time) {
  return std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count(),
                                0);
}

Duration duration(const JsonObject& fields, std::string_view key) {
  return std::chrono::milliseconds(number(fields, key));
}

/// As they stand in a polling payload: text, or base64.
JsonArray payload_texts(const std::vector<EncodedPacket>& messages) {
  JsonArray list;
  for (const EncodedPacket& message : messages) {
    std::string packet;
    message.append_engine_text(packet);
    list.emplace_back(std::move(packet));
  }
  return list;
}

std::vector<EncodedPacket> packets_of(const std::vector<std::string>& texts) {
  std::vector<EncodedPacket> messages;
  for (const std::string& packet : texts) {
    codec::engineio::PayloadReader reader(packet);
    const auto read = reader.next();
    if (!read || !*read) {
      return {};
    }
    messages.push_back((*read)->binary ? EncodedPacket::from_engine_binary((*read)->data)
                                       : EncodedPacket::from_engine_text(packet));
  }
  return messages;
}

template <class Visit>
void for_each_object(const JsonObject& fields, std::string_view key, Visit visit) {
  const auto* array = fields.contains(key) ? fields.at(key).if_array() : nullptr;
  for (const JsonValue& element : array == nullptr ? JsonArray() : *array) {
    if (const auto* object = element.if_object()) {
      visit(*object);
    }
  }
}

}  // namespace

JsonObject RecoveryLog::save(TimePoint now) const {
  JsonArray entries;
  for (const Entry& entry : entries_) {
    JsonObject fields;
    fields["number"] = entry.number;
    fields["ageMs"] = milliseconds(now - entry.at);
    fields["only"] = entry.audience.only;
    fields["rooms"] = strings(entry.audience.rooms);
    fields["except"] = strings(entry.audience.except);
    fields["messages"] = payload_texts(entry.messages);
    entries.push_back(std::move(fields));
  }
  JsonArray sockets;
  for (const auto& [expires, pid] : lost_order_) {
    const auto found = lost_.find(pid);
    if (found == lost_.end() || found->second.expires != expires) {
      continue;
    }
    const LostSocket& socket = found->second;
    JsonObject fields;
    fields["pid"] = pid;
    fields["sid"] = socket.sid;
    fields["rooms"] = strings(socket.rooms);
    fields["data"] = socket.data;
    fields["user"] = socket.user;
    fields["began"] = socket.began;
    fields["lastSent"] = socket.last_sent;
    fields["lostAt"] = socket.lost_at;
    fields["expiresInMs"] = milliseconds(socket.expires - now);
    sockets.push_back(std::move(fields));
  }
  JsonObject saved;
  saved["epoch"] = epoch_;
  saved["newest"] = newest_;
  saved["pruned"] = pruned_;
  saved["entries"] = std::move(entries);
  saved["sockets"] = std::move(sockets);
  return saved;
}

void RecoveryLog::restore(const JsonObject& saved, TimePoint now, Duration elapsed) {
  epoch_ = text(saved, "epoch");
  pruned_ = number(saved, "pruned");
  for_each_object(saved, "entries", [&](const JsonObject& fields) {
    keep({.number = number(fields, "number"),
          .at = now - elapsed - duration(fields, "ageMs"),
          .audience = {.only = text(fields, "only"),
                       .rooms = strings(fields, "rooms"),
                       .except = strings(fields, "except")},
          .messages = packets_of(strings(fields, "messages"))});
  });
  newest_ = number(saved, "newest");
  for_each_object(saved, "sockets", [&](const JsonObject& fields) {
    keep(text(fields, "pid"),
         {.sid = text(fields, "sid"),
          .rooms = strings(fields, "rooms"),
          .data = fields.contains("data") ? fields.at("data") : JsonValue(),
          .user = text(fields, "user"),
          .began = number(fields, "began"),
          .last_sent = number(fields, "lastSent"),
          .lost_at = number(fields, "lostAt"),
          .expires = now - elapsed + duration(fields, "expiresInMs")});
  });
  prune(now);
}

}  // namespace cloudsync::gateway
