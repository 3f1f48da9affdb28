#include "world.h"

namespace cloudsync::simulation {

bool World::run_one(Duration end) {
  if (tasks_.empty() || tasks_.begin()->first.first > end) {
    return false;
  }
  const auto first = tasks_.begin();
  clock_.advance(first->first.first - now_);
  now_ = first->first.first;
  UniqueFunction<void()> task = std::move(first->second);
  tasks_.erase(first);
  task();
  return true;
}

}  // namespace cloudsync::simulation
