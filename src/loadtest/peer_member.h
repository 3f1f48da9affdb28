#pragma once
// One simulated user of another server (bench/peers): connected, in one room, it sends messages and
// measures those of all. How that is said is its protocol's, in the derived classes. There is no
// reconnecting: who is lost has failed. Loop thread only.

#include "loadtest/measurements.h"
#include "loadtest/options.h"

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cloudsync::loadtest {

/// What all members share; outlives them.
struct PeerContext {
  runtime::Loop& loop;
  const Options& options;
  Measurements& measurements;
  std::mt19937_64& random;
  UniqueFunction<void()> on_handshake_over;  ///< a start() ended, joined or not
  /// A member has its own message back, or its operation is acknowledged.
  UniqueFunction<void(std::size_t member)> on_answered;
};

/// Those who get each other's messages, or edit one document; outlives its members.
struct PeerRoom {
  std::string name;
  const Target& target;
  std::uint64_t sent = 0;  ///< messages or operations of all of its members
  /// Where messages do not tell that themselves: when those of a client were due, by their sequence
  /// numbers, the first of which is 1.
  std::unordered_map<std::string, std::vector<TimePoint>> dues;
};

class PeerMember {
 public:
  enum class State : std::uint8_t { kIdle, kConnecting, kJoined, kFailed };

  PeerMember(PeerContext& context, PeerRoom& room, std::size_t number)
      : context_(context), room_(room), number_(number) {}

  virtual ~PeerMember() = default;
  PeerMember(const PeerMember&) = delete;
  PeerMember& operator=(const PeerMember&) = delete;

  /// Connects. It was `due` then, which is what the time until it joined is counted from.
  void start(TimePoint due);
  /// Sends a message that was due then to the room, or changes its document.
  void send(TimePoint due);

  /// Whether the server has what this member has, as far as it can be asked.
  virtual void compare(UniqueFunction<void(bool equal)> done) { done(true); }

  /// Ends the connection for good.
  void leave();

  State state() const { return state_; }

  /// Has all that was sent in its room, its own included.
  bool complete() const { return state_ == State::kJoined && received_ == room_.sent; }

 protected:
  virtual void open(const std::optional<runtime::Endpoint>& source) = 0;
  virtual void close() = 0;
  virtual void transmit(TimePoint due) = 0;

  // --- what the protocol tells ---
  void on_joined();
  /// A message of the room is here that was `due` then.
  void on_received(TimePoint due, bool own);
  void on_lost(std::string_view reason);
  /// Something that must not happen: this member takes no further part.
  void fail_with(std::string_view code);

  const PeerContext& context() const { return context_; }

  PeerRoom& room() const { return room_; }

  std::uint32_t number() const { return static_cast<std::uint32_t>(number_); }

 private:
  void end_handshake();

  PeerContext& context_;
  PeerRoom& room_;
  const std::size_t number_;  // among all members of this process
  State state_ = State::kIdle;
  bool in_handshake_ = false;
  bool leaving_ = false;
  TimePoint due_;               // to be connected; until it has joined
  std::uint64_t received_ = 0;  // since it joined
};

}  // namespace cloudsync::loadtest
