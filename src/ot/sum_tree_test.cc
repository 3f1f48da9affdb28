#include "ot/sum_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace cloudsync::ot {
namespace {

struct Sizes {
  std::uint64_t units = 0;
  std::uint64_t marks = 0;

  Sizes& operator+=(const Sizes& other) {
    units += other.units;
    marks += other.marks;
    return *this;
  }

  Sizes& operator-=(const Sizes& other) {
    units -= other.units;
    marks -= other.marks;
    return *this;
  }

  friend bool operator==(const Sizes&, const Sizes&) = default;
};

// An item with an identity, so that a mix-up of equal lengths shows.
struct Piece {
  std::uint64_t id = 0;
  Sizes sizes;

  Sizes summary() const { return sizes; }

  friend bool operator==(const Piece&, const Piece&) = default;
};

using Pieces = std::vector<Piece>;

template <class Tree>
Pieces items_of(const Tree& tree) {
  return Pieces(tree.begin(), tree.end());
}

Sizes sum_of(const Pieces& pieces) {
  Sizes sum;
  for (const Piece& piece : pieces) {
    sum += piece.sizes;
  }
  return sum;
}

// What seek() must answer, by walking.
std::size_t seek_by_walking(const Pieces& pieces,
                            std::uint64_t Sizes::*dimension,
                            std::uint64_t target,
                            Bias bias) {
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    end += pieces[i].sizes.*dimension;
    if (bias == Bias::kLeft ? end >= target : end > target) {
      return i;
    }
  }
  return pieces.size();
}

// Random changes to a tree and to a vector, which must stay equal.
template <class Tree>
class SumTreeModel {
 public:
  explicit SumTreeModel(unsigned seed) : random_(seed) {}

  void step() {
    switch (below(8)) {
      case 0:
        split_and_join();
        break;
      case 1:
        double_itself();
        break;
      case 2:
      case 3:
        change_one();
        break;
      default:
        replace_some();
    }
    if (below(4) == 0) {
      kept_ = tree_;  // shares nodes from now on
      kept_model_ = model_;
    }
  }

  void check() {
    ASSERT_TRUE(tree_.is_consistent());
    ASSERT_EQ(tree_.size(), model_.size());
    ASSERT_EQ(items_of(tree_), model_);
    ASSERT_EQ(tree_.summary(), sum_of(model_));
    ASSERT_TRUE(kept_.is_consistent());
    ASSERT_EQ(items_of(kept_), kept_model_) << "a copy changed";
    check_seek(&Sizes::units);
    check_seek(&Sizes::marks);
    check_iteration();
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }

  Piece piece() { return {++ids_, {below(5), below(2)}}; }

  Pieces some_pieces() {
    Pieces pieces(below(10) == 0 ? below(40) : below(4));
    std::generate(pieces.begin(), pieces.end(), [this] { return piece(); });
    return pieces;
  }

  void replace_some() {
    const std::size_t first = below(model_.size() + 1);
    const std::size_t removed =
        std::min(model_.size() - first, below(8) == 0 ? below(30) : below(4));
    Pieces added = some_pieces();
    const auto at = model_.begin() + static_cast<std::ptrdiff_t>(first);
    model_.insert(
        model_.erase(at, at + static_cast<std::ptrdiff_t>(removed)), added.begin(), added.end());
    tree_.replace(first, first + removed, added);
  }

  void change_one() {
    if (model_.empty()) {
      return;
    }
    const std::size_t index = below(model_.size());
    const Piece changed = piece();
    model_[index] = changed;
    tree_.update(tree_.seek_index(index), [&](Piece& item) { item = changed; });
  }

  void split_and_join() {
    const std::size_t index = below(model_.size() + 1);
    Tree tail = tree_.split_off(index);
    ASSERT_TRUE(tree_.is_consistent() && tail.is_consistent());
    ASSERT_EQ(tree_.size(), index);
    if (below(2) == 0) {
      tail.append(std::move(tree_));
      tree_ = std::move(tail);
      std::rotate(
          model_.begin(), model_.begin() + static_cast<std::ptrdiff_t>(index), model_.end());
    } else {
      tree_.append(std::move(tail));
    }
  }

