#pragma once
// A document's content at its head, and one step ahead: the working copy holds what is being
// appended, so that a batch is checked against what it will meet. It is made for the first that is
// tried, and takes the committed one's place or is dropped when the append has succeeded or failed,
// both in O(1), as copies of a document share what is equal.

#include "base/bytes.h"
#include "base/result.h"
#include "document/op_size.h"
#include "ot/type.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace cloudsync::document {

class Content {
 public:
  explicit Content(ot::Document committed) : committed_(std::move(committed)) {}

  /// Applies an operation of the log that was not tried here. Errors: kOpInvalid, then the log is
  /// damaged. The working copy is dropped.
  Result<void> commit(const ot::Operation& op);

  /// All that was tried since the last commit is committed.
  void commit_working();

  /// Applies `op`, which is as large as `size` says, to the working copy. Errors: kOpInvalid if it
  /// does not fit, kTooLarge if the content's JSON could exceed `bytes_max`; nothing changed then.
  Result<void> try_op(const ot::Operation& op, const OpSize& size, std::size_t bytes_max);

  /// The working copy no longer holds: the append failed, or others committed.
  void drop_working();

  const ot::Document& committed() const { return committed_; }

  /// The committed content as JSON text. O(size) after a change, cached until the next.
  const SharedBytes& json();

  /// Bytes of the content as JSON text, about. O(1).
  std::size_t bytes() const;

 private:
  const ot::Document& working() const { return working_ == nullptr ? committed_ : *working_; }

  std::size_t growth(const ot::Operation& op, const OpSize& size) const;
  Result<void> try_exactly(const ot::Operation& op, const OpSize& size, std::size_t bytes_max);
  void measure(const ot::Document& document);

  ot::Document committed_;
  std::unique_ptr<ot::Document> working_;  // committed_ plus the batch in flight; null: no batch
  SharedBytes json_;                       // of committed_; null if it changed since

  // Never less than the working copy's JSON text and its longest attributes, so that measuring it
  // (O(size)) is rarely needed. Unset: to be measured.
  struct Bound {
    std::size_t bytes;
    std::size_t attribute_bytes;
  };

  std::optional<Bound> bound_;
};

}  // namespace cloudsync::document
