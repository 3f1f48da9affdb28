#pragma once
// The reads of older revisions of one loop's documents. Each costs the size of a document and some
// hundred operations, so they are made one after the other on the workers, never on the loop, and
// who asks for the same content at the same time shares one.

#include "base/executor.h"
#include "base/limits.h"
#include "document/content_reader.h"
#include "document/messages.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace cloudsync::document {

class ContentReads {
 public:
  struct Dependencies {
    storage::OpStore& ops;
    storage::SnapshotStore& snapshots;
    Executor& executor;  ///< completions run here
    Executor& workers;   ///< parses, applies, writes; outlives what it was given
    const Limits& limits;
    std::function<void()> when_idle;  ///< called on the executor after the last read
  };

  explicit ContentReads(Dependencies dependencies) : deps_(std::move(dependencies)) {}

  ~ContentReads() { *alive_ = false; }

  ContentReads(const ContentReads&) = delete;
  ContentReads& operator=(const ContentReads&) = delete;

  /// False, and `done` is not called, if too many others wait.
  bool read(storage::DocumentInfo info, Revision revision, Completion<DocumentContent> done);

  bool idle() const { return waiting_.empty(); }

 private:
  using Key = std::pair<DocumentId, Revision>;

  void start_next();
  void finish(const Key& key, const Result<DocumentContent>& content);

  Dependencies deps_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // used on the executor alone
  std::map<Key, std::vector<Completion<DocumentContent>>> waiting_;
  std::deque<std::pair<storage::DocumentInfo, Revision>> queue_;  // not started yet
  bool reading_ = false;
};

}  // namespace cloudsync::document
