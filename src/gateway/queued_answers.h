#pragma once
// The large HTTP answers of one loop that peers have not taken: together with those of the other
// loops they hold a bounded amount of memory, however slowly peers read.

#include "base/metrics.h"
#include "codec/http1/response.h"

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

namespace cloudsync::gateway {

class Connection;

class QueuedAnswers {
 public:
  /// `node_bytes` is shared by the loops of the node.
  QueuedAnswers(Gauge& node_bytes, std::size_t bytes_max)
      : node_bytes_(node_bytes), bytes_max_(bytes_max) {}

  /// Counts an answer until remove(). A body that other answers of this loop share counts once.
  /// False if the node would have too much queued: then the answer is not to be sent. One always
  /// may be, however large.
  bool add(const Connection& connection, const codec::http1::Response& response);

  /// The connection has nothing queued any more.
  void remove(const Connection& connection);

 private:
  struct Answer {
    std::size_t own_bytes = 0;
    std::vector<SharedBytes> shared;
  };

  Gauge& node_bytes_;
  const std::size_t bytes_max_;
  std::unordered_map<const Connection*, Answer> answers_;
  std::unordered_map<const std::string*, std::size_t> holders_;  // of each shared piece
};

}  // namespace cloudsync::gateway