  void double_itself() {
    if (model_.size() < 100) {
      tree_.append(tree_);
      const Pieces once = model_;
      model_.insert(model_.end(), once.begin(), once.end());
    }
  }

  void check_seek(std::uint64_t Sizes::*dimension) {
    for (const Bias bias : {Bias::kLeft, Bias::kRight}) {
      const std::uint64_t target = below(static_cast<std::size_t>(tree_.summary().*dimension) + 2);
      const auto at = tree_.seek(dimension, target, bias);
      ASSERT_EQ(at.index, seek_by_walking(model_, dimension, target, bias));
      const auto place = model_.begin() + static_cast<std::ptrdiff_t>(at.index);
      ASSERT_EQ(at.before, sum_of(Pieces(model_.begin(), place)));
      ASSERT_EQ(at.item == nullptr, place == model_.end());
      ASSERT_TRUE(at.item == nullptr || *at.item == *place);
    }
  }

  void check_iteration() {
    const std::size_t index = below(model_.size() + 1);
    const auto from = tree_.from(tree_.seek_index(index));
    ASSERT_TRUE(std::equal(
        from, tree_.end(), model_.begin() + static_cast<std::ptrdiff_t>(index), model_.end()));
  }

  std::mt19937 random_;
  std::uint64_t ids_ = 0;
  Tree tree_;
  Pieces model_;
  Tree kept_;
  Pieces kept_model_;
};

template <class Tree>
class SumTreeTest : public testing::Test {};

// The smallest nodes make deep trees of few items.
using Trees = testing::Types<SumTree<Piece, 2, 4>, SumTree<Piece, 5, 4>, SumTree<Piece>>;
TYPED_TEST_SUITE(SumTreeTest, Trees);

TYPED_TEST(SumTreeTest, EqualsAVectorUnderRandomChanges) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SumTreeModel<TypeParam> model(seed);
    for (int step = 0; step < 200; ++step) {
      model.step();
      ASSERT_NO_FATAL_FAILURE(model.check());
    }
  }
}

TYPED_TEST(SumTreeTest, ABuilderKeepsTheOrderOfItems) {
  for (const std::size_t count : {0U, 1U, 2U, 16U, 17U, 1000U}) {
    typename TypeParam::Builder builder;
    Pieces expected;
    for (std::size_t i = 0; i < count; ++i) {
      expected.push_back({i, {1, i % 2}});
      builder.push_back(expected.back());
    }
    const TypeParam tree = std::move(builder).finish();
    EXPECT_TRUE(tree.is_consistent());
    EXPECT_EQ(items_of(tree), expected);
  }
}

TYPED_TEST(SumTreeTest, FindsAPlaceInAnOrder) {
  for (const std::size_t count : {0U, 1U, 2U, 3U, 16U, 17U, 300U}) {
    SCOPED_TRACE("of " + std::to_string(count));
    TypeParam tree;
    for (std::size_t i = 0; i < count; ++i) {
      tree.push_back({2 * i, {3, i % 2}});
    }
    for (std::size_t id = 0; id <= 2 * count; ++id) {
      const auto at = tree.partition_point([id](const Piece& piece) { return piece.id < id; });
      ASSERT_EQ(at.index, std::min((id + 1) / 2, count));
      ASSERT_EQ(at.before.units, 3 * at.index);
      ASSERT_EQ(at.before.marks, at.index / 2);
      ASSERT_EQ(at.item == nullptr, at.index == count);
      if (at.item != nullptr) {
        ASSERT_EQ(at.item->id, 2 * at.index);
        TypeParam changed = tree;
        changed.update(at, [](Piece& piece) { piece.sizes.units = 5; });
        ASSERT_EQ(changed.seek_index(at.index).item->sizes.units, 5U);
        ASSERT_TRUE(changed.is_consistent());
      }
    }
  }
}

TYPED_TEST(SumTreeTest, AMovedFromTreeIsEmpty) {
  TypeParam tree;
  tree.push_back({1, {2, 3}});
  const TypeParam taken = std::move(tree);
  EXPECT_TRUE(tree.empty());  // NOLINT(bugprone-use-after-move): what is tested
  EXPECT_EQ(tree.summary(), Sizes());
  EXPECT_EQ(taken.size(), 1U);
}

}  // namespace
}  // namespace cloudsync::ot
