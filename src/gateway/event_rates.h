#pragma once
// How many events a connection, and a user with all connections of one loop, may send: of each
// kind, and together. Pure; time is passed in. The kinds are the application's, and so is the
// answer to what is refused.

#include "base/error.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "gateway/rate_table.h"
#include "gateway/token_bucket.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
  /// Users without a connection that are remembered.
  std::size_t users_remembered;
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

  using Users = RateTable<UserId, Buckets>;

 public:
  /// One connection; ends before the rates do.
  class Caller {
   public:
    Caller(Caller&& other) noexcept;
    Caller& operator=(Caller&&) = delete;
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;
    ~Caller();

   private:
    friend class EventRates;

    Caller(Users& users, Users::Entry& user) : users_(&users), user_(&user) {}

    Users* users_;  // null when it was moved from
    Users::Entry* user_;
    Buckets own_;
    TimePoint second_began_{};
    std::uint32_t taken_ = 0;    // in this second
    std::uint32_t refused_ = 0;  // in this second
    std::uint32_t bad_seconds_ = 0;
  };

  EventRates(EventRatesOptions options, Metrics& metrics);

  Caller caller(const UserId& user, TimePoint now);

  /// Takes an event, or refuses it with kRateLimited and the time after which to send it again: a
  /// second at least, so that who heeds it is not refused again at once. O(kinds).
  std::optional<Error> take(Caller& caller, std::string_view event, TimePoint now);

  /// Whether the caller goes on and on without heeding the refusals: end its connection.
  bool floods(const Caller& caller) const;

 private:
  struct Kind {
    std::string name;
    Rate own;
    Rate of_user;
    Counter& reached;
  };

  /// The time to wait for the caller's bucket of `kind`, or else for its user's; counted.
  Duration wait(const Caller& caller, std::size_t kind, TimePoint now);
  void take_token(Caller& caller, std::size_t kind, TimePoint now);
  static void note(Caller& caller, bool refused, TimePoint now);

  std::vector<Kind> kinds_;
  Counter& user_reached_;
  const std::uint32_t flood_seconds_;
  Users users_;
};

}  // namespace cloudsync::gateway
