#include "gateway/refusals.h"

#include "base/log.h"

#include <chrono>
#include <utility>

namespace cloudsync::gateway {

namespace {

/// Lines of one kind: enough to see who does what, and some 20 KB/s of log at most if all kinds are
/// provoked at once.
const Rate kLines = Rate::per_second(10, std::chrono::seconds(1));

constexpr std::size_t kDetailMax = 200;

std::string labels(const RefusalRecord& refusal) {
  return "event=\"" + std::string(refusal.event) + "\",reason=\"" + std::string(refusal.reason) +
         '"';
}

}  // namespace

bool Refusals::take_line(Kind& kind) {
  const TimePoint now = loop_.now();
  if (kind.lines.wait(now, kLines) > Duration::zero()) {
    return false;
  }
  kind.lines.take(now, kLines);
  return true;
}

void Refusals::note(const RefusalRecord& refusal) {
  std::string key = std::string(refusal.event) + '/' + std::string(refusal.reason);
  auto known = kinds_.find(key);
  if (known == kinds_.end()) {
    Kind kind{.event = std::string(refusal.event),
              .reason = std::string(refusal.reason),
              .counter = &metrics_.counter("cloudsync_refusals_total",
                                           "What was refused to peers, by event of the log.",
                                           labels(refusal)),
              .lines = {}};
    known = kinds_.emplace(std::move(key), std::move(kind)).first;
  }
  Kind& kind = known->second;
  kind.counter->add();
  if (!take_line(kind)) {
    ++kind.unlogged;
  } else if (refusal.detail.empty()) {
    log_info(kind.event, {{"reason", kind.reason}, {"peer", refusal.peer}});
  } else {
    log_info(kind.event,
             {{"reason", kind.reason},
              {"peer", refusal.peer},
              {"detail", refusal.detail.substr(0, kDetailMax)}});
  }
}

void Refusals::report() {
  for (auto& [key, kind] : kinds_) {
    if (kind.unlogged > 0 && take_line(kind)) {
      log_info(kind.event,
               {{"reason", kind.reason}, {"unlogged", std::exchange(kind.unlogged, 0)}});
    }
  }
}

}  // namespace cloudsync::gateway
