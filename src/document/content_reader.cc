#include "document/content_reader.h"

#include <utility>

namespace cloudsync::document {

void ContentReader::read(storage::OpStore& ops,
                         storage::SnapshotStore& snapshots,
                         Executor& executor,
                         storage::DocumentInfo info,
                         Revision revision,
                         Completion<DocumentContent> done) {
  const DocumentId id = info.id;
  const std::shared_ptr<ContentReader> reader(
      new ContentReader(ops, executor, std::move(info), revision, std::move(done)));
  snapshots.read_snapshot(id, revision, executor, [reader](Result<storage::Snapshot> snapshot) {
    reader->on_snapshot(std::move(snapshot));
  });
}

ContentReader::ContentReader(storage::OpStore& ops,
                             Executor& executor,
                             storage::DocumentInfo info,
                             Revision revision,
                             Completion<DocumentContent> done)
    : ops_(ops),
      executor_(executor),
      info_(std::move(info)),
      target_(revision),
      done_(std::move(done)) {}

void ContentReader::on_snapshot(Result<storage::Snapshot> snapshot) {
  if (!snapshot) {
    done_(fail(std::move(snapshot).error()));
    return;
  }
  const auto type = ot::type_from_name(info_.type.str());
  auto json = parse_json(snapshot->content);
  if (!type || !json) {
    done_(fail(ErrorCode::kInternal, "the document's snapshot is damaged"));
    return;
  }
  auto document = ot::parse_document(*type, *json);
  if (!document || snapshot->revision > target_) {
    done_(fail(ErrorCode::kInternal, "the document's snapshot is damaged"));
    return;
  }
  document_ = *std::move(document);
  at_ = snapshot->revision;
  hash_ = snapshot->hash;
  read_on();
}

void ContentReader::read_on() {
  if (at_ == target_) {
    finish();
    return;
  }
  ops_.read_updates(info_.id,
                    next(at_),
                    target_,
                    {},
                    executor_,
                    [self = shared_from_this()](Result<std::vector<storage::Update>> updates) {
                      self->on_updates(std::move(updates));
                    });
}

void ContentReader::on_updates(Result<std::vector<storage::Update>> updates) {
  if (!updates) {
    done_(fail(std::move(updates).error()));
    return;
  }
  if (updates->empty()) {
    done_(fail(ErrorCode::kRevisionUnknown, "the document has not reached that revision"));
    return;
  }
  for (const storage::Update& update : *updates) {
    if (auto applied = apply(update); !applied) {
      done_(fail(ErrorCode::kInternal, "the document's log is damaged"));
      return;
    }
  }
  read_on();
}

Result<void> ContentReader::apply(const storage::Update& update) {
  if (update.revision != next(at_)) {
    return fail(ErrorCode::kInternal, "the log has a gap");
  }
  CS_TRY_ASSIGN(const JsonValue json, parse_json(update.op));
  CS_TRY_ASSIGN(const ot::Operation op, ot::parse_committed(ot::type_of(document_), json));
  CS_TRY(ot::apply(document_, op));
  at_ = update.revision;
  hash_ = update.hash;
  return {};
}

void ContentReader::finish() {
  done_(DocumentContent{.info = info_,
                        .revision = at_,
                        .hash = hash_,
                        .content = share(to_json(ot::content(document_)))});
}

}  // namespace cloudsync::document
