#include "document/content_reads.h"

namespace cloudsync::document {

bool ContentReads::read(storage::DocumentInfo info,
                        Revision revision,
                        Completion<DocumentContent> done) {
  const Key key(info.id, revision);
  const auto same = waiting_.find(key);
  if (same != waiting_.end()) {
    same->second.push_back(std::move(done));
    return true;
  }
  if (waiting_.size() >= deps_.limits.content_reads) {
    return false;
  }
  waiting_[key].push_back(std::move(done));
  queue_.emplace_back(std::move(info), revision);
  start_next();
  return true;
}

void ContentReads::start_next() {
  if (reading_ || queue_.empty()) {
    return;
  }
  reading_ = true;
  auto [info, revision] = std::move(queue_.front());
  queue_.pop_front();
  Key key(info.id, revision);
  ContentReader::read(
      deps_.ops,
      deps_.snapshots,
      deps_.workers,
      std::move(info),
      revision,
      [this, &executor = deps_.executor, alive = alive_, key](Result<DocumentContent> content) {
        executor.post([this, alive, key, read = std::move(content)] {
          if (*alive) {
            finish(key, read);
          }
        });
      });
}

void ContentReads::finish(const Key& key, const Result<DocumentContent>& content) {
  reading_ = false;
  auto waited = waiting_.extract(key);
  for (Completion<DocumentContent>& done : waited.mapped()) {
    done(content);
  }
  start_next();
  if (idle()) {
    deps_.when_idle();
  }
}

}  // namespace cloudsync::document
