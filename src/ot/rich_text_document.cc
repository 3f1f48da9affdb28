// Applying an operation to a rich-text document: the runs between the first and the last change are
// rebuilt from copies, then put in the place of the old ones, so that an error leaves the document
// as it was and the rest of the document is not touched.

#include "ot/attributes.h"
#include "ot/op_json.h"
#include "ot/rich_text.h"
#include "ot/rich_text_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = RichTextComponent::Kind;
using Runs = std::vector<RichTextComponent>;

Result<void> check_fits(const RichTextOp& op, std::uint64_t length) {
  std::uint64_t walked = 0;
  for (std::size_t i = 0; i < op.components().size(); ++i) {
    const RichTextComponent& component = op.components()[i];
    walked += component.is_insert() ? 0 : component.length;
    if (walked > length) {
      return component_error(i,
                             "walks past the end of the document, which has " +
                                 std::to_string(length) + " UTF-16 units");
    }
  }
  return {};
}

// Walks `component` over the document and adds what it leaves to `rebuilt`.
void apply_component(const RichTextComponent& component, RichTextReader& document, Runs& rebuilt) {
  if (component.is_insert()) {
    push_component(rebuilt, component);
    return;
  }
  if (component.kind == Kind::kDelete) {
    document.skip(component.length);
    return;
  }
  for (std::uint64_t left = component.length; left > 0;) {
    RichTextComponent run = document.take(left);
    left -= run.length;
    run.attributes = compose_attributes(run.attributes, component.attributes, Nulls::kDrop);
    push_component(rebuilt, std::move(run));
  }
}

std::ptrdiff_t as_distance(std::size_t index) {
  return static_cast<std::ptrdiff_t>(index);
}

// Puts `rebuilt` in the place of runs [first, last), and merges at both seams.
void replace_runs(Runs& runs, std::size_t first, std::size_t last, Runs rebuilt) {
  if (last < runs.size()) {
    push_component(rebuilt, std::move(runs[last]));
    ++last;
  }
  if (first > 0) {
    // Through the builder, so that an equal neighbour takes the text in place.
    Runs head;
    head.push_back(std::move(runs[first - 1]));
    for (RichTextComponent& run : rebuilt) {
      push_component(head, std::move(run));
    }
    rebuilt = std::move(head);
    --first;
  }
  const std::size_t kept = std::min(rebuilt.size(), last - first);
  const auto middle = rebuilt.begin() + as_distance(kept);
  std::move(rebuilt.begin(), middle, runs.begin() + as_distance(first));
  if (middle == rebuilt.end()) {
    runs.erase(runs.begin() + as_distance(first + kept), runs.begin() + as_distance(last));
  } else {
    runs.insert(runs.begin() + as_distance(last),
                std::make_move_iterator(middle),
                std::make_move_iterator(rebuilt.end()));
  }
}

}  // namespace

Result<void> RichTextDocument::apply(const RichTextOp& op) {
  CS_TRY(check_fits(op, length_));
  if (op.is_noop()) {
    return {};
  }
  RichTextReader document(runs_);
  Runs rebuilt;
  std::size_t first = 0;
  std::uint64_t length = length_;
  for (std::size_t i = 0; i < op.components().size(); ++i) {
    const RichTextComponent& component = op.components()[i];
    if (i == 0 && component.is_plain_retain()) {
      std::uint64_t left = component.length;
      while (left > 0 && document.peek_length() <= left) {
        left -= document.peek_length();
        document.skip(document.peek_length());
      }
      first = document.index();
      if (left > 0) {
        push_component(rebuilt, document.take(left));
      }
    } else {
      apply_component(component, document, rebuilt);
    }
    if (document.has_cut_pair()) {
      return component_error(i, "ends inside a surrogate pair");
    }
    length += component.is_insert() ? component.length : 0;
    length -= component.kind == Kind::kDelete ? component.length : 0;
  }
  std::size_t last = document.index();
  if (!document.at_border()) {
    push_component(rebuilt, document.take_whole());
    ++last;
  }
  replace_runs(runs_, first, last, std::move(rebuilt));
  length_ = length;
  return {};
}

}  // namespace cloudsync::ot
