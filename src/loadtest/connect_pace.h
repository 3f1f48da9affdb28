#pragma once
// Starts connections at a rate, and never more handshakes at once than a server takes. Loop thread
// only.

#include "base/unique_function.h"
#include "runtime/loop.h"

#include <cstddef>
#include <deque>

namespace cloudsync::loadtest {

class ConnectPace {
 public:
  /// Begins the handshake of a connection that was due then; on_handshake_over() answers each,
  /// once.
  using Start = UniqueFunction<void(std::size_t connection, TimePoint due)>;

  /// `per_second` 0: as fast as the server takes them, `at_once` at a time.
  ConnectPace(runtime::Loop& loop, double per_second, std::size_t at_once)
      : loop_(loop), per_second_(per_second), at_once_(at_once) {}

  /// Starts connections 0 to `count` - 1; calls `done` when the handshakes of all are over.
  void run(std::size_t count, Start start, UniqueFunction<void()> done);
  /// Calls `start`, which begins the handshake of a connection that was lost, as soon as one may,
  /// behind the first ones that are due. Else the many clients of one process would make each other
  /// late, which clients on machines of their own don't.
  void again(UniqueFunction<void()> start);
  /// A handshake is over, joined or not; `is_first` unless again() began it.
  void on_handshake_over(bool is_first);

 private:
  TimePoint due(std::size_t connection) const;
  void start_more();
  void start_again();

  runtime::Loop& loop_;
  const double per_second_;
  const std::size_t at_once_;
  TimePoint begin_;
  std::size_t count_ = 0;
  std::size_t started_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t first_in_flight_ = 0;  // of these
  bool waits_ = false;               // a timer calls start_more()
  Start start_;
  std::deque<UniqueFunction<void()>> again_;
  UniqueFunction<void()> done_;
};

}  // namespace cloudsync::loadtest
