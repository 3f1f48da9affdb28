// DocumentAuthority: what other nodes committed. Their publications are a hint, the log is what
// counts: whatever the bus loses, delays, doubles or reorders, the log is followed in its order.

#include "document/authority.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cloudsync::document {
namespace {

std::size_t op_bytes(const std::vector<storage::Update>& updates) {
  std::size_t bytes = 0;
  for (const storage::Update& update : updates) {
    bytes += update.op.size();
  }
  return bytes;
}

}  // namespace

// Asks the store for the client's last submission. One look-up per client at a time: with two, a
// join could be answered by the first, its client submit and go, and the second bring back what the
// store had before.
void DocumentAuthority::look_up(const ClientId& client) {
  if (work_->lookups.try_emplace(client).second) {
    effects_.emplace_back(FindClientEffect{client});
  }
}

void DocumentAuthority::on_publication(std::vector<storage::Update> updates, Moment moment) {
  if (phase_ == Phase::kBroken || updates.empty() || updates.back().revision <= head()) {
    return;
  }
  if (!can_follow(updates)) {
    heard_ = std::max(heard_, updates.back().revision);  // for when that is over
    return;
  }
  const auto first =
      std::find_if(updates.begin(), updates.end(), [this](const storage::Update& update) {
        return update.revision == next(head());
      });
  if (first == updates.end() || first->prev_hash != history_.head_hash()) {
    recover();  // a gap, or something that does not belong here
    return;
  }
  updates.erase(updates.begin(), first);
  if (follow(std::move(updates))) {
    start_batch(moment);
  }
}

// What waits for the end of a window is moved over what is followed meanwhile: the history must
// hold all of that. Else a recovery does it, which moves what waits before it reads on.
bool DocumentAuthority::can_follow(const std::vector<storage::Update>& updates) const {
  if (phase_ != Phase::kIdle || !work_->lagging.empty()) {
    return false;
  }
  return work_->queue.empty() ||
         (updates.size() <= limits_.catch_up_ops && op_bytes(updates) <= limits_.catch_up_bytes);
}

// Takes over what others committed: `updates` reach behind the head. False if the log is damaged.
bool DocumentAuthority::follow(std::vector<storage::Update> updates) {
  std::vector<Committed> batch;
  Revision revision = head();
  storage::ChainHash hash = history_.head_hash();
  for (storage::Update& update : updates) {
    if (update.revision <= head()) {
      continue;
    }
    auto committed = apply_committed(std::move(update), revision, hash);
    if (!committed) {
      break_down(committed.error());
      return false;
    }
    revision = committed->update.revision;
    hash = committed->update.hash;
    batch.push_back(*std::move(committed));
  }
  publish(std::move(batch));
  return true;
}

// --- the head ---

void DocumentAuthority::refresh(Token token) {
  if (phase_ == Phase::kBroken) {
    effects_.emplace_back(
        RefreshAnswer{token, fail(ErrorCode::kInternal, "the document is out of order")});
  } else if (shared_) {
    wait_for_head({.token = token, .is_join = false});
  } else {
    effects_.emplace_back(RefreshAnswer{token, {}});
  }
}

void DocumentAuthority::check_head() {
  // An append finds out by itself, and a recovery reads to the end.
  if (shared_ && phase_ == Phase::kIdle && !work_->checking_head && has_members()) {
    read_head();
  }
}

void DocumentAuthority::wait_for_head(HeadWaiter waiter) {
  work_->late_head_waiters.push_back(waiter);
  if (!work_->checking_head) {
    read_head();
  }
}

// An update is at most some op_bytes long, as a transform can make it longer. With room for two of
// that size beyond what is looked for, an answer below catch_up_bytes was not cut short.
void DocumentAuthority::read_head() {
  work_->checking_head = true;
  std::move(work_->late_head_waiters.begin(),
            work_->late_head_waiters.end(),
            std::back_inserter(work_->head_waiters));
  work_->late_head_waiters.clear();
  storage::ReadBudget budget = catch_up_budget();
  budget.bytes += 2 * limits_.op_bytes;
  read(HeadRead{}, next(head()), Revision(kJsonIntegerMax), budget);
}

void DocumentAuthority::on_head_read(Result<std::vector<storage::Update>> updates, Moment moment) {
  if (!updates) {
    finish_head_check(fail(std::move(updates).error()), moment.now);
    return;
  }
  const bool is_whole =
      updates->size() < limits_.catch_up_ops && op_bytes(*updates) <= limits_.catch_up_bytes;
  if (!updates->empty() && updates->back().revision > head()) {
    if (!can_follow(*updates)) {
      // The append in flight will meet another head, a recovery reads on.
      work_->check_again = true;
      return;
    }
    const Revision before = head();
    if (!follow(*std::move(updates))) {
      return;
    }
    effects_.emplace_back(MissedEffect{head().value() - before.value()});
  }
  if (is_whole) {
    finish_head_check({}, moment.now);
  } else {
    read_head();
  }
}

void DocumentAuthority::finish_head_check(const Result<void>& checked, Timestamp now) {
  work_->checking_head = false;
  for (const HeadWaiter& waiter : std::exchange(work_->head_waiters, {})) {
    if (!waiter.is_join) {
      effects_.emplace_back(RefreshAnswer{.token = waiter.token, .reply = checked});
    } else if (!work_->joins.contains(waiter.token)) {
      continue;  // it left meanwhile
    } else if (checked) {
      try_join(waiter.token, now);
    } else {
      answer_join(waiter.token, fail(checked.error()));
    }
  }
  if (!work_->late_head_waiters.empty()) {
    read_head();
  }
}

}  // namespace cloudsync::document
