#include "gateway/event_rates.h"

#include "base/assert.h"

#include <algorithm>

namespace cloudsync::gateway {

namespace {

constexpr std::chrono::seconds kSecond{1};

/// The kind of all events.
constexpr std::size_t kAll = 0;

}  // namespace

bool EventRates::Buckets::full(TimePoint now) const {
  return std::all_of(of_kind.begin(), of_kind.end(), [now](const TokenBucket& bucket) {
    return bucket.full(now);
  });
}

// Behind two seconds a row of bad ones is broken.
bool EventRates::Caller::full(TimePoint now) const {
  const bool suspect = bad_seconds > 0 || refused > 0;
  return own.full(now) && (!suspect || now - second_began >= 2 * kSecond);
}

// A bucket gives tokens all the time, so that even who floods is never refused everything.
void EventRates::Caller::note(bool is_refused, TimePoint now) {
  if (now - second_began >= kSecond) {
    const bool in_a_row = now - second_began < 2 * kSecond;
    bad_seconds = in_a_row && refused > taken ? bad_seconds + 1 : 0;
    second_began = now;
    taken = 0;
    refused = 0;
  }
  ++(is_refused ? refused : taken);
}

EventRates::EventRates(EventRatesOptions options, Metrics& metrics)
    : user_reached_(metrics.limit("user_rate_factor")),
      flood_seconds_(static_cast<std::uint32_t>(
          std::chrono::ceil<std::chrono::seconds>(options.flood_time).count())),
      callers_(options.remembered),
      users_(options.remembered) {
  CS_ASSERT(!options.kinds.empty() && options.kinds.size() <= kEventKindsMax &&
                options.kinds.front().name.empty(),
            "the first kind is all events, and there are few");
  for (EventKind& kind : options.kinds) {
    const Rate of_user = Rate::per_second(kind.per_second, options.burst, options.user_factor);
    kinds_.push_back({.name = std::move(kind.name),
                      .own = Rate::per_second(kind.per_second, options.burst),
                      .of_user = of_user,
                      .reached = metrics.limit(kind.limit)});
  }
}

Duration EventRates::wait(const Buckets& own,
                          const Buckets& of_user,
                          std::size_t kind,
                          TimePoint now) {
  if (const Duration time = own.of_kind[kind].wait(now, kinds_[kind].own);
      time > Duration::zero()) {
    kinds_[kind].reached.add();
    return time;
  }
  const Duration time = of_user.of_kind[kind].wait(now, kinds_[kind].of_user);
  if (time > Duration::zero()) {
    user_reached_.add();
  }
  return time;
}

void EventRates::take_token(Buckets& own, Buckets& of_user, std::size_t kind, TimePoint now) {
  own.of_kind[kind].take(now, kinds_[kind].own);
  of_user.of_kind[kind].take(now, kinds_[kind].of_user);
}

std::size_t EventRates::kind_of(std::string_view event) const {
  const auto named = std::find_if(
      kinds_.begin() + 1, kinds_.end(), [event](const Kind& kind) { return kind.name == event; });
  return named == kinds_.end() ? kAll : static_cast<std::size_t>(named - kinds_.begin());
}

std::optional<EventRates::Refusal> EventRates::take(SessionId session,
                                                    const UserId& user,
                                                    std::string_view event,
                                                    TimePoint now) {
  Caller& caller = callers_.touch(session, now);
  Buckets& of_user = users_.touch(user, now);
  const std::size_t kind = kind_of(event);
  Duration time = wait(caller.own, of_user, kAll, now);
  if (time == Duration::zero() && kind != kAll) {
    time = wait(caller.own, of_user, kind, now);
  }
  caller.note(time > Duration::zero(), now);
  if (time > Duration::zero()) {
    return Refusal{.error = {.code = ErrorCode::kRateLimited,
                             .message = "too many events",
                             .retry_after_ms = retry_hint_ms(std::max<Duration>(time, kSecond))},
                   .floods = caller.bad_seconds >= flood_seconds_};
  }
  take_token(caller.own, of_user, kAll, now);
  if (kind != kAll) {
    take_token(caller.own, of_user, kind, now);
  }
  return std::nullopt;
}

}  // namespace cloudsync::gateway
