// Reads events from lines of JSON.

#include "base/crypto.h"
#include "checker/history_json.h"
#include "checker/kind_names.h"
#include "document/chain.h"

#include <algorithm>

namespace cloudsync::checker {
namespace {

/// Revisions of one append or publish: a node's batch is at most limits.document-queue-ops.
constexpr std::uint64_t kRangeMax = 1'000'000;

std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text) {
  std::vector<std::uint8_t> bytes(text.size() / 2);
  if (text.size() % 2 != 0) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(text[i]);
    if (digit == std::string_view::npos) {
      return std::nullopt;
    }
    bytes[i / 2] = static_cast<std::uint8_t>(bytes[i / 2] << 4 | digit);
  }
  return bytes;
}

/// Reads fields and remembers the first that is missing or of another type.
class Fields {
 public:
  explicit Fields(const JsonObject& object) : object_(object) {}

  bool has(std::string_view name) const { return find(name) != nullptr; }

  std::string text(std::string_view name) {
    const auto* value = find_string(object_, name);
    return value == nullptr ? complain(name), std::string() : std::string(view(*value));
  }

  std::uint64_t number(std::string_view name) {
    const auto value = find_unsigned(object_, name);
    return value ? *value : (complain(name), 0);
  }

  std::int64_t time(std::string_view name) {
    const JsonValue* value = find(name);
    return value != nullptr && value->is_int64() ? value->get_int64() : (complain(name), 0);
  }

  bool flag(std::string_view name) {
    const JsonValue* value = find(name);
    return value != nullptr && value->is_bool() ? value->get_bool() : (complain(name), false);
  }

  /// 8 or 32 bytes; what is missing is zero.
  Sha256 hash(std::string_view name) {
    Sha256 hash{};
    const auto bytes = from_hex(text(name));
    if (!bytes || (bytes->size() != sizeof(ShortHash) && bytes->size() != hash.size())) {
      complain(name);
      return hash;
    }
    std::copy(bytes->begin(), bytes->end(), hash.begin());
    return hash;
  }

  std::optional<ShortHash> optional_hash(std::string_view name) {
    return has(name) ? std::optional(short_hash(hash(name))) : std::nullopt;
  }

  std::optional<ot::Type> optional_type() {
    if (!has("type")) {
      return std::nullopt;
    }
    const auto type = ot::type_from_name(text("type"));
    if (!type) {
      complain("type");
    }
    return type;
  }

  const JsonValue* find(std::string_view name) const {
    return object_.if_contains({name.data(), name.size()});
  }

  const JsonValue& value(std::string_view name) {
    static const JsonValue kNull;
    const JsonValue* found = find(name);
    return found == nullptr ? complain(name), kNull : *found;
  }

  void complain(std::string_view name) {
    if (bad_.empty()) {
      bad_ = name;
    }
  }

  const std::string& bad() const { return bad_; }

 private:
  const JsonObject& object_;
  std::string bad_;
};

void read_log(Fields& fields, Event& event) {
  auto row = std::make_shared<LogRow>();
  storage::Update& update = row->update;
  update.revision = Revision(fields.number("rev"));
  update.client = ClientId(fields.text("clientId"));
  update.seq = ClientSeq(fields.number("seq"));
  update.user = UserId(fields.has("userId") ? fields.text("userId") : std::string());
  update.created_at = Timestamp(fields.has("timestamp") ? fields.time("timestamp") : 0);
  update.op = to_json(fields.value("op"));
  update.prev_hash = fields.hash("prevHash");
  update.hash = fields.hash("hash");
  row->is_whole = fields.has("salt");
  if (row->is_whole) {
    const auto salt = from_hex(fields.text("salt"));
    if (salt && salt->size() == update.salt.size()) {
      std::copy(salt->begin(), salt->end(), update.salt.begin());
    } else {
      fields.complain("salt");
    }
    update.op_digest = document::op_digest(update.salt, update.op);
  }
  event.rev = update.revision.value();
  event.row = std::move(row);
}

void read_members(Fields& fields, Event& event) {
  const auto* ids = fields.value("ids").if_array();
  if (ids == nullptr) {
    fields.complain("ids");
    return;
  }
  for (const JsonValue& id : *ids) {
    if (const auto* text = id.if_string()) {
      event.ids.emplace_back(view(*text));
    } else {
      fields.complain("ids");
    }
  }
}

