#pragma once
// How many events a session, and a user with all sessions of one loop, may send: of each
// kind, and together. Pure; time is passed in. The kinds are the application's, and so is the
// answer to what is refused. Most sessions are idle, so they have nothing here: what is remembered
// of a session or user is forgotten when it is as good as new. A session counts, not its
// connection to a namespace: that is made anew by two packets.

#include "base/error.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "gateway/ids.h"
#include "gateway/rate_table.h"
#include "gateway/token_bucket.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::gateway {

/// Events of one name, or with an empty name all.
struct EventKind {
  std::string name;
  std::size_t per_second;  ///< 0: any number
  std::string limit;       ///< its name in cloudsync_limit_reached_total
};

struct EventRatesOptions {
  /// The first has no name; kEventKindsMax at most.
  std::vector<EventKind> kinds;
  Duration burst;
  /// What a user may, as times what a connection may; 0: any number. Counts as "user_rate_factor".
  std::size_t user_factor;
  /// As many sessions and as many users are remembered; the longest idle are forgotten first.
  std::size_t remembered;
  /// A caller with more events refused than taken in each second of this time floods.
  Duration flood_time;
};

inline constexpr std::size_t kEventKindsMax = 5;

/// Loop thread only.
class EventRates {
  struct Buckets {
    std::array<TokenBucket, kEventKindsMax> of_kind;

    bool full(TimePoint now) const;
  };

  struct Caller {
    Buckets own;
    TimePoint second_began{};
    std::uint32_t taken = 0;    // in this second
    std::uint32_t refused = 0;  // in this second
    std::uint32_t bad_seconds = 0;

    bool full(TimePoint now) const;
    void note(bool is_refused, TimePoint now);
  };

 public:
  EventRates(EventRatesOptions options, Metrics& metrics);

  struct Refusal {
    /// kRateLimited, and the time after which to send the event again: a second at least, so that
    /// who heeds it is not refused again at once.
    Error error;
    /// The caller goes on and on without heeding refusals: end its session.
    bool floods = false;
  };

  /// Takes an event of a session of `user`, or refuses it. O(kinds + log(remembered)).
  std::optional<Refusal> take(SessionId session,
                              const UserId& user,
                              std::string_view event,
                              TimePoint now);

 private:
  struct Kind {
    std::string name;
    Rate own;
    Rate of_user;
    Counter& reached;
  };

  /// The time to wait for the session's own bucket of `kind`, or else for its user's; counted.
  Duration wait(const Buckets& own, const Buckets& of_user, std::size_t kind, TimePoint now);
  void take_token(Buckets& own, Buckets& of_user, std::size_t kind, TimePoint now);
  std::size_t kind_of(std::string_view event) const;

  std::vector<Kind> kinds_;
  Counter& user_reached_;
  const std::uint32_t flood_seconds_;
  RateTable<SessionId, Caller> callers_;
  RateTable<UserId, Buckets> users_;
};

}  // namespace cloudsync::gateway
