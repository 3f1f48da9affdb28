#include "document/content.h"

#include "base/json.h"

#include <algorithm>
#include <utility>

namespace cloudsync::document {
namespace {

/// Growth, in document limits, by which an operation that might still fit is tried. The bound is
/// pessimistic for operations of many components; with attributes of up to some 500 bytes it stays
/// below this for the longest operations.
constexpr std::size_t kTriedGrowthMax = 2;

}  // namespace

Result<void> Content::commit(const ot::Operation& op) {
  CS_TRY(ot::apply(committed_, op));
  json_.reset();
  drop_working();
  return {};
}

void Content::commit_working() {
  if (working_ != nullptr) {
    committed_ = std::move(*std::exchange(working_, nullptr));
    json_.reset();
  }
}

void Content::drop_working() {
  working_.reset();
  bound_.reset();
}

// A component inside a run of rich text splits it, so that its attributes are written up to twice
// more; what it formats is written with each of the runs. An operation that was transformed may
// have more components than it came with.
std::size_t Content::growth(const ot::Operation& op, const OpSize& size) const {
  const std::size_t pieces = std::max(size.additions, ot::component_count(op));
  return size.added_bytes + pieces * 2 * (bound_->attribute_bytes + size.attribute_bytes) +
         ot::run_count(working()) * size.attribute_bytes;
}

void Content::measure(const ot::Document& document) {
  const JsonValue content = ot::content(document);
  bound_ = Bound{.bytes = to_json(content).size(), .attribute_bytes = longest_attributes(content)};
}

Result<void> Content::try_op(const ot::Operation& op, const OpSize& size, std::size_t bytes_max) {
  if (!bound_) {
    measure(working());
  }
  // What only deletes always passes: a full document can be shortened.
  const std::size_t grown = growth(op, size);
  if (size.additions > 0 && bound_->bytes + grown > bytes_max) {
    return try_exactly(op, size, bytes_max);
  }
  if (working_ == nullptr) {
    auto working = std::make_unique<ot::Document>(committed_);
    CS_TRY(ot::apply(*working, op));
    working_ = std::move(working);
  } else {
    CS_TRY(ot::apply(*working_, op));
  }
  bound_->bytes += grown;
  bound_->attribute_bytes += size.attribute_bytes;
  return {};
}

// The bound says that it might not fit; it may be far from the truth, so it is tried, unless even
// trying might take memory without measure: a few kilobytes of attributes on each of a million
// runs. O(size).
Result<void> Content::try_exactly(const ot::Operation& op,
                                  const OpSize& size,
                                  std::size_t bytes_max) {
  const auto may_try = [&] { return growth(op, size) <= kTriedGrowthMax * bytes_max; };
  bool may_be_tried = may_try();
  if (!may_be_tried) {
    measure(working());
    may_be_tried = may_try();
  }
  ot::Document tried = working();
  if (may_be_tried) {
    CS_TRY(ot::apply(tried, op));
    measure(tried);
  }
  if (!may_be_tried || bound_->bytes > bytes_max) {
    bound_.reset();
    return fail(
        ErrorCode::kTooLarge,
        "the document would exceed its limit of " + std::to_string(bytes_max) + " bytes of JSON");
  }
  working_ = std::make_unique<ot::Document>(std::move(tried));
  return {};
}

std::size_t Content::bytes() const {
  return bound_             ? bound_->bytes
         : json_ != nullptr ? json_->size()
                            : static_cast<std::size_t>(ot::length(committed_));
}

const SharedBytes& Content::json() {
  if (json_ == nullptr) {
    json_ = share(to_json(ot::content(committed_)));
  }
  return json_;
}

}  // namespace cloudsync::document
