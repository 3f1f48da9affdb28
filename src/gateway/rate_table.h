#pragma once
// What is remembered of those who are limited, by key: as long as somebody holds the entry, or as
// it is touched, and then until it is as good as new, so that leaving and coming back wins nothing.
// Bounded: of those that nobody holds the longest idle is forgotten first, but who is as good as
// new before who is not: nobody gets back what it used up because a crowd came and did a little.

#include "base/assert.h"
#include "base/clock.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <list>
#include <map>
#include <utility>

namespace cloudsync::gateway {

/// `Value` has `bool full(TimePoint) const`: nothing of it is worth remembering. The keys come from
/// peers: a tree, not a hash table, whose chains they could make long.
template <class Key, class Value>
class RateTable {
 public:
  struct Entry;
  using Node = std::pair<const Key, Entry>;

  struct Entry {
    Value value;
    std::size_t holders = 0;
    Node* node = nullptr;                       // that it is in
    typename std::list<Node*>::iterator place;  // in idle_, while nobody holds it
  };

  /// `idle_max` of the entries that nobody holds are kept, one at least.
  explicit RateTable(std::size_t idle_max) : idle_max_(std::max<std::size_t>(idle_max, 1)) {}

  /// The entry of `key`; it stays where it is until as many release(). O(log n), and O(log n)
  /// amortised for those that are forgotten.
  Entry& hold(const Key& key, TimePoint now) {
    const auto [entry, is_new] = find(key, now);
    if (!is_new && entry.holders == 0) {
      idle_.erase(entry.place);
    }
    ++entry.holders;
    return entry;
  }

  /// Once more, of an entry that somebody holds. O(1).
  void hold(Entry& held) { ++held.holders; }

  /// Who holds nothing, and is remembered by what it does. Valid until the next call. As hold().
  Value& touch(const Key& key, TimePoint now) {
    const auto [entry, is_new] = find(key, now);
    if (is_new) {
      add_idle(entry);  // as the newest, which is not forgotten for itself
    } else if (entry.holders == 0) {
      idle_.splice(idle_.end(), idle_, entry.place);
    }
    return entry.value;
  }

  void release(Entry& entry) {
    CS_ASSERT(entry.holders > 0, "an entry is released as often as it was held");
    if (--entry.holders == 0) {
      add_idle(entry);
    }
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Found {
    Entry& entry;
    bool is_new;
  };

  Found find(const Key& key, TimePoint now) {
    now_ = now;
    forget_full(now);
    const auto [found, is_new] = entries_.try_emplace(key);
    found->second.node = &*found;
    return {found->second, is_new};
  }

  void add_idle(Entry& entry) {
    entry.place = idle_.insert(idle_.end(), entry.node);
    if (idle_.size() > idle_max_) {
      forget_one();
    }
  }

  void forget_one() {
    const auto looked_at = static_cast<std::ptrdiff_t>(std::min(kLookedAt, idle_.size() - 1));
    const auto end = std::next(idle_.begin(), looked_at);
    const auto full = std::find_if(
        idle_.begin(), end, [this](const Node* node) { return node->second.value.full(now_); });
    forget(full == end ? idle_.begin() : full);
  }

  // An entry stays behind one that left before it, for a burst at most: then that one is full.
  void forget_full(TimePoint now) {
    while (!idle_.empty() && idle_.front()->second.value.full(now)) {
      forget(idle_.begin());
    }
  }

  void forget(typename std::list<Node*>::iterator place) {
    entries_.erase(entries_.find((*place)->first));
    idle_.erase(place);
  }

  /// Of the longest idle, when one is to be forgotten.
  static constexpr std::size_t kLookedAt = 16;

  const std::size_t idle_max_;
  TimePoint now_{};  // of the last call
  std::map<Key, Entry> entries_;
  std::list<Node*> idle_;  // the longest idle first
};

}  // namespace cloudsync::gateway
