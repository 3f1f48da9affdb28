// What a member writes: its keyboard, its submissions and their answers.

#include "loadtest/edits.h"
#include "loadtest/member.h"

namespace cloudsync::loadtest {

/// The edits in operations up to `last` are known to be durable.
void Member::measure_acks(ClientSeq last) {
  const TimePoint now = precise_now();
  const auto end = unacked_.upper_bound(last);
  for (auto acked = unacked_.begin(); acked != end; acked = unacked_.erase(acked)) {
    for (const TimePoint scheduled : acked->second) {
      context_.measurements.ack.record(scheduled, now);
    }
  }
}

void Member::edit(TimePoint scheduled) {
  content_.reset();
  if (keyboard_ == nullptr) {
    keyboard_ = std::make_unique<Keyboard>();
  }
  const bool is_typing = copy_ && copy_->can_resume() && context_.options.typing;
  if (!copy_ || !copy_->edit(is_typing ? type() : make_edit(copy_->document(), context_.random))) {
    ++context_.measurements.late_edits;
    return;
  }
  ++context_.measurements.edits;
  history_.advance(*copy_);
  unsent_.push_back(scheduled);
  submit();
}

/// The next key at the cursor, which jumps where a person would go on elsewhere.
ot::Operation Member::type() {
  constexpr std::size_t kKeysMin = 20;
  constexpr std::size_t kKeysMore = 60;
  if (keyboard_->keys_left == 0 || !copy_->selection()) {
    keyboard_->keys_left = kKeysMin + context_.random() % kKeysMore;
    keyboard_->jumped = true;
    copy_->select({.index = random_place(copy_->document(), context_.random)});
  }
  --keyboard_->keys_left;
  return make_insert(copy_->document(), copy_->selection()->index, context_.random);
}

/// True if a new operation is not due yet.
bool Member::waits_for_more() {
  if (keyboard_ == nullptr || copy_->in_flight() || copy_->saved()) {
    return false;
  }
  const TimePoint due = keyboard_->submitted_at + context_.options.submit_interval;
  if (due <= context_.loop.now()) {
    return false;
  }
  submit_at(due);
  return true;
}

void Member::tell_cursor() {
  constexpr std::chrono::milliseconds kInterval{50};  // as the SDK
  constexpr std::chrono::seconds kExpectedInterval{2};
  const Cursors cursors = context_.options.cursors;
  if (keyboard_ == nullptr || cursors == Cursors::kNone) {
    return;
  }
  const bool is_news = cursors == Cursors::kEdits || keyboard_->jumped;
  const TimePoint due =
      keyboard_->told_at + (is_news ? Duration(kInterval) : Duration(kExpectedInterval));
  if (due > context_.loop.now()) {
    submit_at(due);
    return;
  }
  if (const auto range = copy_->take_presence()) {
    keyboard_->told_at = context_.loop.now();
    keyboard_->jumped = false;
    const JsonObject selection{{"index", range->index}, {"length", range->length}};
    connection_.emit("presence",
                     to_json(JsonObject{{"documentId", document_.id().value()},
                                        {"revision", copy_->revision().value()},
                                        {"state", JsonObject{{"selection", selection}}}}),
                     std::nullopt);
  }
}

/// Tries again at that time, once.
void Member::submit_at(TimePoint time) {
  if (std::exchange(keyboard_->waits, true)) {
    return;
  }
  context_.loop.run_after(time - context_.loop.now(), [this] {
    keyboard_->waits = false;
    submit();
  });
}

void Member::submit() {
  if (state_ != State::kJoined || waits_for_more()) {
    return;
  }
  const bool resent = copy_->in_flight();
  const auto submission = copy_->take_submission();
  if (!submission) {
    if (copy_->saved()) {
      unsent_.clear();  // edits that undid each other are never sent
    }
    history_.advance(*copy_);
    tell_cursor();
    return;
  }
  if (keyboard_ != nullptr) {
    keyboard_->submitted_at = context_.loop.now();
  }
  if (resent) {
    ++context_.measurements.resends;
  } else {
    ++context_.measurements.submissions;
    document_.on_submitted(copy_->self(), submission->seq, unsent_);
    unacked_[submission->seq] = std::exchange(unsent_, {});
  }
  history_.sent(*submission, resent);
  request("submit-op",
          JsonObject{{"documentId", document_.id().value()},
                     {"revision", submission->revision.value()},
                     {"seq", submission->seq.value()},
                     {"op", ot::to_json(submission->op)}},
          {PendingAck::Kind::kSubmit, submission->seq});
}

}  // namespace cloudsync::loadtest
