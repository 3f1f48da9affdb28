// Plans drawn from a seed.

#include "dice.h"
#include "faults.h"
#include "plan.h"

#include <algorithm>

namespace cloudsync::simulation {
namespace {

class Drawing {
 public:
  Drawing(std::uint64_t seed, Bug bug) : dice_(seed, Deciding::kPlan) {
    plan_.seed = seed;
    plan_.bug = bug;
  }

  Plan draw() {
    draw_size();
    draw_limits();
    draw_people();
    draw_network();
    draw_nodes();
    draw_store();
    draw_bus();
    draw_upgrades();
    return std::move(plan_);
  }

 private:
  std::int64_t number(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(dice_.number(0, static_cast<std::uint64_t>(high - low)));
  }

  bool one_in(std::int64_t n) { return number(1, n) == 1; }

  /// Up to `most`; in half of the plans none.
  std::int64_t some(std::int64_t most) { return one_in(2) ? 0 : number(1, most); }

  std::int64_t client() { return number(0, plan_.clients - 1); }

  std::int64_t node() { return number(0, plan_.nodes - 1); }

  std::int64_t time() { return number(0, plan_.end_ms * 1'000); }

  /// How long something lasts, ms: mostly short, sometimes very long.
  std::int64_t duration() { return one_in(4) ? number(500, 3'000) : number(1, 400); }

  std::int64_t place() {
    const std::int64_t one = number(0, plan_.clients + plan_.nodes);
    return one < plan_.clients                 ? one
           : one < plan_.clients + plan_.nodes ? kNodes + one - plan_.clients
                                               : kStorePlace;
  }

  void add(Act act, std::int64_t a, std::int64_t b = 0, std::int64_t c = 0, std::int64_t d = 0) {
    plan_.events.push_back({.act = act, .args = {a, b, c, d}});
  }

  void draw_size() {
    plan_.type = static_cast<ot::Type>(number(0, 2));
    plan_.nodes = number(0, 9) < 3 ? 1 : number(2, 3);
    plan_.clients = number(2, 8);
    const std::int64_t size = number(0, 3);
    edits_ = size == 3 ? number(400, 900) : size == 2 ? number(100, 300) : number(20, 100);
    plan_.end_ms = number(2'000, 4'000) + edits_ * number(10, 60);
    plan_.delay_ms_max = one_in(4) ? number(60, 300) : number(1, 60);
    plan_.store_ms_max = one_in(4) ? 150 : number(0, 40);
    plan_.bus_ms_max = one_in(4) ? 200 : number(0, 30);
    plan_.journal_ms_max = one_in(3) ? number(50, 400) : number(0, 30);
    plan_.polling_ms = plan_.bug == Bug::kLossyUpgrade || one_in(3) ? number(20, 200) : 0;
  }

  void draw_limits() {
    plan_.limits.snapshot_ops = static_cast<std::uint64_t>(number(3, 60));
    plan_.limits.catch_up_ops = static_cast<std::size_t>(number(2, 40));
    plan_.limits.catch_up_bytes = static_cast<std::size_t>(number(50, 4'000));
    plan_.limits.idle_documents = static_cast<std::size_t>(number(0, 1));
    plan_.limits.rebase_ops = static_cast<std::uint64_t>(one_in(5) ? number(5, 60) : 100'000);
    if (one_in(12)) {
      plan_.limits.document_bytes = static_cast<std::size_t>(number(100, 2'000));
    }
    if (one_in(8)) {
      plan_.limits.members_listed = static_cast<std::size_t>(number(1, 4));
    }
    if (one_in(10)) {
      plan_.limits.rebase_components = static_cast<std::uint64_t>(number(10, 200));
    }
    plan_.limits.commit_batch_ops = static_cast<std::size_t>(one_in(3) ? number(1, 4) : 4'096);
    plan_.limits.document_queue_ops = static_cast<std::size_t>(one_in(8) ? number(1, 4) : 4'096);
    // A fiftieth of that for each member.
    plan_.limits.batch_window = std::chrono::milliseconds(one_in(2) ? number(1, 2'500) : 0);
    plan_.limits.presence_window = std::chrono::milliseconds(one_in(2) ? number(1, 2'500) : 0);
  }

  void draw_people() {
    for (std::int64_t i = 0; i < plan_.clients; ++i) {
      add(Act::kStart, one_in(4) ? time() : number(0, 100'000), i);
    }
    // Some are busier than others, and some plans have bursts.
    const std::int64_t busy = client();
    const bool bursts = one_in(3);
    std::int64_t burst = time();
    for (std::int64_t key = 1; key <= edits_; ++key) {
      burst = bursts && key % 20 == 0 ? time() : burst;
      const std::int64_t t =
          bursts ? std::min(burst + number(0, 200'000), plan_.end_ms * 1'000 - 1) : time();
      const std::int64_t who = one_in(3) ? busy : client();
      add(Act::kEdit, t, who, key);
      if (one_in(6)) {
        add(Act::kSelect, t + 1, who, key);
      }
    }
    if (one_in(10)) {
      const bool at_once = one_in(2);
      const std::int64_t when = time();
      for (std::int64_t i = number(2, 12); i > 0; --i) {
        add(Act::kPaste, at_once ? when + number(0, 50'000) : time(), client(), i);
      }
    }
    for (std::int64_t i = some(4); i > 0; --i) {
      add(Act::kReload, time(), client(), duration());
    }
    for (std::int64_t i = some(5); i > 0; --i) {
      add(Act::kImpostor, time(), client(), i);
    }
    for (std::int64_t i = some(3); i > 0; --i) {
      add(Act::kVandal, time(), client(), i);
    }
    for (std::int64_t i = number(1, 6); i > 0; --i) {
      add(Act::kRead, time(), node());
      if (one_in(2)) {
        add(Act::kReadOld, time(), node(), i);
      }
    }
    for (std::int64_t i = some(4); i > 0; --i) {
      add(Act::kMove, time(), client(), node());
    }
  }

  void draw_network() {
    const std::int64_t messages = 2 * edits_ / plan_.clients + 10;
    for (std::int64_t i = some(6); i > 0; --i) {
      add(Act::kCut, time(), client());
    }
    for (const Act act : {Act::kUpCut, Act::kUpTwice, Act::kUpLate}) {
      for (std::int64_t i = some(2 * plan_.clients); i > 0; --i) {
        add(act, client(), number(1, messages), act == Act::kUpLate ? duration() : 0);
      }
    }
    const std::int64_t frames = edits_ + messages;
    for (const Act act : {Act::kDownCut, Act::kDownTwice, Act::kDownLate, Act::kOvertaken}) {
      for (std::int64_t i = some(3 * plan_.clients); i > 0; --i) {
        add(act, client(), number(1, frames), act >= Act::kDownLate ? duration() : 0);
      }
    }
    for (std::int64_t i = some(6); i > 0; --i) {
      const std::int64_t from = place();
      const std::int64_t to = place();
      const std::int64_t at = time();
      const std::int64_t ms = duration();
      add(Act::kBlock, at, from, to, ms);
      if (one_in(2)) {
        add(Act::kBlock, at, to, from, ms);
      }
    }
    if (one_in(4)) {
      clog();
    }
  }

  // Swizzle-clogging (FoundationDB): some places are cut off one after the other and come back in
  // another order.
  void clog() {
    std::int64_t at = time();
    for (std::int64_t i = number(2, plan_.clients + plan_.nodes); i > 0; --i) {
      const std::int64_t where = place();
      const std::int64_t ms = number(300, 2'000);
      add(Act::kBlock, at, where, kEveryPlace, ms);
      add(Act::kBlock, at, kEveryPlace, where, ms);
      at += number(0, 200'000);
    }
  }

  void draw_nodes() {
    for (std::int64_t i = some(3); i > 0; --i) {
      add(Act::kCrash, time(), node(), duration());
    }
    if (one_in(4)) {
      add(Act::kStop, time(), node(), duration());
    }
    for (std::int64_t i = some(3); i > 0; --i) {
      add(Act::kPause, time(), node(), duration());
    }
    for (std::int64_t i = some(2); i > 0; --i) {
      add(Act::kJump, time(), node(), number(-3'600'000, 3'600'000));
    }
    const bool certain =
        plan_.bug == Bug::kSyncOff || plan_.bug == Bug::kSyncNormal || plan_.bug == Bug::kTornTail;
    if (certain || one_in(3)) {
      add(Act::kPower, time(), number(1, 500));
    }
  }

  void draw_store() {
    const std::int64_t appends = edits_ / plan_.nodes / 2 + 3;
    for (const Act act : {Act::kAppendRefused, Act::kAppendLost, Act::kAppendUnknown}) {
      for (std::int64_t i = some(appends / 10 + 2); i > 0; --i) {
        add(act, node(), number(1, appends));
      }
    }
    for (const Act act : {Act::kCrashBeforeAppend,
                          Act::kCrashInAppend,
                          Act::kCrashAfterAppend,
                          Act::kCrashAtPublish}) {
      if (one_in(3)) {
        add(act, node(), number(1, appends), duration());
      }
    }
    for (std::int64_t i = some(appends / 10 + 4); i > 0; --i) {
      add(Act::kReadFails, node(), number(1, appends / 2 + 5));
    }
    if (one_in(5)) {
      add(Act::kDiskFull, time(), duration());
    }
    if (one_in(4)) {
      add(Act::kDiskSlow, time(), duration(), number(100, 1'000));
    }
  }

  void draw_bus() {
    if (plan_.nodes == 1) {
      return;
    }
    // A node that hears of nothing until the end has the log alone to go by.
    if (one_in(2)) {
      add(Act::kBlock, time(), kNodes + node(), kNodes + node(), plan_.end_ms);
    }
    const std::int64_t publications = edits_ / plan_.nodes + 3;
    for (const Act act : {Act::kBusLost, Act::kBusTwice, Act::kBusLate}) {
      for (std::int64_t i = some(publications / 3 + 2); i > 0; --i) {
        add(act,
            node(),
            node(),
            number(1, publications),
            act == Act::kBusLost ? 0 : number(1, 500));
      }
    }
  }

  void draw_upgrades() {
    if (plan_.polling_ms == 0) {
      return;
    }
    for (const Act act : {Act::kProbeLost, Act::kUpgradeCut, Act::kUpgradeLate}) {
      for (std::int64_t i = some(2 * plan_.clients); i > 0; --i) {
        add(act, client(), number(1, 6), act == Act::kUpgradeLate ? duration() : 0);
      }
    }
  }

  Dice dice_;
  Plan plan_;
  std::int64_t edits_ = 0;
};

}  // namespace

Plan Plan::draw(std::uint64_t seed, Bug bug) {
  return Drawing(seed, bug).draw();
}

}  // namespace cloudsync::simulation
