#pragma once
// How a rich text is formatted: runs of equal attributes, and embeds, in order. In normal form
// neighbours differ: there is one list of runs for each formatting.

#include "ot/shared_object.h"
#include "ot/sum_tree.h"

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace cloudsync::ot {

/// Text with equal attributes, or one embed.
struct RichTextRun {
  struct Length {
    std::uint64_t units = 0;  ///< UTF-16

    Length& operator+=(const Length& other) {
      units += other.units;
      return *this;
    }

    Length& operator-=(const Length& other) {
      units -= other.units;
      return *this;
    }

    friend bool operator==(const Length&, const Length&) = default;
  };

  std::uint64_t length = 0;  ///< UTF-16 units; never 0, 1 for an embed
  SharedObject embed;        ///< empty for text
  SharedObject attributes;

  Length summary() const { return {length}; }

  friend bool operator==(const RichTextRun&, const RichTextRun&) = default;
};

/// Places are in UTF-16 units and within the runs (asserted). Every change is O(log n) and the runs
/// that it removes or formats.
class RichTextRuns {
 public:
  using Tree = SumTree<RichTextRun, 32>;

  class Builder;

  /// The tree of runs, for reading.
  const Tree& tree() const { return tree_; }

  void insert(std::uint64_t at, RichTextRun run);
  void erase(std::uint64_t first, std::uint64_t last);
  /// Composes `attributes` onto those of [first, last); null removes one.
  void format(std::uint64_t first, std::uint64_t last, const SharedObject& attributes);

  /// Calls visit(run) for the runs of [first, last), with those at its ends cut to it.
  template <class Visit>
  void visit(std::uint64_t first, std::uint64_t last, Visit visit) const {
    const auto from = tree_.seek(&RichTextRun::Length::units, first);
    std::uint64_t begin = from.before.units;
    for (auto item = tree_.from(from); first < last; ++item) {
      RichTextRun run = *item;
      const std::uint64_t end = begin + run.length;
      run.length = std::min(last, end) - first;
      visit(std::move(run));
      first = begin = end;
    }
  }

  friend bool operator==(const RichTextRuns& a, const RichTextRuns& b);

 private:
  // What is put in the place of some runs: usually the change itself and both of its neighbours.
  using Pieces = boost::container::small_vector<RichTextRun, 8>;

  static void push(Pieces& pieces, RichTextRun run);
  void splice(std::uint64_t first, std::uint64_t last, Pieces middle);

  Tree tree_;
};

/// Builds runs in order, in normal form. Equal attributes that are written the same are shared.
class RichTextRuns::Builder {
 public:
  void push_back(RichTextRun run);
  RichTextRuns finish() &&;

 private:
  SharedObject intern(SharedObject attributes);

  Tree::Builder tree_;
  std::optional<RichTextRun> last_;  // may still grow
  std::unordered_map<std::string, SharedObject> known_;
};

}  // namespace cloudsync::ot
