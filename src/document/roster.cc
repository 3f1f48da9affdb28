#include "document/roster.h"

#include "base/json.h"

#include <utility>

namespace cloudsync::document {
namespace {

constexpr std::uint64_t kFormat = 1;

Error no_roster() {
  return {.code = ErrorCode::kBadRequest, .message = "not a roster, or a damaged one"};
}

std::optional<std::string> text(const JsonObject& object, std::string_view key) {
  const auto* found = find_string(object, key);
  return found == nullptr ? std::nullopt : std::optional(std::string(view(*found)));
}

std::optional<RosterMember> decode_member(const JsonValue& value) {
  const JsonObject* object = value.if_object();
  if (object == nullptr) {
    return std::nullopt;
  }
  const auto client = text(*object, "client");
  const auto user = text(*object, "user");
  auto name = text(*object, "name");
  if (!client || !user || !name) {
    return std::nullopt;
  }
  RosterMember member{.client = ClientId(*client),
                      .user = UserId(*user),
                      .name = *std::move(name),
                      .presence = std::nullopt};
  const auto revision = find_unsigned(*object, "revision");
  const JsonValue* state = object->if_contains("state");
  if (revision && state != nullptr) {
    member.presence = ShownPresence{.revision = Revision(*revision), .state = to_json(*state)};
  }
  return member;
}

}  // namespace

std::string roster_topic(const DocumentId& document) {
  return "roster:" + std::string(document.value());
}

std::string encode_roster(const Roster& roster) {
  std::string out = "{\"format\":" + std::to_string(kFormat) + ",\"node\":";
  append_json_string(out, roster.node);
  out += ",\"number\":" + std::to_string(roster.number);
  out += ",\"unlisted\":" + std::to_string(roster.unlisted) + ",\"members\":[";
  bool first = true;
  for (const RosterMember& member : roster.members) {
    out += std::exchange(first, false) ? "{\"client\":" : ",{\"client\":";
    append_json_string(out, member.client.value());
    out += ",\"user\":";
    append_json_string(out, member.user.value());
    out += ",\"name\":";
    append_json_string(out, member.name.str());
    if (member.presence) {
      out += ",\"revision\":" + std::to_string(member.presence->revision.value());
      out += ",\"state\":" + member.presence->state;
    }
    out += '}';
  }
  return out + "]}";
}

Result<Roster> decode_roster(std::string_view bytes, std::size_t members_max) {
  const auto json = parse_json(bytes);
  const JsonObject* object = json ? json->if_object() : nullptr;
  if (object == nullptr || find_unsigned(*object, "format") != kFormat) {
    return fail(no_roster());
  }
  auto node = text(*object, "node");
  const auto number = find_unsigned(*object, "number");
  const auto unlisted = find_unsigned(*object, "unlisted");
  const JsonValue* members = object->if_contains("members");
  if (!node || !number || !unlisted || members == nullptr || !members->is_array()) {
    return fail(no_roster());
  }
  Roster roster{.node = *std::move(node), .number = *number, .unlisted = *unlisted, .members = {}};
  for (const JsonValue& value : members->as_array()) {
    auto member = decode_member(value);
    if (!member) {
      return fail(no_roster());
    }
    if (roster.members.size() < members_max) {
      roster.members.push_back(*std::move(member));
    } else {
      ++roster.unlisted;
    }
  }
  return roster;
}

}  // namespace cloudsync::document
