#include "world.h"

namespace cloudsync::simulation {

bool World::run_one(Duration end) {
  if (tasks_.empty() || tasks_.begin()->first.first > end) {
    return false;
  }
  auto first = tasks_.extract(tasks_.begin());
  now_ = first.key().first;
  ++steps_;
  first.mapped()();
  return true;
}

void ProcessExecutor::after(Duration delay, UniqueFunction<void()> task) {
  world_.after(delay, [state = state_, run = std::move(task)]() mutable {
    if (!state->alive) {
      return;
    }
    if (state->paused) {
      state->held.push_back(std::move(run));
    } else {
      run();
    }
  });
}

void ProcessExecutor::resume() {
  state_->paused = false;
  for (UniqueFunction<void()>& task : std::exchange(state_->held, {})) {
    after(Duration(0), std::move(task));
  }
}

}  // namespace cloudsync::simulation
