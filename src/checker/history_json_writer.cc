// Writes events as lines of JSON.

#include "base/crypto.h"
#include "checker/history_json.h"
#include "checker/kind_names.h"

#include <array>
#include <utility>

namespace cloudsync::checker {
namespace {

std::string digits(ShortHash hash) {
  std::array<std::uint8_t, sizeof hash> bytes{};
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, hash >>= 8) {
    *byte = static_cast<std::uint8_t>(hash);
  }
  return hex(bytes);
}

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
}  // namespace cloudsync::checker
