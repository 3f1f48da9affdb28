#include "ot/rich_text_runs.h"

#include "ot/attributes.h"

#include <algorithm>
#include <utility>

namespace cloudsync::ot {
namespace {

constexpr auto kUnits = &RichTextRun::Length::units;

bool may_be_one(const RichTextRun& a, const RichTextRun& b) {
  return a.embed.empty() && b.embed.empty() && a.attributes == b.attributes;
}

}  // namespace

void RichTextRuns::insert(std::uint64_t at, RichTextRun run) {
  const Tree::Position place = tree_.seek(kUnits, at, Bias::kLeft);
  if (place.item != nullptr && may_be_one(*place.item, run)) {
    tree_.update(place, [&](RichTextRun& grown) { grown.length += run.length; });
    return;
  }
  Pieces pieces;
  pieces.push_back(std::move(run));
  splice(at, at, std::move(pieces));
}

void RichTextRuns::erase(std::uint64_t first, std::uint64_t last) {
  const Tree::Position place = tree_.seek(kUnits, first, Bias::kRight);
  const std::uint64_t erased = last - first;
  if (place.item != nullptr && last <= place.before.units + place.item->length &&
      erased < place.item->length) {
    tree_.update(place, [&](RichTextRun& shortened) { shortened.length -= erased; });
    return;
  }
  splice(first, last, {});
}

void RichTextRuns::format(std::uint64_t first, std::uint64_t last, const SharedObject& attributes) {
  Pieces pieces;
  visit(first, last, [&](RichTextRun run) {
    run.attributes = compose_attributes(run.attributes, attributes, Nulls::kDrop);
    push(pieces, std::move(run));
  });
  splice(first, last, std::move(pieces));
}

void RichTextRuns::push(Pieces& pieces, RichTextRun run) {
  if (!pieces.empty() && may_be_one(pieces.back(), run)) {
    pieces.back().length += run.length;
  } else if (run.length > 0) {
    pieces.push_back(std::move(run));
  }
}

// Puts `middle`, in normal form, in the place of [first, last): what is left of the runs at both
// ends, or the neighbours if nothing is, is merged with it.
void RichTextRuns::splice(std::uint64_t first, std::uint64_t last, Pieces middle) {
  const Tree::Position begin = tree_.seek(kUnits, first, Bias::kLeft);
  const Tree::Position end = tree_.seek(kUnits, last, Bias::kRight);
  Pieces pieces;
  if (begin.item != nullptr) {
    RichTextRun left = *begin.item;
    left.length = first - begin.before.units;
    push(pieces, std::move(left));
  }
  for (RichTextRun& run : middle) {
    push(pieces, std::move(run));
  }
  std::size_t end_index = end.index;
  if (end.item != nullptr) {
    RichTextRun right = *end.item;
    right.length -= last - end.before.units;
    push(pieces, std::move(right));
    ++end_index;
  }
  tree_.replace(begin.index, end_index, std::span<RichTextRun>(pieces.data(), pieces.size()));
}

bool operator==(const RichTextRuns& a, const RichTextRuns& b) {
  return a.tree_.size() == b.tree_.size() &&
         std::equal(a.tree_.begin(), a.tree_.end(), b.tree_.begin());
}

void RichTextRuns::Builder::push_back(RichTextRun run) {
  if (last_ && may_be_one(*last_, run)) {
    last_->length += run.length;
    return;
  }
  if (last_) {
    tree_.push_back(*std::move(last_));
  }
  run.attributes = intern(std::move(run.attributes));
  last_ = std::move(run);
}

RichTextRuns RichTextRuns::Builder::finish() && {
  if (last_) {
    tree_.push_back(*std::move(last_));
  }
  RichTextRuns runs;
  runs.tree_ = std::move(tree_).finish();
  return runs;
}

// The order of keys is kept as it came, so that content is written as it was read.
SharedObject RichTextRuns::Builder::intern(SharedObject attributes) {
  if (attributes.empty()) {
    return attributes;
  }
  return known_.try_emplace(to_json(JsonValue(attributes.get())), attributes).first->second;
}

}  // namespace cloudsync::ot
