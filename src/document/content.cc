#include "document/content.h"

#include "base/json.h"

#include <utility>

namespace cloudsync::document {

Content::Content(ot::Document committed) : committed_(std::move(committed)), working_(committed_) {}

Result<void> Content::commit(const ot::Operation& op) {
  CS_TRY(ot::apply(committed_, op));
  json_.reset();
  drop_working();
  return {};
}

void Content::commit_working() {
  committed_ = working_;
  json_.reset();
}

void Content::drop_working() {
  working_ = committed_;
  bound_.reset();
}

// An addition inside a run of rich text splits it, so that its attributes are written up to twice
// more.
std::size_t Content::growth(const OpSize& size) const {
  return size.added_bytes + size.additions * 2 * (bound_->attribute_bytes + size.attribute_bytes);
}

void Content::measure(const ot::Document& document) {
  const JsonValue content = ot::content(document);
  bound_ = Bound{.bytes = to_json(content).size(), .attribute_bytes = longest_attributes(content)};
}

Result<void> Content::try_op(const ot::Operation& op, const OpSize& size, std::size_t bytes_max) {
  if (!bound_) {
    measure(working_);
  }
  // What only deletes always passes: a full document can be shortened.
  if (size.additions > 0 && bound_->bytes + growth(size) > bytes_max) {
    return try_exactly(op, bytes_max);
  }
  CS_TRY(ot::apply(working_, op));
  bound_->bytes += growth(size);
  bound_->attribute_bytes += size.attribute_bytes;
  return {};
}

// The bound says that it might not fit; it may be far from the truth, so it is tried. O(size).
Result<void> Content::try_exactly(const ot::Operation& op, std::size_t bytes_max) {
  ot::Document tried = working_;
  CS_TRY(ot::apply(tried, op));
  measure(tried);
  if (bound_->bytes > bytes_max) {
    bound_.reset();
    return fail(
        ErrorCode::kTooLarge,
        "the document would exceed its limit of " + std::to_string(bytes_max) + " bytes of JSON");
  }
  working_ = std::move(tried);
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
