#pragma once
// What a node tells the other nodes that share its store. A message is a hint and nothing depends
// on it: it may be lost, late, doubled or overtaken. What must not be missed is in the log, and
// whoever finds a gap reads it there. Implementations are thread-safe.

#include "base/bytes.h"
#include "base/executor.h"

#include <functional>
#include <string>
#include <string_view>

namespace cloudsync::pubsub {

/// Runs once for each message, on the executor of the subscription.
using Receive = std::function<void(const SharedBytes& message)>;

/// One node's end of the bus.
class PubSub {
 public:
  virtual ~PubSub() = default;

  /// To the other nodes' subscribers of the topic, not to this node's own.
  virtual void publish(std::string_view topic, SharedBytes message) = 0;

  /// One subscription of a topic at a time (asserted). `executor` outlives it.
  virtual void subscribe(std::string topic, Executor& executor, Receive receive) = 0;

  /// Messages that are already posted to the executor still arrive.
  virtual void unsubscribe(const std::string& topic) = 0;
};

}  // namespace cloudsync::pubsub
