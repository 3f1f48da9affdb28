#pragma once
// A sequence of items as a persistent B+-tree that knows sums: every subtree is stored with the sum
// of its items' summaries, so that an item is found by any of the summary's dimensions (bytes,
// characters, lines; or elements of a list), and changed, in O(log n).
//
// Copying a tree is O(1): copies share nodes, which are counted. A change copies the nodes on its
// path that are shared and changes the others in place. Nodes are immutable while they are shared,
// and their counters are atomic: copies of one tree may be used on different threads.
//
// Sources: B-trees with path copying as in O. Rodeh, "B-trees, Shadowing, and Clones" (2008); split
// and concatenation by height as for the balanced trees of G. Blelloch et al., "Just Join for
// Parallel Ordered Sets" (2016); sums per subtree as in R. Hinze and R. Paterson, "Finger Trees"
// (2006).
//
// An item is a copyable value with a cheap `summary() const`. A summary is an additive struct:
// value-initialised it is zero, it has += and -=, and its dimensions are members of type
// std::uint64_t:
//
//   struct Length { std::uint64_t units = 0; /* +=, -= */ };
//   struct Run { Length summary() const; … };
//   SumTree<Run> runs;
//   const auto at = runs.seek(&Length::units, 120);  // at.item, at.index, at.before.units
//   runs.update(at, [](Run& run) { … });

#include "base/assert.h"

#include <boost/container/static_vector.hpp>
#include <boost/container/vector.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <type_traits>
#include <utility>

namespace cloudsync::ot {

/// Which item a place between two belongs to: the one that ends or the one that begins there.
enum class Bias : bool { kLeft, kRight };

/// `kLeafMax` items are in a leaf, `kBranchMax` subtrees in a branch; half of it at least.
template <class Item, std::size_t kLeafMax = 16, std::size_t kBranchMax = 16>
class SumTree {
  static_assert(kLeafMax >= 2 && kBranchMax >= 4 && kBranchMax <= 255);

 public:
  using Summary = decltype(std::declval<const Item&>().summary());
  using Dimension = std::uint64_t Summary::*;

  class Builder;
  class Iterator;

  /// Levels of branches: 2^24 leaves fit with the smallest branches, 8^24 with the usual ones.
  static constexpr std::size_t kHeightMax = 24;

  /// An item's place, valid until the tree changes.
  struct Position {
    std::size_t index = 0;                            ///< items before it; size() at the end
    Summary before{};                                 ///< sum of the items before it
    const Item* item = nullptr;                       ///< nullptr at the end
    std::array<std::uint8_t, kHeightMax + 1> path{};  ///< the way down, by the height of the node
  };

  SumTree() = default;
  SumTree(const SumTree&) = default;
  SumTree& operator=(const SumTree&) = default;

  SumTree(SumTree&& other) noexcept : root_(std::exchange(other.root_, {})) {}

  SumTree& operator=(SumTree&& other) noexcept {
    root_ = std::exchange(other.root_, {});
    return *this;
  }

  ~SumTree() = default;

  /// Number of items.
  std::size_t size() const { return root_.total.items; }

  bool empty() const { return size() == 0; }

  /// Sum of all items.
  const Summary& summary() const { return root_.total.summary; }

  /// The item at `target` in `dimension`, counted from the start: with kRight the first that ends
  /// behind `target`, with kLeft the first that ends at or behind it. The end if there is none.
  /// O(log n).
  Position seek(Dimension dimension, std::uint64_t target, Bias bias = Bias::kRight) const {
    return descend([=](const Summary& before, std::size_t, const Total& total) {
      const std::uint64_t end = before.*dimension + total.summary.*dimension;
      return bias == Bias::kLeft ? end < target : end <= target;
    });
  }

  /// The item number `index`, from 0; the end if there are no more. O(log n).
  Position seek_index(std::size_t index) const {
    return descend([=](const Summary&, std::size_t before, const Total& total) {
      return before + total.items <= index;
    });
  }

  /// The first item of which `is_before` does not hold; the end if it holds of all. The items must
  /// be partitioned by it, as by a key in a sorted sequence. O(log n), and as many calls.
  template <class IsBefore>
  Position partition_point(IsBefore is_before) const;

  /// Calls change(Item&) on the item at `at`, which is not the end, and corrects the sums. O(log
  /// n), in place where the tree is not shared.
  template <class Change>
  void update(const Position& at, Change change);

