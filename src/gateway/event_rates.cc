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

EventRates::Caller::Caller(Caller&& other) noexcept
    : users_(std::exchange(other.users_, nullptr)),
      user_(other.user_),
      own_(other.own_),
      second_began_(other.second_began_),
      taken_(other.taken_),
      refused_(other.refused_),
      bad_seconds_(other.bad_seconds_) {}

EventRates::Caller::~Caller() {
  if (users_ != nullptr) {
    users_->release(*user_);
  }
}

EventRates::EventRates(EventRatesOptions options, Metrics& metrics)
    : user_reached_(metrics.limit("user_rate_factor")),
      flood_seconds_(static_cast<std::uint32_t>(
          std::chrono::ceil<std::chrono::seconds>(options.flood_time).count())),
      users_(options.users_remembered) {
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

EventRates::Caller EventRates::caller(const UserId& user, TimePoint now) {
  return {users_, users_.hold(user, now)};
}

Duration EventRates::wait(const Caller& caller, std::size_t kind, TimePoint now) {
  if (const Duration own = caller.own_.of_kind[kind].wait(now, kinds_[kind].own);
      own > Duration::zero()) {
    kinds_[kind].reached.add();
    return own;
  }
  const Duration of_user = caller.user_->value.of_kind[kind].wait(now, kinds_[kind].of_user);
  if (of_user > Duration::zero()) {
    user_reached_.add();
  }
  return of_user;
}

std::optional<Error> EventRates::take(Caller& caller, std::string_view event, TimePoint now) {
  const auto named = std::find_if(
      kinds_.begin() + 1, kinds_.end(), [event](const Kind& kind) { return kind.name == event; });
  const auto kind = named == kinds_.end() ? kAll : static_cast<std::size_t>(named - kinds_.begin());
  Duration time = wait(caller, kAll, now);
  if (time == Duration::zero() && kind != kAll) {
    time = wait(caller, kind, now);
  }
  note(caller, time > Duration::zero(), now);
  if (time > Duration::zero()) {
    return Error{.code = ErrorCode::kRateLimited,
                 .message = "too many events",
                 .retry_after_ms = retry_hint_ms(std::max<Duration>(time, kSecond))};
  }
  take_token(caller, kAll, now);
  if (kind != kAll) {
    take_token(caller, kind, now);
  }
  return std::nullopt;
}

void EventRates::take_token(Caller& caller, std::size_t kind, TimePoint now) {
  caller.own_.of_kind[kind].take(now, kinds_[kind].own);
  caller.user_->value.of_kind[kind].take(now, kinds_[kind].of_user);
}

// A bucket gives tokens all the time, so that even who floods is never refused everything.
void EventRates::note(Caller& caller, bool refused, TimePoint now) {
  if (now - caller.second_began_ >= kSecond) {
    const bool in_a_row = now - caller.second_began_ < 2 * kSecond;
    const bool bad = caller.refused_ > caller.taken_;
    caller.bad_seconds_ = in_a_row && bad ? caller.bad_seconds_ + 1 : 0;
    caller.second_began_ = now;
    caller.taken_ = 0;
    caller.refused_ = 0;
  }
  ++(refused ? caller.refused_ : caller.taken_);
}

bool EventRates::floods(const Caller& caller) const {
  return caller.bad_seconds_ >= flood_seconds_;
}

}  // namespace cloudsync::gateway
