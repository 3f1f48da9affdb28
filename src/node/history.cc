#include "node/history.h"

#include "base/log.h"

#include <unistd.h>

#include <utility>

namespace cloudsync::node {

using checker::Event;
using checker::Kind;

Result<std::unique_ptr<History>> History::open(const std::string& path) {
  CS_TRY_ASSIGN(auto writer, checker::HistoryWriter::open(path));
  return std::unique_ptr<History>(
      new History(std::move(writer), "node-" + std::to_string(::getpid())));
}

Event History::make(Kind kind, const DocumentId& document) const {
  Event event;
  event.kind = kind;
  event.by_node = true;
  event.t = checker::wall_clock();
  event.writer = node_;
  event.doc = document.value();
  return event;
}

void History::write_lines(const std::string& lines) {
  if (failed_) {
    return;
  }
  if (const auto written = writer_.append(lines); !written && !failed_.exchange(true)) {
    log_error("history_stopped", {{"reason", written.error().message}});
  }
}

void History::answered(const DocumentId& document,
                       const ClientId& client,
                       ClientSeq seq,
                       Revision revision) {
  Event event = make(Kind::kAnswer, document);
  event.author = client.value();
  event.seq = seq.value();
  event.rev = revision.value();
  write(event);
}

void History::read(const DocumentId& document, Revision revision, Timestamp asked) {
  Event event = make(Kind::kRead, document);
  event.rev = revision.value();
  event.after = asked.value() * 1'000;
  write(event);
}

// --- the store ---

void RecordedStore::append(storage::Append append,
                           Executor& reply_to,
                           UniqueFunction<void(storage::AppendOutcome)> done) {
  Event handed_over = history_.make(Kind::kAppend, append.document);
  handed_over.from = append.expected_head.value() + 1;
  handed_over.rev = append.expected_head.value() + append.updates.size();
  history_.write(handed_over);
  std::vector<Event> commits;
  for (const storage::Update& update : append.updates) {
    Event commit = history_.make(Kind::kCommit, append.document);
    commit.rev = update.revision.value();
    commit.author = update.client.value();
    commit.seq = update.seq.value();
    commit.hash = checker::short_hash(update.hash);
    commits.push_back(std::move(commit));
  }
  ops_.append(std::move(append),
              reply_to,
              [this, commits = std::move(commits), done = std::move(done)](
                  storage::AppendOutcome outcome) mutable {
                if (outcome.status == storage::AppendStatus::kCommitted) {
                  std::string lines;
                  for (Event& commit : commits) {
                    commit.t = checker::wall_clock();
                    lines += checker::to_line(commit) + '\n';
                  }
                  history_.write_lines(lines);
                }
                done(std::move(outcome));
              });
}

void RecordedStore::open_document(DocumentId document,
                                  Executor& reply_to,
                                  Completion<storage::OpenedDocument> done) {
  ops_.open_document(
      std::move(document),
      reply_to,
      [this, done = std::move(done)](Result<storage::OpenedDocument> opened) mutable {
        if (opened) {
          Event load = history_.make(Kind::kLoad, opened->info.id);
          load.rev = opened->info.head.value();
          load.hash = checker::short_hash(opened->info.head_hash);
          history_.write(load);
        }
        done(std::move(opened));
      });
}

void RecordedStore::read_updates(DocumentId document,
                                 Revision from,
                                 Revision to,
                                 storage::ReadBudget budget,
                                 Executor& reply_to,
                                 Completion<std::vector<storage::Update>> done) {
  ops_.read_updates(document,
                    from,
                    to,
                    budget,
                    reply_to,
                    [this, document, done = std::move(done)](
                        Result<std::vector<storage::Update>> updates) mutable {
                      if (updates && !updates->empty()) {
                        Event load = history_.make(Kind::kLoad, document);
                        load.rev = updates->back().revision.value();
                        load.hash = checker::short_hash(updates->back().hash);
                        history_.write(load);
                      }
                      done(std::move(updates));
                    });
}

void RecordedStore::find_client(DocumentId document,
                                ClientId client,
                                Executor& reply_to,
                                Completion<std::optional<storage::ClientRecord>> done) {
  ops_.find_client(std::move(document), std::move(client), reply_to, std::move(done));
}

void RecordedStore::write_snapshot(DocumentId document,
                                   storage::Snapshot snapshot,
                                   Executor& reply_to,
                                   Completion<void> done) {
  Event event = history_.make(Kind::kSnapshot, document);
  event.rev = snapshot.revision.value();
  event.hash = checker::short_hash(snapshot.hash);
  event.state = checker::content_hash(snapshot.content);
  snapshots_.write_snapshot(std::move(document),
                            std::move(snapshot),
                            reply_to,
                            [this, event = std::move(event), done = std::move(done)](
                                const Result<void>& written) mutable {
                              if (written) {
                                event.t = checker::wall_clock();
                                history_.write(event);
                              }
                              done(written);
                            });
}

void RecordedStore::read_snapshot(DocumentId document,
                                  Revision revision,
                                  Executor& reply_to,
                                  Completion<storage::Snapshot> done) {
  snapshots_.read_snapshot(std::move(document), revision, reply_to, std::move(done));
}

// --- the members ---

void RecordedSink::deliver(std::uint32_t loop, document::Frame frame) {
  if (frame.event == "ops") {
    const auto payload = parse_json(*frame.payload);
    const JsonObject* fields = payload ? payload->if_object() : nullptr;
    const JsonValue* ops = fields != nullptr ? fields->if_contains("ops") : nullptr;
    const auto first = fields != nullptr ? find_unsigned(*fields, "revision") : std::nullopt;
    if (first && ops != nullptr && ops->is_array() && !ops->get_array().empty()) {
      Event event = history_.make(Kind::kPublish, frame.document);
      event.from = *first;
      event.rev = *first + ops->get_array().size() - 1;
      history_.write(event);
    }
  }
  sink_.deliver(loop, std::move(frame));
}

}  // namespace cloudsync::node