  /// Puts `items`, which are moved from, in the place of items [first, last). O(log n + items).
  void replace(std::size_t first, std::size_t last, std::span<Item> items);

  void insert(std::size_t index, Item item) { replace(index, index, std::span<Item>(&item, 1)); }

  void push_back(Item item) { insert(size(), std::move(item)); }

  void erase(std::size_t first, std::size_t last) { replace(first, last, {}); }

  /// Cuts the items from `index` on off and returns them. O(log n).
  SumTree split_off(std::size_t index) {
    auto [head, tail] = split(std::exchange(root_, {}), index);
    root_ = std::move(head);
    return SumTree(std::move(tail));
  }

  /// Puts all items of `tail` behind the last one. O(log n).
  void append(SumTree tail) { root_ = concat(std::move(root_), std::exchange(tail.root_, {})); }

  Iterator begin() const { return from(seek_index(0)); }

  Iterator end() const { return Iterator(); }

  /// Iterates from `at` to the end; a step is O(1) amortised.
  Iterator from(const Position& at) const { return Iterator(root_.node.get(), at); }

  /// True if every node is filled as it must be and every sum is right. O(n), for tests.
  bool is_consistent() const {
    return root_.node == nullptr ? root_.total == Total{} : is_consistent(root_, true);
  }

 private:
  struct Total {
    Summary summary{};
    std::size_t items = 0;

    Total& operator+=(const Total& other) {
      summary += other.summary;
      items += other.items;
      return *this;
    }

    Total& operator-=(const Total& other) {
      summary -= other.summary;
      items -= other.items;
      return *this;
    }

    friend bool operator==(const Total&, const Total&) = default;
  };

  struct Node : boost::intrusive_ref_counter<Node, boost::thread_safe_counter> {
    explicit Node(std::size_t node_height) : height(node_height) {}

    virtual ~Node() = default;

    const std::size_t height;  // 0: a leaf; all leaves have the same distance from the root
  };

  using NodePtr = boost::intrusive_ptr<Node>;

  // A tree or subtree: no node if it is empty.
  struct Entry {
    NodePtr node;
    Total total;
  };

  // In a block of its own, so that a document of a few words takes a few hundred bytes: most are a
  // single leaf with an item or two.
  struct Leaf : Node {
    Leaf() : Node(0) {}

    boost::container::vector<Item> content;
    static constexpr std::size_t kMax = kLeafMax;
  };

  // Room for one more than the maximum, so that a node is split after it has overflowed.
  struct Branch : Node {
    explicit Branch(std::size_t branch_height) : Node(branch_height) {}

    boost::container::static_vector<Entry, kBranchMax + 1> content;
    static constexpr std::size_t kMax = kBranchMax;
  };

  explicit SumTree(Entry root) : root_(std::move(root)) {}

  static const Leaf& leaf(const Node& node) { return static_cast<const Leaf&>(node); }

  static const Branch& branch(const Node& node) { return static_cast<const Branch&>(node); }

  static Total total_of(const Item& item) { return {item.summary(), 1}; }

  static const Total& total_of(const Entry& entry) { return entry.total; }

  template <class NodeType>
  static Entry entry_of(boost::intrusive_ptr<NodeType> node) {
    Total total;
    for (const auto& element : node->content) {
      total += total_of(element);
    }
    return {std::move(node), total};
  }

  // The node for changing: itself if nobody shares it, else a copy in its place. Only nodes whose
  // ancestors were made private first may be asked.
  template <class NodeType>
  static NodeType& own(NodePtr& node) {
    if (node->use_count() > 1) {
      node = new NodeType(static_cast<const NodeType&>(*node));
    }
    return static_cast<NodeType&>(*node);
  }

  template <class EndsBefore>
  Position descend(EndsBefore ends_before) const;

  /// The totals of the subtrees on `path`, made private on the way, from the root to the leaf.
  struct OwnPath {
    Leaf* leaf = nullptr;
    boost::container::static_vector<Total*, kHeightMax + 1> totals;
  };

  OwnPath own_path(const Position& at) {
    OwnPath path;
    Entry* entry = &root_;
    path.totals.push_back(&entry->total);
    for (std::size_t height = entry->node->height; height > 0; --height) {
      entry = &own<Branch>(entry->node).content[at.path[height]];
      path.totals.push_back(&entry->total);
    }
    path.leaf = &own<Leaf>(entry->node);
    return path;
  }

  bool replace_in_leaf(std::size_t first, std::size_t last, std::span<Item> items);

