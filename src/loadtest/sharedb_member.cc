#include "loadtest/sharedb_member.h"

#include <utility>

namespace cloudsync::loadtest {
namespace {

constexpr const char* kCollection = "documents";
constexpr const char* kTextType = "http://sharejs.org/types/text-unicode";
/// ShareDB's lib/protocol.js.
constexpr int kProtocolMajor = 1;
constexpr int kProtocolMinor = 2;

std::string_view text_in(const JsonObject& message, std::string_view key) {
  const auto* text = find_string(message, key);
  return text != nullptr ? view(*text) : std::string_view();
}

const JsonObject* object_in(const JsonObject& message, std::string_view key) {
  const JsonValue* value = message.if_contains(key);
  return value != nullptr ? value->if_object() : nullptr;
}

}  // namespace

void ShareDbMember::open(const std::optional<runtime::Endpoint>& source) {
  client_.open(room().target, source, "/");
}

void ShareDbMember::on_open() {
  client_.send_text(to_json(JsonObject{{"a", "hs"},
                                       {"id", nullptr},
                                       {"protocol", kProtocolMajor},
                                       {"protocolMinor", kProtocolMinor}}));
}

void ShareDbMember::on_disconnected(std::string_view reason) {
  on_lost(reason);
  if (compared_) {
    std::exchange(compared_, nullptr)(false);
  }
}

void ShareDbMember::ask(JsonObject message) {
  message["c"] = kCollection;
  message["d"] = room().name;
  client_.send_text(to_json(message));
}

void ShareDbMember::on_text(std::string_view text) {
  const auto json = parse_json(text);
  const JsonObject* message = json ? json->if_object() : nullptr;
  if (message == nullptr) {
    fail_with("bad_message");
  } else if (const JsonObject* error = object_in(*message, "error")) {
    const std::string_view code = text_in(*error, "code");
    fail_with(code.empty() ? "refused" : code);
  } else {
    on_message(*message);
  }
}

void ShareDbMember::on_message(const JsonObject& message) {
  const std::string_view action = text_in(message, "a");
  const JsonObject* snapshot = object_in(message, "data");
  if (action == "hs") {
    id_ = text_in(message, "id");
    ask({{"a", "s"}});
  } else if (action == "s" && snapshot != nullptr) {
    on_subscribed(*snapshot);
  } else if (action == "op") {
    on_operation(message);
  } else if (action == "f" && snapshot != nullptr) {
    on_fetched(*snapshot);
  } else if (action != "init") {  // which tells older clients what the handshake tells
    fail_with("bad_message");
  }
}

/// The document may not exist yet: then the first member creates it, and the others hear of that.
void ShareDbMember::on_subscribed(const JsonObject& snapshot) {
  version_ = find_unsigned(snapshot, "v").value_or(0);
  if (*version_ > 0) {
    on_joined();
  } else if (number() < context().options.documents) {
    submit("create", JsonObject{{"type", kTextType}, {"data", ""}}, context().loop.now());
  }
}

/// An operation, or the acknowledgement of an own one, which has none in it. What this member had
/// before comes again now and then, and is to be ignored; a gap must not be.
void ShareDbMember::on_operation(const JsonObject& message) {
  const auto version = find_unsigned(message, "v");
  const auto seq = find_unsigned(message, "seq");
  const std::string source(text_in(message, "src"));
  if (!version || !seq || !version_ || *version > *version_) {
    fail_with(version_ ? "gap" : "bad_message");
    return;
  }
  if (*version < *version_) {
    return;
  }
  ++*version_;
  const bool own = source == id_;
  if (own) {
    in_flight_ = false;
  }
  if (state() == State::kConnecting) {
    on_joined();  // that was the creation
    return;
  }
  const auto dues = room().dues.find(source);
  if (dues == room().dues.end() || *seq == 0 || *seq > dues->second.size()) {
    fail_with("unknown_operation");
    return;
  }
  ++context().measurements.frames;
  const TimePoint due = dues->second[*seq - 1];
  if (own && !waiting_.empty()) {
    const TimePoint next = waiting_.front();
    waiting_.pop_front();
    transmit(next);
  }
  on_received(due, own);
}

void ShareDbMember::transmit(TimePoint due) {
  if (in_flight_) {
    waiting_.push_back(due);
    return;
  }
  ++context().measurements.submissions;
  submit("op", JsonArray{"a"}, due);
}

/// `change` is what the operation is: "create" or "op".
void ShareDbMember::submit(std::string_view change, JsonValue value, TimePoint due) {
  in_flight_ = true;
  auto& dues = room().dues[id_];
  dues.push_back(due);
  JsonObject message{
      {"a", "op"}, {"v", *version_}, {"src", id_}, {"seq", dues.size()}, {"x", JsonObject()}};
  message[change] = std::move(value);
  ask(std::move(message));
}

void ShareDbMember::compare(UniqueFunction<void(bool equal)> done) {
  if (state() != State::kJoined) {
    done(false);
    return;
  }
  compared_ = std::move(done);
  ask({{"a", "f"}});
}

void ShareDbMember::on_fetched(const JsonObject& snapshot) {
  if (compared_) {
    const std::uint64_t operations = *version_ - 1;  // the first version is its creation
    std::exchange(compared_, nullptr)(find_unsigned(snapshot, "v") == version_ &&
                                      text_in(snapshot, "data").size() == operations);
  }
}

}  // namespace cloudsync::loadtest
