#include "checker/history_json.h"

#include "base/crypto.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

namespace cloudsync::checker {
namespace {

/// Revisions of one append or publish: a node's batch is at most limits.document-queue-ops.
constexpr std::uint64_t kRangeMax = 1'000'000;

struct KindName {
  Kind kind;
  std::string_view name;
};

constexpr std::array<KindName, 26> kKindNames{{
    {Kind::kOpen, "open"},         {Kind::kResume, "resume"},   {Kind::kConn, "conn"},
    {Kind::kSubmit, "submit"},     {Kind::kSent, "sent"},       {Kind::kAck, "ack"},
    {Kind::kReject, "reject"},     {Kind::kApply, "apply"},     {Kind::kLight, "light"},
    {Kind::kCopy, "copy"},         {Kind::kReload, "reload"},   {Kind::kCursor, "cursor"},
    {Kind::kMembers, "members"},   {Kind::kStart, "start"},     {Kind::kStop, "stop"},
    {Kind::kCrash, "crash"},       {Kind::kAppend, "append"},   {Kind::kCommit, "commit"},
    {Kind::kAnswer, "answer"},     {Kind::kPublish, "publish"}, {Kind::kLoad, "load"},
    {Kind::kSnapshot, "snapshot"}, {Kind::kRead, "read"},       {Kind::kFinal, "final"},
    {Kind::kBase, "base"},         {Kind::kLog, "log"},
}};

std::string_view kind_name(Kind kind) {
  return std::find_if(kKindNames.begin(),
                      kKindNames.end(),
                      [kind](const KindName& entry) { return entry.kind == kind; })
      ->name;
}

std::optional<Kind> kind_from_name(std::string_view name) {
  const auto* found = std::find_if(kKindNames.begin(),
                                   kKindNames.end(),
                                   [name](const KindName& entry) { return entry.name == name; });
  return found == kKindNames.end() ? std::nullopt : std::optional(found->kind);
}

std::string digits(ShortHash hash) {
  std::array<std::uint8_t, sizeof hash> bytes{};
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, hash >>= 8) {
    *byte = static_cast<std::uint8_t>(hash);
  }
  return hex(bytes);
}

// --- writing ---

class LineWriter {
 public:
  LineWriter& text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(line_, value);
    return *this;
  }

  template <class Number>
  LineWriter& number(std::string_view name, Number value) {
    key(name);
    line_ += std::to_string(value);
    return *this;
  }

  LineWriter& flag(std::string_view name, bool value) {
    return raw(name, value ? "true" : "false");
  }

  LineWriter& hash(std::string_view name, const std::optional<ShortHash>& value) {
    return value ? text(name, digits(*value)) : *this;
  }

  LineWriter& raw(std::string_view name, std::string_view json) {
    key(name);
    line_ += json;
    return *this;
  }

  std::string finish() { return std::move(line_) + '}'; }

 private:
  void key(std::string_view name) {
    line_ += line_.size() == 1 ? "\"" : ",\"";
    line_ += name;
    line_ += "\":";
  }

  std::string line_ = "{";
};

void write_log(LineWriter& line, const LogRow& row) {
  const storage::Update& update = row.update;
  line.number("rev", update.revision.value())
      .text("clientId", update.client.value())
      .number("seq", update.seq.value())
      .text("userId", update.user.value())
      .number("timestamp", update.created_at.value())
      .raw("op", update.op);
  if (row.is_whole) {
    line.text("salt", hex(update.salt))
        .text("prevHash", hex(update.prev_hash))
        .text("hash", hex(update.hash));
  } else {
    line.text("prevHash", digits(short_hash(update.prev_hash)))
        .text("hash", digits(short_hash(update.hash)));
  }
}

void write_base(LineWriter& line, const Event& event) {
  if (event.type) {
    line.text("type", ot::type_name(*event.type));
  }
  line.number("rev", event.rev).hash("hash", event.hash).hash("state", event.state);
  if (event.content != nullptr) {
    line.raw("content", to_json(*event.content));
  }
}

