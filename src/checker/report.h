#pragma once
// What a check found.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::checker {

/// What must hold of every history (docs/history.md).
enum class Invariant : std::uint8_t {
  kI1,   ///< convergence: at a revision all have the same content, at rest all have the head
  kI2,   ///< no acknowledged operation is lost
  kI3,   ///< at most once
  kI4,   ///< total order
  kI5,   ///< fencing: no revision is written twice
  kI6,   ///< the log replays
  kI8,   ///< snapshots are the replay
  kI9,   ///< what is acknowledged or shown is durable
  kI11,  ///< read your writes
  kI13,  ///< presence converges
  kI15,  ///< what was refused is not lost silently
  kI19,  ///< clients are monotonic, "saved" is true
};

inline constexpr std::array<std::string_view, 12> kInvariantNames{
    "I1", "I2", "I3", "I4", "I5", "I6", "I8", "I9", "I11", "I13", "I15", "I19"};

inline std::string_view invariant_name(Invariant invariant) {
  return kInvariantNames[static_cast<std::size_t>(invariant)];
}

/// Where an event came from: a file of those given, and its line; or the event's number.
struct Where {
  std::uint32_t source = 0;
  std::uint64_t line = 0;

  friend bool operator==(const Where&, const Where&) = default;
};

struct Violation {
  Invariant invariant = Invariant::kI1;
  std::string document;
  std::uint64_t revision = 0;
  Where where;
  std::string what;
};

struct Report {
  /// The first ones; those beyond kViolationsMax are counted only.
  std::vector<Violation> violations;
  std::uint64_t violation_count = 0;
  /// Facts that were compared, by invariant: 0 says that the history had nothing to check.
  std::array<std::uint64_t, kInvariantNames.size()> checked{};
  std::uint64_t events = 0;
  std::uint64_t documents = 0;
  std::uint64_t clients = 0;
  std::uint64_t nodes = 0;
  std::uint64_t revisions = 0;  ///< rows of all logs
  std::uint64_t acks = 0;
  /// What could not be checked and why, for instance a document without its log.
  std::vector<std::string> unchecked;

  std::uint64_t checks_of(Invariant invariant) const {
    return checked[static_cast<std::size_t>(invariant)];
  }
};

inline constexpr std::size_t kViolationsMax = 1'000;

}  // namespace cloudsync::checker