  // Moves the elements from `from` on into a new node.
  template <class NodeType>
  static boost::intrusive_ptr<NodeType> cut(NodeType& node, std::size_t from) {
    boost::intrusive_ptr<NodeType> tail;
    if constexpr (std::is_same_v<NodeType, Leaf>) {
      tail = new Leaf();
    } else {
      tail = new Branch(node.height);
    }
    const auto middle = node.content.begin() + static_cast<std::ptrdiff_t>(from);
    tail->content.assign(std::make_move_iterator(middle),
                         std::make_move_iterator(node.content.end()));
    node.content.erase(middle, node.content.end());
    return tail;
  }

  // The tree under a root branch, which needs two children at least.
  static Entry collapse(boost::intrusive_ptr<Branch> root) {
    if (root->content.empty()) {
      return {};
    }
    return root->content.size() == 1 ? std::move(root->content.front()) : entry_of(std::move(root));
  }

  static std::pair<Entry, Entry> split(Entry tree, std::size_t index);

  static Entry concat(Entry left, Entry right);
  static std::pair<Entry, Entry> join(Entry left, Entry right);
  template <class NodeType>
  static std::pair<Entry, Entry> balance(Entry left, Entry right);
  static std::pair<Entry, Entry> split_if_full(NodePtr node);

  static bool is_consistent(const Entry& entry, bool is_root);

  Entry root_;
};

/// Builds a tree from its items in order: O(1) an item, leaves are full.
template <class Item, std::size_t kLeafMax, std::size_t kBranchMax>
class SumTree<Item, kLeafMax, kBranchMax>::Builder {
 public:
  void push_back(Item item) {
    if (leaf_ == nullptr) {
      leaf_ = new Leaf();
      if (!tree_.empty()) {
        leaf_->content.reserve(kLeafMax);  // the second is followed by more, most likely
      }
    }
    leaf_->content.push_back(std::move(item));
    if (leaf_->content.size() == kLeafMax) {
      flush();
    }
  }

  SumTree finish() && {
    if (leaf_ != nullptr) {
      flush();
    }
    return std::move(tree_);
  }

 private:
  void flush() { tree_.append(SumTree(entry_of(std::exchange(leaf_, nullptr)))); }

  SumTree tree_;
  boost::intrusive_ptr<Leaf> leaf_;  // not full, not in the tree yet
};

/// Forward over the items; valid while the tree lives and is not changed.
template <class Item, std::size_t kLeafMax, std::size_t kBranchMax>
class SumTree<Item, kLeafMax, kBranchMax>::Iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = Item;
  using difference_type = std::ptrdiff_t;
  using pointer = const Item*;
  using reference = const Item&;

  /// The end of every tree.
  Iterator() = default;

  reference operator*() const { return *item_; }

  pointer operator->() const { return item_; }

  Iterator& operator++() {
    if (++item_ == leaf_end_) {
      next_leaf();
    }
    return *this;
  }

  Iterator operator++(int) {
    Iterator before = *this;
    ++*this;
    return before;
  }

  friend bool operator==(const Iterator& a, const Iterator& b) { return a.item_ == b.item_; }

 private:
  friend class SumTree;

  Iterator(const Node* root, const Position& at) : root_(root), path_(at.path) {
    if (at.item != nullptr) {
      enter_leaf();
      item_ = at.item;
    }
  }

  // To the first item of the leaf that path_ leads to.
  void enter_leaf() {
    const Node* node = root_;
    for (std::size_t height = root_->height; height > 0; --height) {
      const Branch* at = &branch(*node);
      branches_[height] = at;
      node = at->content[path_[height]].node.get();
    }
    item_ = leaf(*node).content.data();
    leaf_end_ = item_ + leaf(*node).content.size();
  }

  void next_leaf() {
    for (std::size_t height = 1; height <= root_->height; ++height) {
      if (std::size_t{path_[height]} + 1 < branches_[height]->content.size()) {
        ++path_[height];
        std::fill_n(path_.begin() + 1, height - 1, std::uint8_t{0});
        enter_leaf();
        return;
      }
    }
    item_ = nullptr;
  }

  const Node* root_ = nullptr;
  const Item* item_ = nullptr;
  const Item* leaf_end_ = nullptr;
  std::array<std::uint8_t, kHeightMax + 1> path_{};
  std::array<const Branch*, kHeightMax + 1> branches_{};
};

}  // namespace cloudsync::ot

#include "ot/sum_tree_impl.h"  // IWYU pragma: export
