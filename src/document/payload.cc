#include "document/payload.h"

#include "base/assert.h"
#include "document/chain.h"

#include <utility>

namespace cloudsync::document {
namespace {

/// Writes members of one JSON object: the first without a comma before it.
class Fields {
 public:
  explicit Fields(std::string& out) : out_(out) {}

  Fields& text(std::string_view key, std::string_view value) {
    name(key);
    append_json_string(out_, value);
    return *this;
  }

  template <class Integer>
  Fields& number(std::string_view key, Integer value) {
    name(key);
    out_ += std::to_string(value);
    return *this;
  }

  Fields& raw(std::string_view key, std::string_view json) {
    name(key);
    out_ += json;
    return *this;
  }

  /// Writes the key; the caller appends the value.
  void name(std::string_view key) {
    if (!first_) {
      out_ += ',';
    }
    first_ = false;
    out_ += '"';
    out_ += key;  // ours: never needs escaping
    out_ += "\":";
  }

 private:
  std::string& out_;
  bool first_ = true;
};

template <class M>
void append_member(std::string& out, const M& member) {
  out += '{';
  Fields(out)
      .text("clientId", member.client.value())
      .text("userId", member.user.value())
      .text("name", member.name.str());
  out += '}';
}

void append_members(std::string& out,
                    const Members& members,
                    MemberId joiner,
                    const std::map<ClientId, RosterMember>& remote) {
  out += '[';
  bool first = true;
  for (const auto& member : members.all()) {
    if (member->id() == joiner || !member->listed) {
      continue;
    }
    if (!first) {
      out += ',';
    }
    first = false;
    append_member(out, *member);
  }
  for (const auto& [client, member] : remote) {
    if (!std::exchange(first, false)) {
      out += ',';
    }
    append_member(out, member);
  }
  out += ']';
}

void append_revisions(Fields& fields, std::string& out, const UpdateList& updates) {
  CS_ASSERT(!updates.empty(), "there is a last operation, whose hash is sent");
  fields.number("revision", updates.front()->revision.value())
      .text("hash", short_hash(updates.back()->hash))
      .name("ops");
  append_ops(out, updates);
}

}  // namespace

void append_ops(std::string& out, const UpdateList& updates) {
  out += '[';
  for (const storage::Update* update : updates) {
    if (update != updates.front()) {
      out += ',';
    }
    out += '{';
    Fields(out)
        .raw("op", update->op)
        .text("userId", update->user.value())
        .text("clientId", update->client.value())
        .number("seq", update->seq.value())
        .number("timestamp", update->created_at.value());
    out += '}';
  }
  out += ']';
}

std::string ops_event(const DocumentId& document, const UpdateList& updates) {
  std::string out = "{";
  Fields fields(out);
  fields.text("documentId", document.value());
  append_revisions(fields, out, updates);
  out += '}';
  return out;
}

std::string presence_event(const DocumentId& document,
                           Revision revision,
                           const Member& author,
                           std::string_view state) {
  std::string out = "{";
  Fields(out)
      .text("documentId", document.value())
      .number("revision", revision.value())
      .text("clientId", author.client.value())
      .text("userId", author.user.value())
      .raw("state", state);
  out += '}';
  return out;
}

std::string user_joined_event(const DocumentId& document,
                              const Member& member,
                              Timestamp at,
                              std::size_t member_count) {
  std::string out = "{";
  Fields(out)
      .text("documentId", document.value())
      .text("clientId", member.client.value())
      .text("userId", member.user.value())
      .text("name", member.name.str())
      .number("timestamp", at.value())
      .number("memberCount", member_count);
  out += '}';
  return out;
}

std::string user_left_event(const DocumentId& document,
                            const Member& member,
                            Timestamp at,
                            std::size_t member_count) {
  std::string out = "{";
  Fields(out)
      .text("documentId", document.value())
      .text("clientId", member.client.value())
      .text("userId", member.user.value())
      .number("timestamp", at.value())
      .number("memberCount", member_count);
  out += '}';
  return out;
}

std::string join_fields(const storage::DocumentInfo& info,
                        Revision head,
                        const storage::ChainHash& head_hash,
                        const Members& members,
                        MemberId joiner,
                        const std::map<ClientId, RosterMember>& remote,
                        std::size_t member_count) {
  std::string out;
  Fields fields(out);
  fields.text("documentId", info.id.value())
      .text("type", info.type.str())
      .text("title", info.title.str())
      .number("revision", head.value())
      .text("hash", short_hash(head_hash))
      .text("role", "editor")
      .name("members");
  append_members(out, members, joiner, remote);
  fields.number("memberCount", member_count);
  return out;
}

void append_catch_up(std::string& out,
                     const UpdateList& updates,
                     std::optional<Revision> following) {
  out += ",\"ops\":";
  append_ops(out, updates);
  if (following) {
    out += ",\"next\":" + std::to_string(following->value());
  }
}

std::string fetch_fields(const DocumentId& document,
                         const UpdateList& updates,
                         std::optional<Revision> following) {
  std::string out;
  Fields fields(out);
  fields.text("documentId", document.value());
  append_revisions(fields, out, updates);
  if (following) {
    fields.number("next", following->value());
  }
  return out;
}

std::string snapshot_path(const DocumentId& document, Revision revision) {
  return "/api/v1/documents/" + std::string(document.value()) +
         "/snapshot?revision=" + std::to_string(revision.value());
}

}  // namespace cloudsync::document
