#pragma once
// What is remembered of those who are limited, by key: as long as somebody holds the entry, and
// then until it is as good as new, so that leaving and coming back wins nothing. Bounded: of those
// that nobody holds the longest gone is forgotten first.

#include "base/assert.h"
#include "base/clock.h"

#include <algorithm>
#include <cstddef>
#include <list>
#include <map>

namespace cloudsync::gateway {

/// `Value` has `bool full(TimePoint) const`: nothing of it is worth remembering. The keys come from
/// peers: a tree, not a hash table, whose chains they could make long.
template <class Key, class Value>
class RateTable {
 public:
  struct Entry {
    Value value;
    const Key* key = nullptr;
    std::size_t holders = 0;
    typename std::list<const Key*>::iterator place;  // in idle_, while nobody holds it
  };

  /// `idle_max` of the entries that nobody holds are kept, one at least.
  explicit RateTable(std::size_t idle_max) : idle_max_(std::max<std::size_t>(idle_max, 1)) {}

  /// The entry of `key`; it stays where it is until as many release(). O(log n), and O(1) amortised
  /// for those that are forgotten.
  Entry& hold(const Key& key, TimePoint now) {
    forget_full(now);
    const auto [found, is_new] = entries_.try_emplace(key);
    Entry& entry = found->second;
    if (is_new) {
      entry.key = &found->first;
    } else if (entry.holders == 0) {
      idle_.erase(entry.place);
    }
    ++entry.holders;
    return entry;
  }

  /// Who holds nothing, and is remembered by what it does. Valid until the next call.
  Value& touch(const Key& key, TimePoint now) {
    Entry& entry = hold(key, now);
    release(entry);  // it is the newest now: not the one that this may forget
    return entry.value;
  }

  void release(Entry& entry) {
    CS_ASSERT(entry.holders > 0, "an entry is released as often as it was held");
    if (--entry.holders == 0) {
      entry.place = idle_.insert(idle_.end(), entry.key);
      if (idle_.size() > idle_max_) {
        forget_oldest();
      }
    }
  }

  std::size_t size() const { return entries_.size(); }

 private:
  // An entry stays behind one that left before it, for a burst at most: then that one is full.
  void forget_full(TimePoint now) {
    while (!idle_.empty() && entries_.find(*idle_.front())->second.value.full(now)) {
      forget_oldest();
    }
  }

  void forget_oldest() {
    entries_.erase(entries_.find(*idle_.front()));
    idle_.pop_front();
  }

  const std::size_t idle_max_;
  std::map<Key, Entry> entries_;
  std::list<const Key*> idle_;  // the longest gone first
};

}  // namespace cloudsync::gateway
