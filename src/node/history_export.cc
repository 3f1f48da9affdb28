#include "node/history_export.h"

#include "checker/history_file.h"
#include "storage/sqlite/connection.h"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <vector>

namespace cloudsync::node {
namespace {

using checker::Event;
using checker::Kind;
using storage::Execution;
using storage::Statement;

template <std::size_t kSize>
void take(std::array<std::uint8_t, kSize>& to, std::span<const std::uint8_t> blob) {
  if (blob.size() == kSize) {
    std::copy(blob.begin(), blob.end(), to.begin());
  }
}

class Exporter {
 public:
  Exporter(storage::Connection& connection, std::ostream& out)
      : connection_(connection), out_(out) {}

  Result<void> run() {
    CS_TRY_ASSIGN(const auto documents, read_documents());
    CS_TRY_ASSIGN(snapshots_,
                  connection_.prepare("SELECT revision, hash, content FROM snapshots "
                                      "WHERE document_id = ?1 ORDER BY revision"));
    CS_TRY_ASSIGN(updates_,
                  connection_.prepare(
                      "SELECT revision, client_id, client_seq, user_id, op, op_salt, created_at, "
                      "prev_hash, hash FROM document_updates WHERE document_id = ?1 "
                      "ORDER BY revision"));
    for (const auto& [id, type] : documents) {
      CS_TRY(write_snapshots(id, type));
      CS_TRY(write_log(id));
    }
    return {};
  }

 private:
  struct Document {
    std::string id;
    std::string type;
  };

  /// kUnavailable unless the execution came to its end.
  template <class Take>
  Result<void> each_row(Execution& execution, Take take_row) {
    while (true) {
      switch (execution.step()) {
        case Statement::Step::kRow:
          CS_TRY(take_row(execution.row()));
          continue;
        case Statement::Step::kDone:
          return {};
        case Statement::Step::kError:
          return fail(ErrorCode::kUnavailable, storage::describe_sqlite(execution.error()));
      }
    }
  }

  Result<std::vector<Document>> read_documents() {
    CS_TRY_ASSIGN(Statement query,
                  connection_.prepare("SELECT id, type FROM documents ORDER BY id"));
    Execution execution(query);
    std::vector<Document> documents;
    CS_TRY(each_row(execution, [&](const Statement& row) -> Result<void> {
      documents.push_back({std::string(row.text(0)), std::string(row.text(1))});
      return {};
    }));
    return documents;
  }

  // The first is what the log starts from, the others are to be its replay.
  Result<void> write_snapshots(const std::string& id, const std::string& type) {
    Execution execution(snapshots_, std::string_view(id));
    bool is_base = true;
    return each_row(execution, [&](const Statement& row) -> Result<void> {
      CS_TRY_ASSIGN(JsonValue content, parse_json(row.text(2)));
      Event event;
      event.kind = is_base ? Kind::kBase : Kind::kSnapshot;
      event.doc = id;
      event.rev = static_cast<std::uint64_t>(row.integer(0));
      Sha256 hash{};
      take(hash, row.blob(1));
      event.hash = checker::short_hash(hash);
      if (is_base) {
        event.type = ot::type_from_name(type);
        event.content = std::make_shared<const JsonValue>(std::move(content));
      } else {
        event.by_node = true;
        event.writer = "export";
        event.state = checker::content_hash(row.text(2));
      }
      is_base = false;
      write(event);
      return {};
    });
  }

  Result<void> write_log(const std::string& id) {
    Execution execution(updates_, std::string_view(id));
    return each_row(execution, [&](const Statement& row) -> Result<void> {
      auto logged = std::make_shared<checker::LogRow>();
      storage::Update& update = logged->update;
      update.revision = Revision(static_cast<std::uint64_t>(row.integer(0)));
      update.client = ClientId(std::string(row.text(1)));
      update.seq = ClientSeq(static_cast<std::uint64_t>(row.integer(2)));
      update.user = UserId(std::string(row.text(3)));
      update.op = row.text(4);
      take(update.salt, row.blob(5));
      update.created_at = Timestamp(row.integer(6));
      take(update.prev_hash, row.blob(7));
      take(update.hash, row.blob(8));
      Event event;
      event.kind = Kind::kLog;
      event.doc = id;
      event.rev = update.revision.value();
      event.row = std::move(logged);
      write(event);
      return {};
    });
  }

  void write(const Event& event) { out_ << checker::to_line(event) << '\n'; }

  storage::Connection& connection_;
  std::ostream& out_;
  Statement snapshots_;
  Statement updates_;
};

}  // namespace

Result<void> export_history(const std::string& data_dir, std::ostream& out) {
  const auto path = std::filesystem::path(data_dir) / "cloudsync.db";
  CS_TRY_ASSIGN(auto connection,
                storage::Connection::open({.path = path.string(),
                                           .access = storage::Connection::Access::kReadOnly,
                                           .vfs_name = {}}));
  CS_TRY(connection.run("BEGIN"));
  CS_TRY(Exporter(connection, out).run());
  CS_TRY(connection.run("COMMIT"));
  out.flush();
  return out ? Result<void>() : fail(ErrorCode::kUnavailable, "the export can't be written");
}

}  // namespace cloudsync::node
