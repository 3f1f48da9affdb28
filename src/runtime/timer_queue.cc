#include "runtime/timer_queue.h"

#include <algorithm>

namespace cloudsync::runtime {
namespace {

// Below this many entries a rebuild saves nothing worth its cost.
constexpr std::size_t kRebuildFloor = 64;

}  // namespace

bool TimerQueue::later(const Entry& a, const Entry& b) {
  return a.deadline != b.deadline ? a.deadline > b.deadline : a.id > b.id;
}

TimerId TimerQueue::add(TimePoint deadline, UniqueFunction<void()> task) {
  const std::uint64_t id = next_id_++;
  tasks_.emplace(id, std::move(task));
  heap_.push_back({deadline, id});
  std::push_heap(heap_.begin(), heap_.end(), later);
  return TimerId{id};
}

bool TimerQueue::cancel(TimerId timer) {
  const auto found = tasks_.find(timer.value);
  if (found == tasks_.end()) {
    return false;
  }
  // The task's destructor may call back into this queue: take it out first.
  const auto task = std::move(found->second);
  tasks_.erase(found);
  if (heap_.size() > kRebuildFloor && heap_.size() > 2 * tasks_.size()) {
    std::erase_if(heap_, [this](const Entry& entry) { return !tasks_.contains(entry.id); });
    std::make_heap(heap_.begin(), heap_.end(), later);
  }
  return true;
}

std::optional<TimePoint> TimerQueue::next_deadline() {
  drop_cancelled_top();
  if (heap_.empty()) {
    return std::nullopt;
  }
  return heap_.front().deadline;
}

void TimerQueue::run_due(TimePoint now) {
  const std::uint64_t first_new_id = next_id_;
  std::vector<Entry> postponed;  // due, but added during this call
  for (drop_cancelled_top(); !heap_.empty() && heap_.front().deadline <= now;
       drop_cancelled_top()) {
    const Entry entry = heap_.front();
    pop_top();
    if (entry.id >= first_new_id) {
      postponed.push_back(entry);
      continue;
    }
    auto node = tasks_.extract(entry.id);
    node.mapped()();
  }
  for (const Entry& entry : postponed) {
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
}

void TimerQueue::clear() {
  // Destructors of tasks may call back into this queue: it is already empty then.
  std::unordered_map<std::uint64_t, UniqueFunction<void()>> tasks;
  tasks.swap(tasks_);
  heap_.clear();
}

void TimerQueue::drop_cancelled_top() {
  while (!heap_.empty() && !tasks_.contains(heap_.front().id)) {
    pop_top();
  }
}

void TimerQueue::pop_top() {
  std::pop_heap(heap_.begin(), heap_.end(), later);
  heap_.pop_back();
}

}  // namespace cloudsync::runtime
