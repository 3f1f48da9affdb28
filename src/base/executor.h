#pragma once
// Executor: a place where work runs one piece at a time, in the order posted. An event loop is one;
// the simulator has another. Stores and services answer through the executor that asked.

#include "base/unique_function.h"

namespace cloudsync {

class Executor {
 public:
  virtual ~Executor() = default;
  /// Runs `task` later on this executor, never before post() returns. Thread-safe. Tasks of one
  /// posting thread run in the order posted. After the executor stopped, tasks are destroyed unrun.
  virtual void post(UniqueFunction<void()> task) = 0;
};

}  // namespace cloudsync