void write_fields(LineWriter& line, const Event& event) {
  switch (event.kind) {
    case Kind::kOpen:
      if (event.type) {
        line.text("type", ot::type_name(*event.type));
      }
      [[fallthrough]];
    case Kind::kResume:
    case Kind::kSnapshot:
    case Kind::kLoad:
      line.number("rev", event.rev).hash("hash", event.hash).hash("state", event.state);
      break;
    case Kind::kConn:
      line.flag("up", event.on);
      break;
    case Kind::kSubmit:
      line.number("seq", event.seq).number("rev", event.rev).text("digest", digits(event.digest));
      break;
    case Kind::kSent:
      line.number("seq", event.seq);
      break;
    case Kind::kAck:
      line.number("seq", event.seq).number("rev", event.rev);
      break;
    case Kind::kReject:
      line.number("seq", event.seq).text("code", event.text);
      break;
    case Kind::kApply:
    case Kind::kCommit:
    case Kind::kAnswer:
      line.number("rev", event.rev)
          .text("clientId", event.author)
          .number("seq", event.seq)
          .hash("hash", event.hash)
          .hash("state", event.state);
      break;
    case Kind::kLight:
      line.flag("saved", event.on);
      break;
    case Kind::kCopy:
      line.text("text", event.text);
      break;
    case Kind::kCursor:
      line.text("of", event.author)
          .number("rev", event.rev)
          .raw("range", event.text.empty() ? "null" : event.text);
      break;
    case Kind::kMembers: {
      JsonArray ids;
      for (const std::string& id : event.ids) {
        ids.emplace_back(id);
      }
      line.raw("ids", to_json(ids));
      break;
    }
    case Kind::kAppend:
    case Kind::kPublish:
      line.number("from", event.from).number("to", event.rev);
      break;
    case Kind::kRead:
      line.number("rev", event.rev).number("after", event.after);
      break;
    case Kind::kFinal:
      line.number("rev", event.rev).hash("hash", event.hash).hash("state", event.state);
      if (!event.by_node) {
        line.flag("saved", event.on);
      }
      break;
    case Kind::kBase:
      write_base(line, event);
      break;
    case Kind::kLog:
      write_log(line, *event.row);
      break;
    case Kind::kReload:
    case Kind::kStart:
    case Kind::kStop:
    case Kind::kCrash:
      break;
  }
}

// --- reading ---

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

std::string to_line(const Event& event) {
  LineWriter line;
  if (event.kind != Kind::kBase && event.kind != Kind::kLog) {
    line.number("t", event.t).text(event.by_node ? "node" : "client", event.writer);
  }
  line.text("kind", kind_name(event.kind));
  if (!event.doc.empty()) {
    line.text("doc", event.doc);
  }
  write_fields(line, event);
  return line.finish();
}

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

// --- files ---

Result<HistoryReader> HistoryReader::open(const std::string& path) {
  HistoryReader reader(path);
  if (!reader.file_.is_open()) {
    return fail(ErrorCode::kNotFound, path + ": can't be read");
  }
  return reader;
}

HistoryReader::Line HistoryReader::read_line() {
  text_.clear();
  std::array<char, 64 * 1024> part;
  while (true) {
    file_.getline(part.data(), part.size());
    const auto count = static_cast<std::size_t>(file_.gcount());
    if (file_.eof()) {
      text_.append(part.data(), count);
      return text_.empty() ? Line::kNone : Line::kUnfinished;
    }
    if (!file_.fail()) {
      text_.append(part.data(), count - 1);  // gcount() has the end of the line
      return Line::kWhole;
    }
    if (file_.bad() || text_.size() > kLineBytesMax) {
      return Line::kTooLong;
    }
    text_.append(part.data(), count);
    file_.clear();
  }
}

Result<std::optional<Event>> HistoryReader::next() {
  const auto complain = [this](const std::string& what) {
    return fail(ErrorCode::kBadRequest, path_ + ":" + std::to_string(line_) + ": " + what);
  };
  while (true) {
    const Line read = read_line();
    if (read == Line::kNone) {
      return std::optional<Event>();
    }
    ++line_;
    if (read == Line::kTooLong) {
      return complain("longer than " + std::to_string(kLineBytesMax) + " bytes, or not readable");
    }
    if (text_.empty()) {
      continue;
    }
    auto event = parse_line(text_);
    if (event) {
      return std::optional(*std::move(event));
    }
    if (read == Line::kUnfinished) {
      return std::optional<Event>();
    }
    return complain(event.error().message);
  }
}

Result<HistoryWriter> HistoryWriter::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) {
    return fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
  }
  HistoryWriter writer(fd);
  const off_t size = ::lseek(fd, 0, SEEK_END);
  off_t end = size;
  for (char last = 0; end > 0; --end) {
    if (::pread(fd, &last, 1, end - 1) != 1) {
      return fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
    }
    if (last == '\n') {
      break;
    }
  }
  if (end < size && ::ftruncate(fd, end) != 0) {
    return fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
  }
  return writer;
}

HistoryWriter::HistoryWriter(HistoryWriter&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

HistoryWriter& HistoryWriter::operator=(HistoryWriter&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

HistoryWriter::~HistoryWriter() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

Result<void> HistoryWriter::append(std::string_view lines) {
  while (!lines.empty()) {
    const ssize_t written = ::write(fd_, lines.data(), lines.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return fail(ErrorCode::kUnavailable, std::string("the history: ") + std::strerror(errno));
    }
    lines.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace cloudsync::checker
