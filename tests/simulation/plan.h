#pragma once
// What one run does, drawn from its seed: some faults are off in some runs, so that rare
// combinations of the others get their turn (swarm testing, Groce et al. 2012).

#include "base/limits.h"
#include "ot/type.h"

#include <cstdint>

namespace cloudsync::simulation {

/// A bug planted on purpose, to show that the checker can fail.
enum class Bug : std::uint8_t {
  kNone,
  kBlindRetry,       ///< the store carries some appends out twice, on the head it finds
  kAckBeforeCommit,  ///< an append is reported committed before it is
  kRebasedResend,    ///< clients resend their operation with the revision that they have by then
  /// The store loses what it knows of clients. No harm may come of it: a resend names its base, so
  /// that the walk over the log meets the first one.
  kForgetClients,
};

struct Plan {
  std::uint64_t seed = 0;
  Bug bug = Bug::kNone;
  ot::Type type = ot::Type::kText;
  std::uint64_t clients = 3;
  std::uint64_t edits_per_client = 0;
  std::uint64_t delay_ms_max = 0;  ///< of the network, one way
  double cut = 0;                  ///< per message: the connection breaks
  double duplicate = 0;            ///< per message: it arrives twice
  double overtake = 0;             ///< per ops frame: later ones arrive first
  double append_unknown = 0;
  double append_refused = 0;
  double read_failure = 0;
  std::uint64_t store_delay_ms_max = 0;
  std::uint64_t crashes = 0;
  Limits limits;

  static Plan draw(std::uint64_t seed, Bug bug = Bug::kNone);
};

}  // namespace cloudsync::simulation