void read_hashes(Fields& fields, Event& event) {
  event.hash = fields.optional_hash("hash");
  event.state = fields.optional_hash("state");
}

void read_fields(Fields& fields, Event& event) {
  switch (event.kind) {
    case Kind::kOpen:
      event.type = fields.optional_type();
      [[fallthrough]];
    case Kind::kResume:
    case Kind::kSnapshot:
    case Kind::kLoad:
      event.rev = fields.number("rev");
      read_hashes(fields, event);
      break;
    case Kind::kConn:
      event.on = fields.flag("up");
      break;
    case Kind::kSubmit:
      event.seq = fields.number("seq");
      event.rev = fields.number("rev");
      event.digest = short_hash(fields.hash("digest"));
      break;
    case Kind::kSent:
      event.seq = fields.number("seq");
      break;
    case Kind::kAck:
      event.seq = fields.number("seq");
      event.rev = fields.number("rev");
      break;
    case Kind::kReject:
      event.seq = fields.number("seq");
      event.text = fields.text("code");
      break;
    case Kind::kApply:
    case Kind::kCommit:
    case Kind::kAnswer:
      event.rev = fields.number("rev");
      event.author = fields.text("clientId");
      event.seq = fields.number("seq");
      read_hashes(fields, event);
      break;
    case Kind::kLight:
      event.on = fields.flag("saved");
      break;
    case Kind::kCopy:
      event.text = fields.text("text");
      break;
    case Kind::kCursor: {
      event.author = fields.text("of");
      event.rev = fields.number("rev");
      const JsonValue& range = fields.value("range");
      event.text = range.is_null() ? std::string() : to_canonical_json(range);
      break;
    }
    case Kind::kMembers:
      read_members(fields, event);
      break;
    case Kind::kAppend:
    case Kind::kPublish:
      event.from = fields.number("from");
      event.rev = fields.number("to");
      if (event.rev < event.from || event.rev - event.from >= kRangeMax) {
        fields.complain("to");
      }
      break;
    case Kind::kRead:
      event.rev = fields.number("rev");
      event.after = fields.time("after");
      break;
    case Kind::kFinal:
      event.rev = fields.number("rev");
      read_hashes(fields, event);
      event.on = !event.by_node && fields.flag("saved");
      break;
    case Kind::kBase:
      event.type = fields.optional_type();
      event.rev = fields.number("rev");
      read_hashes(fields, event);
      if (fields.has("content")) {
        event.content = std::make_shared<const JsonValue>(fields.value("content"));
      }
      break;
    case Kind::kLog:
      read_log(fields, event);
      break;
    case Kind::kReload:
    case Kind::kStart:
    case Kind::kStop:
    case Kind::kCrash:
      break;
  }
}

bool has_document(Kind kind) {
  return kind != Kind::kConn && kind != Kind::kReload && kind != Kind::kStart &&
         kind != Kind::kStop && kind != Kind::kCrash;
}
}  // namespace

Result<Event> parse_line(std::string_view line) {
  // A document has at most 48 levels, here it is one deeper.
  CS_TRY_ASSIGN(const JsonValue json, parse_json(line));
  const auto* object = json.if_object();
  if (object == nullptr) {
    return fail(ErrorCode::kBadRequest, "an event is an object");
  }
  Fields fields(*object);
  Event event;
  const auto kind = kind_from_name(fields.text("kind"));
  if (!kind) {
    return fail(ErrorCode::kBadRequest, "no such kind");
  }
  event.kind = *kind;
  if (event.kind != Kind::kBase && event.kind != Kind::kLog) {
    event.t = fields.time("t");
    event.by_node = fields.has("node");
    event.writer = fields.text(event.by_node ? "node" : "client");
  }
  if (has_document(event.kind) || fields.has("doc")) {
    event.doc = fields.text("doc");
  }
  read_fields(fields, event);
  if (!fields.bad().empty()) {
    return fail(ErrorCode::kBadRequest, fields.bad() + " is missing or malformed");
  }
  return event;
}
}  // namespace cloudsync::checker
