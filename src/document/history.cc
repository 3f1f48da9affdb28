#include "document/history.h"

#include "base/assert.h"

#include <utility>

namespace cloudsync::document {

History::History(Bounds bounds, Revision head, const storage::ChainHash& head_hash)
    : bounds_(bounds), head_(head), head_hash_(head_hash) {}

void History::push(Committed committed) {
  CS_ASSERT(committed.update.revision == next(head_), "the history has no gaps");
  head_ = committed.update.revision;
  head_hash_ = committed.update.hash;
  bytes_ += committed.update.op.size();
  ops_.push_back(std::move(committed));
  while (ops_.size() > 1 && (ops_.size() > bounds_.ops || bytes_ > bounds_.bytes)) {
    bytes_ -= ops_.front().update.op.size();
    ops_.pop_front();
  }
}

const Committed& History::at(Revision revision) const {
  CS_ASSERT(revision <= head_ && head_.value() - revision.value() < ops_.size(),
            "the revision is held");
  return ops_[ops_.size() - 1 - (head_.value() - revision.value())];
}

std::optional<storage::ChainHash> History::hash_at(Revision revision) const {
  if (revision > head_ || !reaches(revision)) {
    return std::nullopt;
  }
  return revision == head_ ? head_hash_ : at(next(revision)).update.prev_hash;
}

}  // namespace cloudsync::document
