#pragma once
// A load test of another server (bench/peers), on one loop, in the same phases as LoadTest's:
//
//   prepare (nothing) -> connect (paced) -> write -> settle -> compare what all have -> leave
//
// With options.in_flight the loop is closed: in each room so many writers send one message after
// the other, the next when the last is back. They stand evenly spread in the order of joining, in
// which servers pass messages on. With options.echo each connection has so many on its way. Else
// messages are due at a rate (writer_schedule.h). Loop thread only.

#include "loadtest/connect_pace.h"
#include "loadtest/cpu_meter.h"
#include "loadtest/peer_member.h"
#include "loadtest/report.h"
#include "loadtest/writer_schedule.h"

#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace cloudsync::loadtest {

class PeerTest {
 public:
  /// Both outlive the test.
  PeerTest(const Options& options, runtime::Loop& loop);
  ~PeerTest();

  /// Each phase calls `done` once when it is over, later on the loop.
  using Done = UniqueFunction<void()>;

  void prepare(Completion<void> done);
  /// Starts all members; over when each has joined or failed.
  void connect(Done done);
  /// Warms up and sends from `start` on.
  void write(TimePoint start, Done done);
  /// Ends the sending before its time, if it is under way.
  void end_writing();
  /// Waits until all have everything, or the time for it is over.
  void settle(Done done);
  /// Counts the rooms whose members do not all have everything, or not what the server has, as
  /// diverged.
  void compare(Done done);
  /// Ends all connections.
  void leave();

  const Outcome& outcome() const { return outcome_; }

  Measurements& measurements() { return measurements_; }

 private:
  void add_members();
  std::unique_ptr<PeerMember> make_member(PeerRoom& room, std::size_t number);
  void begin_closed_loop();
  void on_answered(std::size_t member);
  void send_due();
  void poll_settled();
  bool complete(std::size_t room) const;
  std::size_t incomplete_rooms() const;
  void end_phase();
  std::chrono::duration<double> since_phase_start() const;

  const Options& options_;
  runtime::Loop& loop_;
  std::mt19937_64 random_;
  Measurements measurements_;
  Outcome outcome_;
  ConnectPace pace_;
  PeerContext context_;
  CpuMeter server_cpu_;
  std::deque<PeerRoom> rooms_;                        // stay where they are
  std::vector<std::unique_ptr<PeerMember>> members_;  // member i is in room i modulo their number
  std::size_t compared_ = 0;
  bool writing_ = false;
  std::optional<WriterSchedule> schedule_;
  TimePoint phase_start_;
  Done done_;
};

}  // namespace cloudsync::loadtest
