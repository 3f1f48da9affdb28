#include "shrink.h"

#include <algorithm>
#include <utility>

namespace cloudsync::simulation {
namespace {

class Shrinking {
 public:
  Shrinking(Plan plan, const std::function<bool(const Plan&)>& fails)
      : plan_(std::move(plan)), fails_(fails) {}

  Plan run() {
    do {
      changed_ = false;
      drop_events();
      lower(&Plan::nodes, 1);
      lower(&Plan::clients, 1);
      for (std::int64_t Plan::*delay : {&Plan::delay_ms_max,
                                        &Plan::store_ms_max,
                                        &Plan::bus_ms_max,
                                        &Plan::journal_ms_max,
                                        &Plan::polling_ms}) {
        lower(delay, 0);
      }
    } while (changed_);
    return std::move(plan_);
  }

 private:
  bool keep_if_failing(Plan candidate) {
    if (!fails_(candidate)) {
      return false;
    }
    plan_ = std::move(candidate);
    changed_ = true;
    return true;
  }

  /// ddmin over complements: chunks are left out, large ones first.
  void drop_events() {
    std::size_t chunk = std::max<std::size_t>(plan_.events.size() / 2, 1);
    while (true) {
      bool dropped = false;
      for (std::size_t at = 0; at < plan_.events.size();) {
        Plan candidate = plan_;
        const auto begin = candidate.events.begin() + static_cast<std::ptrdiff_t>(at);
        const auto length = std::min(chunk, candidate.events.size() - at);
        candidate.events.erase(begin, begin + static_cast<std::ptrdiff_t>(length));
        if (keep_if_failing(std::move(candidate))) {
          dropped = true;
        } else {
          at += length;
        }
      }
      if (chunk == 1 && !dropped) {
        return;
      }
      chunk = std::max<std::size_t>(chunk / 2, 1);
    }
  }

  void lower(std::int64_t Plan::*number, std::int64_t least) {
    while (plan_.*number > least) {
      Plan candidate = plan_;
      candidate.*number = least;
      if (keep_if_failing(std::move(candidate))) {
        return;
      }
      candidate = plan_;
      candidate.*number = (plan_.*number + least) / 2;
      if (!keep_if_failing(std::move(candidate))) {
        return;
      }
    }
  }

  Plan plan_;
  const std::function<bool(const Plan&)>& fails_;
  bool changed_ = false;
};

}  // namespace

Plan shrink(Plan plan, const std::function<bool(const Plan&)>& fails) {
  return Shrinking(std::move(plan), fails).run();
}

}  // namespace cloudsync::simulation
