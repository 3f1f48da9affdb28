#pragma once
// The events of a plan: what people do and what breaks. Each means the same without the others.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cloudsync::simulation {

/// Places are what a network lies between: client i is i, node j is kNodes + j.
inline constexpr std::int64_t kNodes = 100;
inline constexpr std::int64_t kStorePlace = 200;

enum class Act : std::uint8_t {
  // At a time (the first argument, microseconds).
  kStart,     ///< client: opens the document for the first time
  kEdit,      ///< client, key
  kPaste,     ///< client, key: a large edit, of hundreds of components
  kSelect,    ///< client, key: moves its cursor
  kReload,    ///< client, ms: the page is gone, then there again with its journal
  kMove,      ///< client, node: its connection breaks, the next goes to that node
  kImpostor,  ///< client, key: somebody uses its id and last seq for another operation
  kVandal,    ///< number, key: a client that is none of the others sends what must be refused
  kRead,      ///< node: somebody reads the head
  kReadOld,   ///< node, key: somebody reads an older revision
  kCrash,     ///< node, ms until it is there again
  kStop,      ///< node, ms: as kCrash, but by SIGTERM
  kPause,     ///< node, ms: SIGSTOP, then SIGCONT
  kJump,      ///< node, ms: its wall clock jumps, also back
  kPower,     ///< ms: store and nodes lose power
  kCut,       ///< client: its connection breaks
  kBlock,     ///< from, to, ms: nothing goes from one place to the other
  kDiskFull,  ///< ms
  kDiskSlow,  ///< ms, ms: for how long, how slow
  // At the n-th of something (the last argument but ms, from 1).
  kUpCut,    ///< client, n: its connection breaks at its n-th message
  kUpTwice,  ///< client, n: the message arrives twice
  kUpLate,   ///< client, n, ms: and what follows it
  kDownCut,
  kDownTwice,
  kDownLate,
  kOvertaken,          ///< client, n, ms: the n-th `ops` frame comes behind later ones
  kBusLost,            ///< from node, to node, n
  kBusTwice,           ///< from, to, n, ms
  kBusLate,            ///< from, to, n, ms: behind later ones
  kAppendRefused,      ///< node, n
  kAppendLost,         ///< node, n: not stored, the outcome is unknown
  kAppendUnknown,      ///< node, n: stored, the outcome is unknown
  kCrashBeforeAppend,  ///< node, n, ms: the request does not leave
  kCrashInAppend,      ///< node, n, ms: the store carries it out late, or not
  kCrashAfterAppend,   ///< node, n, ms: it is stored, the answer finds nobody
  kCrashAtPublish,     ///< node, n, ms: it is acknowledged, but not published
  kReadFails,          ///< node, n: a read of the store
  // At the n-th connection of a client.
  kProbeLost,    ///< client, n: it polls to its end
  kUpgradeCut,   ///< client, n: it breaks while it moves to WebSocket
  kUpgradeLate,  ///< client, n, ms: the move takes longer
};

inline constexpr std::size_t kActs = static_cast<std::size_t>(Act::kUpgradeLate) + 1;
inline constexpr std::size_t kArgumentsMax = 4;

std::string_view act_name(Act act);
std::optional<Act> act_from_name(std::string_view name);
/// How many arguments it has.
std::size_t act_arguments(Act act);

/// Its first argument is a time.
inline bool is_timed(Act act) {
  return act < Act::kUpCut;
}

struct Event {
  Act act = Act::kStart;
  std::array<std::int64_t, kArgumentsMax> args{};

  friend bool operator==(const Event&, const Event&) = default;
};

}  // namespace cloudsync::simulation
