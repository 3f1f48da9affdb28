#pragma once
// How every store answers: by posting the completion with its value to the executor that asked, so
// that a completion never runs inside the call nor on a thread of the store.

#include "base/executor.h"

#include <utility>

namespace cloudsync::storage {

template <class Value, class Done>
void answer(Executor& reply_to, Done done, Value value) {
  reply_to.post(
      [done = std::move(done), value = std::move(value)]() mutable { done(std::move(value)); });
}

}  // namespace cloudsync::storage
