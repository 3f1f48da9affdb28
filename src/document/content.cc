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

void Content::measure() {
  const JsonValue content = ot::content(working_);
  bound_ = Bound{.bytes = to_json(content).size(), .attribute_bytes = longest_attributes(content)};
}

Result<void> Content::try_op(const ot::Operation& op, const OpSize& size, std::size_t bytes_max) {
  if (!bound_) {
    measure();
  }
  // What only deletes always passes: a full document can be shortened.
  if (size.additions > 0 && bound_->bytes + growth(size) > bytes_max) {
    measure();
    if (bound_->bytes + growth(size) > bytes_max) {
      return fail(ErrorCode::kTooLarge, "the document would exceed its size limit");
    }
  }
  CS_TRY(ot::apply(working_, op));
  bound_->bytes += growth(size);
  bound_->attribute_bytes += size.attribute_bytes;
  return {};
}

const SharedBytes& Content::json() {
  if (json_ == nullptr) {
    json_ = share(to_json(ot::content(committed_)));
  }
  return json_;
}

}  // namespace cloudsync::document
