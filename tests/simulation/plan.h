#pragma once
// What one run does: a few numbers and a list of events. A plan is drawn from a seed, with some
// kinds of faults off in some plans, so that rare combinations of the others get their turn (swarm
// testing, Groce et al. 2012), or read from a file. What it leaves open, such as how long a message
// takes, follows from its seed (dice.h).

#include "base/limits.h"
#include "base/result.h"
#include "event.h"
#include "ot/type.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::simulation {

/// A bug planted in what surrounds the product here. Bugs of the product itself are patches of it.
enum class Bug : std::uint8_t {
  kNone,
  kBlindRetry,       ///< the store carries some appends out twice, on the head it finds
  kAckBeforeCommit,  ///< an append is reported committed before it is
  kRebasedResend,    ///< clients resend their operation with the revision that they have by then
  kSyncOff,          ///< the store's `synchronous=OFF`: power loss takes what was committed lately
  kSyncNormal,       ///< `synchronous=NORMAL`: what was committed since the last checkpoint
  kTornTail,         ///< power loss takes the last commit, though it was synced
  kForgetClients,    ///< the store loses what it knows of clients, so that a seq can be used twice
  kLossyUpgrade,     ///< what a node has for a client that moves to WebSocket is dropped
};

struct Plan {
  std::uint64_t seed = 0;
  Bug bug = Bug::kNone;
  ot::Type type = ot::Type::kText;
  std::int64_t nodes = 1;
  std::int64_t clients = 2;
  std::int64_t end_ms = 4'000;       ///< then the faults end, and all comes to rest
  std::int64_t delay_ms_max = 10;    ///< of the network, one way
  std::int64_t store_ms_max = 10;    ///< of a call of the store
  std::int64_t bus_ms_max = 10;      ///< of a publication
  std::int64_t journal_ms_max = 10;  ///< until a client's journal is written
  std::int64_t polling_ms = 0;  ///< connections poll this often until they move to WebSocket; 0:
                                ///< they begin with it
  Limits limits = [] {
    Limits drawn_from;
    drawn_from.head_check_interval = std::chrono::milliseconds(400);  // runs are seconds long
    drawn_from.batch_window = drawn_from.presence_window = {};        // of plans that don't say
    return drawn_from;
  }();
  std::vector<Event> events;

  static Plan draw(std::uint64_t seed, Bug bug = Bug::kNone);

  /// Errors: kBadRequest, the message names the line.
  static Result<Plan> parse(std::string_view text);
  /// One line for each number and each event. parse() gives the same plan again.
  std::string text() const;
};

}  // namespace cloudsync::simulation
