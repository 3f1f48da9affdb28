#pragma once
// The newest committed operations of a document, kept in memory: what submissions are rebased over
// and what short catch-ups are served from. Older ones are in the log.

#include "base/ids.h"
#include "ot/type.h"
#include "storage/records.h"

#include <boost/container/deque.hpp>

#include <cstddef>
#include <optional>

namespace cloudsync::document {

/// An operation of the log, with its parsed form.
struct Committed {
  storage::Update update;
  ot::Operation op;
};

class History {
 public:
  struct Bounds {
    std::size_t ops;
    std::size_t bytes;  ///< of operation text
  };

  /// Starts empty at `head`.
  History(Bounds bounds, Revision head, const storage::ChainHash& head_hash);

  /// `committed` is the revision behind head(). The oldest are forgotten beyond the bounds.
  void push(Committed committed);

  Revision head() const { return head_; }

  const storage::ChainHash& head_hash() const { return head_hash_; }

  /// True if every operation behind `revision` up to the head is held.
  bool reaches(Revision revision) const { return revision.value() + ops_.size() >= head_.value(); }

  /// The operation that led to `revision`, which must be held: reaches(revision - 1), at most
  /// head().
  const Committed& at(Revision revision) const;

  /// The chain at `revision`, if reaches(revision).
  std::optional<storage::ChainHash> hash_at(Revision revision) const;

  std::size_t size() const { return ops_.size(); }

 private:
  Bounds bounds_;
  Revision head_;
  storage::ChainHash head_hash_;
  // Consecutive, ops_.back() led to head_. Boost's takes nothing while it is empty, the standard
  // library's 576 bytes for each document.
  boost::container::deque<Committed> ops_;
  std::size_t bytes_ = 0;
};

}  // namespace cloudsync::document
