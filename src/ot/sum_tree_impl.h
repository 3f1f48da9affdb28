#pragma once
// How SumTree searches and changes its nodes; include ot/sum_tree.h. Everything but a change within
// one leaf is split and join, which alone keep nodes filled.

#include "ot/sum_tree.h"

namespace cloudsync::ot {

template <class Item, std::size_t kLeafMax, std::size_t kBranchMax>
template <class EndsBefore>
auto SumTree<Item, kLeafMax, kBranchMax>::descend(EndsBefore ends_before) const -> Position {
  Position at;
  if (root_.node == nullptr || ends_before(at.before, 0, root_.total)) {
    at.index = size();
    at.before = summary();
    return at;
  }
  const Node* node = root_.node.get();
  // A subtree that is entered doesn't end before the target, so the search within it hits.
  const auto scan = [&](const auto& content) {
    std::size_t i = 0;
    for (; i + 1 < content.size(); ++i) {
      const Total& total = total_of(content[i]);
      if (!ends_before(at.before, at.index, total)) {
        break;
      }
      at.before += total.summary;
      at.index += total.items;
    }
    at.path[node->height] = static_cast<std::uint8_t>(i);
    return i;
  };
  while (node->height > 0) {
    const auto& content = branch(*node).content;
    node = content[scan(content)].node.get();
  }
  at.item = &leaf(*node).content[scan(leaf(*node).content)];
  return at;
}

template <class Item, std::size_t kLeafMax, std::size_t kBranchMax>
template <class IsBefore>
auto SumTree<Item, kLeafMax, kBranchMax>::partition_point(IsBefore is_before) const -> Position {
  Position at;
  if (root_.node == nullptr) {
    return at;
  }
  // Goes to the last child whose first item is before the place, or to the first child.
  const auto first_item = [](const Entry& entry) -> const Item& {
    const Node* node = entry.node.get();
    while (node->height > 0) {
      node = branch(*node).content.front().node.get();
    }
    return leaf(*node).content.front();
  };
  const Node* node = root_.node.get();
  while (node->height > 0) {
    const auto& content = branch(*node).content;
    const auto behind =
        std::partition_point(content.begin() + 1, content.end(), [&](const Entry& entry) {
          return is_before(first_item(entry));
        });
    const auto child = behind - 1;
    for (auto it = content.begin(); it != child; ++it) {
      at.before += it->total.summary;
      at.index += it->total.items;
    }
    at.path[node->height] = static_cast<std::uint8_t>(child - content.begin());
    node = child->node.get();
  }
  const auto& content = leaf(*node).content;
  const auto place = std::partition_point(content.begin(), content.end(), is_before);
  if (place == content.end()) {
    // The first item of the next leaf, if there is one.
    return seek_index(at.index + content.size());
  }
  for (auto it = content.begin(); it != place; ++it) {
    at.before += it->summary();
    ++at.index;
  }
  at.path[0] = static_cast<std::uint8_t>(place - content.begin());
  at.item = &*place;
  return at;
}

template <class Item, std::size_t kLeafMax, std::size_t kBranchMax>
template <class Change>
void SumTree<Item, kLeafMax, kBranchMax>::update(const Position& at, Change change) {
  CS_ASSERT(at.item != nullptr, "there is an item at the position");
  const OwnPath path = own_path(at);
  Item& item = path.leaf->content[at.path[0]];
  const Summary before = item.summary();
  change(item);
  const Summary after = item.summary();
  for (Total* total : path.totals) {
    total->summary -= before;
    total->summary += after;
  }
}

template <class Item, std::size_t kLeafMax, std::size_t kBranchMax>
void SumTree<Item, kLeafMax, kBranchMax>::replace(std::size_t first,
                                                  std::size_t last,
                                                  std::span<Item> items) {
  CS_ASSERT(first <= last && last <= size(), "the items to replace exist");
  if (replace_in_leaf(first, last, items)) {
    return;
  }
  SumTree tail = split_off(last);
  split_off(first);
  Builder builder;
  for (Item& item : items) {
    builder.push_back(std::move(item));
  }
  append(std::move(builder).finish());
  append(std::move(tail));
}

// The common case: all happens in one leaf, which stays filled as it must be.
template <class Item, std::size_t kLeafMax, std::size_t kBranchMax>
bool SumTree<Item, kLeafMax, kBranchMax>::replace_in_leaf(std::size_t first,
                                                          std::size_t last,
                                                          std::span<Item> items) {
  if (root_.node == nullptr) {
    return false;
  }
  // An insertion behind a leaf's last item goes into that leaf.
  const bool is_insertion = first == last && first > 0;
  const Position at = seek_index(is_insertion ? first - 1 : first);
  if (at.item == nullptr) {
    return false;
  }
  const Node* node = root_.node.get();
  for (std::size_t height = node->height; height > 0; --height) {
    node = branch(*node).content[at.path[height]].node.get();
  }
  const std::size_t from = at.path[0] + std::size_t{is_insertion};
  const std::size_t filled = leaf(*node).content.size();
  const std::size_t removed = last - first;
  if (from + removed > filled) {
    return false;
  }
  const std::size_t result = filled - removed + items.size();
  const std::size_t least = root_.node->height == 0 ? 1 : kLeafMax / 2;
  if (result < least || result > kLeafMax) {
    return false;
  }
  const OwnPath path = own_path(at);
  auto& content = path.leaf->content;
  const auto begin = content.begin() + static_cast<std::ptrdiff_t>(from);
  Total lost;
  for (std::size_t i = from; i < from + removed; ++i) {
    lost += total_of(content[i]);
  }
  Total gained;
  for (const Item& item : items) {
    gained += total_of(item);
  }
  const std::size_t kept = std::min(removed, items.size());
  const auto rest =
      std::move(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(kept), begin);
  content.erase(rest, begin + static_cast<std::ptrdiff_t>(removed));
  content.insert(content.begin() + static_cast<std::ptrdiff_t>(from + kept),
                 std::make_move_iterator(items.begin() + static_cast<std::ptrdiff_t>(kept)),
                 std::make_move_iterator(items.end()));
  for (Total* total : path.totals) {
    *total -= lost;
    *total += gained;
  }
  return true;
}

template <class Item, std::size_t kLeafMax, std::size_t kBranchMax>
auto SumTree<Item, kLeafMax, kBranchMax>::split(Entry tree, std::size_t index)
    -> std::pair<Entry, Entry> {
  CS_ASSERT(index <= tree.total.items, "the place to split at exists");
  if (index == 0) {
    return {Entry{}, std::move(tree)};
  }
  if (index == tree.total.items) {
    return {std::move(tree), Entry{}};
  }
  if (tree.node->height == 0) {
    Leaf& head = own<Leaf>(tree.node);
    Entry tail = entry_of(cut(head, index));
    return {entry_of(boost::intrusive_ptr<Leaf>(&head)), std::move(tail)};
  }
  boost::intrusive_ptr<Branch> head(&own<Branch>(tree.node));
  tree.node.reset();
  std::size_t child = 0;
  while (head->content[child].total.items <= index) {
    index -= head->content[child++].total.items;
  }
  boost::intrusive_ptr<Branch> tail = cut(*head, child + 1);
  Entry middle = std::move(head->content.back());
  head->content.pop_back();
  auto [left, right] = split(std::move(middle), index);
  return {concat(collapse(std::move(head)), std::move(left)),
          concat(std::move(right), collapse(std::move(tail)))};
}

template <class Item, std::size_t kLeafMax, std::size_t kBranchMax>
auto SumTree<Item, kLeafMax, kBranchMax>::concat(Entry left, Entry right) -> Entry {
  if (left.node == nullptr) {
    return right;
  }
  if (right.node == nullptr) {
    return left;
  }
  auto [first, second] = join(std::move(left), std::move(right));
  if (second.node == nullptr) {
    return std::move(first);
  }
  boost::intrusive_ptr<Branch> root = new Branch(first.node->height + 1);
  CS_ASSERT(root->height <= kHeightMax, "the tree has room");
  root->content.push_back(std::move(first));
  root->content.push_back(std::move(second));
  return entry_of(std::move(root));
}

// One or two trees of the height of the higher one. The lower one is joined with the subtree of its
// height at the edge of the higher one.
template <class Item, std::size_t kLeafMax, std::size_t kBranchMax>
auto SumTree<Item, kLeafMax, kBranchMax>::join(Entry left, Entry right) -> std::pair<Entry, Entry> {
  const std::size_t left_height = left.node->height;
  const std::size_t right_height = right.node->height;
  if (left_height == right_height) {
    return left_height == 0 ? balance<Leaf>(std::move(left), std::move(right))
                            : balance<Branch>(std::move(left), std::move(right));
  }
  if (left_height > right_height) {
    auto& content = own<Branch>(left.node).content;
    auto [first, second] = join(std::move(content.back()), std::move(right));
    content.back() = std::move(first);
    if (second.node != nullptr) {
      content.push_back(std::move(second));
    }
    return split_if_full(std::move(left.node));
  }
  auto& content = own<Branch>(right.node).content;
  auto [first, second] = join(std::move(left), std::move(content.front()));
  content.front() = std::move(first);
  if (second.node != nullptr) {
    content.insert(content.begin() + 1, std::move(second));
  }
  return split_if_full(std::move(right.node));
}

template <class Item, std::size_t kLeafMax, std::size_t kBranchMax>
auto SumTree<Item, kLeafMax, kBranchMax>::split_if_full(NodePtr node) -> std::pair<Entry, Entry> {
  boost::intrusive_ptr<Branch> head(static_cast<Branch*>(node.get()));
  if (head->content.size() <= kBranchMax) {
    return {entry_of(std::move(head)), Entry{}};
  }
  Entry tail = entry_of(cut(*head, head->content.size() / 2));
  return {entry_of(std::move(head)), std::move(tail)};
}

// Two nodes of one height as one, or as two that are both filled as they must be.
template <class Item, std::size_t kLeafMax, std::size_t kBranchMax>
template <class NodeType>
auto SumTree<Item, kLeafMax, kBranchMax>::balance(Entry left, Entry right)
    -> std::pair<Entry, Entry> {
  const std::size_t left_size = static_cast<const NodeType&>(*left.node).content.size();
  const std::size_t right_size = static_cast<const NodeType&>(*right.node).content.size();
  const std::size_t sum = left_size + right_size;
  if (sum > NodeType::kMax && std::min(left_size, right_size) >= NodeType::kMax / 2) {
    return {std::move(left), std::move(right)};
  }
  auto& first = own<NodeType>(left.node).content;
  auto& second = own<NodeType>(right.node).content;
  const std::size_t wanted = sum <= NodeType::kMax ? sum : sum / 2;
  if (wanted >= left_size) {
    const auto end = second.begin() + static_cast<std::ptrdiff_t>(wanted - left_size);
    first.insert(
        first.end(), std::make_move_iterator(second.begin()), std::make_move_iterator(end));
    second.erase(second.begin(), end);
  } else {
    const auto begin = first.begin() + static_cast<std::ptrdiff_t>(wanted);
    second.insert(
        second.begin(), std::make_move_iterator(begin), std::make_move_iterator(first.end()));
    first.erase(begin, first.end());
  }
  const auto entry = [](const NodePtr& node) {
    return entry_of(boost::intrusive_ptr<NodeType>(static_cast<NodeType*>(node.get())));
  };
  return {entry(left.node), second.empty() ? Entry{} : entry(right.node)};
}

template <class Item, std::size_t kLeafMax, std::size_t kBranchMax>
bool SumTree<Item, kLeafMax, kBranchMax>::is_consistent(const Entry& entry, bool is_root) {
  Total total;
  const auto is_filled = [&](std::size_t size, std::size_t max, std::size_t root_min) {
    return size <= max && size >= (is_root ? root_min : max / 2);
  };
  if (entry.node->height == 0) {
    const auto& content = leaf(*entry.node).content;
    for (const Item& item : content) {
      total += total_of(item);
    }
    return total == entry.total && is_filled(content.size(), kLeafMax, 1);
  }
  const auto& content = branch(*entry.node).content;
  for (const Entry& child : content) {
    if (child.node->height + 1 != entry.node->height || !is_consistent(child, false)) {
      return false;
    }
    total += child.total;
  }
  return total == entry.total && is_filled(content.size(), kBranchMax, 2);
}

}  // namespace cloudsync::ot
