#include "network.h"

#include <algorithm>
#include <utility>

namespace cloudsync::simulation {
namespace {

/// An end that hears nothing more takes the connection for dead after this time.
constexpr Duration kPingTimeout = std::chrono::seconds(2);

}  // namespace

Connection::Connection(Environment& environment, Line& line, std::int64_t node, std::uint64_t id)
    : environment_(environment),
      line_(line),
      id_(id),
      number_(++line.connections),
      opened_(environment.world.now()) {
  to_node_.up = true;
  to_client_.from = to_node_.to = kNodes + node;
  to_node_.from = to_client_.to = line.client;
  to_node_.polling = to_client_.polling = environment.plan.polling_ms > 0;
}

void Connection::attach_client(Receive receive, Closed closed) {
  to_client_.receive = std::move(receive);
  to_client_.closed = std::move(closed);
}

void Connection::attach_node(Receive receive, Closed closed) {
  to_node_.receive = std::move(receive);
  to_node_.closed = std::move(closed);
}

void Connection::send_to_node(Message message) {
  send(to_node_, message, ++line_.up);
}

void Connection::send_to_client(Message message) {
  send(to_client_, message, ++line_.down);
}

void Connection::send(Direction& direction, const Message& message, std::uint64_t n) {
  if (!open_) {
    return;
  }
  if (environment_.faults.find(direction.up ? Act::kUpCut : Act::kDownCut, line_.client, n)) {
    cut(End::kNetwork);
  } else if (direction.keeping) {
    direction.kept.push_back({.message = message, .n = n});
  } else {
    dispatch(direction, message, n);
  }
}

void Connection::dispatch(Direction& direction, const Message& message, std::uint64_t n) {
  const bool up = direction.up;
  const Faults& faults = environment_.faults;
  Dice dice = environment_.dice(Deciding::kNetwork, line_.client, up ? 1 : 2, n);
  Duration at = arrival(direction, dice);
  if (const auto late = faults.find(up ? Act::kUpLate : Act::kDownLate, line_.client, n)) {
    at += *late;
  }
  const bool is_frame = !up && message.name == "ops";
  const auto overtaken =
      is_frame ? faults.find(Act::kOvertaken, line_.client, ++line_.frames) : std::nullopt;
  if (overtaken) {
    at += *overtaken;
  } else {
    direction.last = at;
  }
  arrive_at(at, direction, message);
  // Of members one hears in TCP's order: who left does not come again.
  const bool is_of_members = message.name == "user-joined" || message.name == "user-left";
  if (!is_of_members && faults.find(up ? Act::kUpTwice : Act::kDownTwice, line_.client, n)) {
    arrive_at(at + dice.milliseconds(0, 100), direction, message);
    if (up) {
      note_sent_again(message);
    }
  }
}

// In order behind what was sent before.
Duration Connection::arrival(Direction& direction, Dice& dice) {
  const Duration at = !direction.polling ? crossing(direction, dice)
                      : direction.up     ? posted(dice)
                                         : fetched(crossing(direction, dice));
  return std::max(direction.last, at);
}

// When what is sent now is there.
Duration Connection::crossing(const Direction& direction, Dice& dice) const {
  return environment_.faults.passes(direction.from, direction.to, environment_.world.now()) +
         dice.milliseconds(0, static_cast<std::uint64_t>(environment_.plan.delay_ms_max));
}

// One request at a time: what is sent while one is under way goes with the next.
Duration Connection::posted(Dice& dice) {
  const Duration now = environment_.world.now();
  if (post_leaves_ < now || post_arrives_ == Duration(0)) {
    const auto delay_max = static_cast<std::uint64_t>(environment_.plan.delay_ms_max);
    post_leaves_ = std::max(now, post_answered_);
    post_arrives_ = environment_.faults.passes(to_node_.from, to_node_.to, post_leaves_) +
                    dice.milliseconds(0, delay_max);
    post_answered_ = environment_.faults.passes(to_node_.to, to_node_.from, post_arrives_) +
                     dice.milliseconds(0, delay_max);
  }
  return post_arrives_;
}

// By the next of the polls.
Duration Connection::fetched(Duration at) const {
  const Duration period = std::chrono::milliseconds(environment_.plan.polling_ms);
  return opened_ + ((at - opened_) / period + 1) * period;
}

// --- from polling to WebSocket ---

void Connection::begin() {
  if (!to_node_.polling) {
    return;
  }
  Dice dice = environment_.dice(Deciding::kUpgrade, line_.client, number_, 0);
  environment_.world.after(dice.milliseconds(50, 1'000), [self = shared_from_this()] {
    if (self->open_) {
      self->probe();
    }
  });
}

// Takes `then` to the other end over the WebSocket, if the connection is still open by then.
template <class Then>
void Connection::cross(const Direction& direction, Dice& dice, Then then) {
  environment_.world.after(crossing(direction, dice) - environment_.world.now(),
                           [self = shared_from_this(), then] {
                             if (self->open_) {
                               then(*self);
                             }
                           });
}

void Connection::probe() {
  if (environment_.faults.find(Act::kProbeLost, line_.client, number_)) {
    return;
  }
  Dice dice = environment_.dice(Deciding::kUpgrade, line_.client, number_, 1);
  cross(to_node_, dice, [](Connection& self) { self.on_probe(); });
}

// The node's answer ends the poll that waits, too; another finds nothing.
void Connection::on_probe() {
  to_client_.keeping = true;
  if (breaks_at(0)) {
    return;
  }
  Dice dice = environment_.dice(Deciding::kUpgrade, line_.client, number_, 2);
  cross(to_client_, dice, [](Connection& self) { self.on_probe_answered(); });
}

// The client waits for its last poll and its last request.
void Connection::on_probe_answered() {
  to_node_.keeping = true;
  if (breaks_at(1)) {
    return;
  }
  const Duration now = environment_.world.now();
  Duration at = std::max({now, to_client_.last, to_node_.last, post_answered_});
  if (const auto late = environment_.faults.find(Act::kUpgradeLate, line_.client, number_)) {
    at += *late;
  }
  environment_.world.after(at - now, [self = shared_from_this()] {
    if (self->open_) {
      self->say_moved();
    }
  });
}

// What the client kept goes right behind it.
void Connection::say_moved() {
  Dice dice = environment_.dice(Deciding::kUpgrade, line_.client, number_, 3);
  const Duration at = crossing(to_node_, dice);
  to_node_.last = std::max(to_node_.last, at);
  move(to_node_);
  if (breaks_at(2)) {
    return;
  }
  environment_.world.after(at - environment_.world.now(), [self = shared_from_this()] {
    if (!self->open_) {
      return;
    }
    if (self->environment_.plan.bug == Bug::kLossyUpgrade) {
      self->to_client_.kept.clear();
    }
    self->move(self->to_client_);
    ++self->environment_.upgrades;
  });
}

void Connection::move(Direction& direction) {
  direction.polling = direction.keeping = false;
  for (const Kept& kept : std::exchange(direction.kept, {})) {
    dispatch(direction, kept.message, kept.n);
  }
}

// Which of the steps it is follows from the seed.
bool Connection::breaks_at(std::uint64_t step) {
  Dice dice = environment_.dice(Deciding::kUpgrade, line_.client, number_, 4);
  if (!environment_.faults.find(Act::kUpgradeCut, line_.client, number_) ||
      dice.number(0, 2) != step) {
    return false;
  }
  cut(End::kNetwork);
  return true;
}

// To the checker, a submission that arrives twice was sent twice.
void Connection::note_sent_again(const Message& message) {
  if (message.name != "submit-op") {
    return;
  }
  const JsonValue json = parse_json(*message.json).value();
  checker::Event event = event_of(checker::Kind::kSent);
  event.seq = *find_unsigned(json.as_object(), "seq");
  environment_.history.client(ClientId("c" + std::to_string(line_.client)), std::move(event));
}

void Connection::arrive_at(Duration at, Direction& direction, const Message& message) {
  environment_.world.after(at - environment_.world.now(),
                           [self = shared_from_this(), end = &direction, message, at] {
                             if (end->receive && at <= end->cutoff) {
                               end->receive(message);
                             }
                           });
}

void Connection::cut(End by) {
  if (!std::exchange(open_, false)) {
    return;
  }
  Dice dice = environment_.dice(Deciding::kCut, line_.client, number_);
  end(to_node_, by == End::kNode, dice);
  end(to_client_, by == End::kClient, dice);
}

// The receiving end of a direction hears of the end, behind what still arrives.
void Connection::end(Direction& direction, bool at_once, Dice& dice) {
  const Duration now = environment_.world.now();
  if (at_once) {
    direction.receive = nullptr;
    direction.closed = nullptr;
    return;
  }
  Duration at = environment_.faults.passes(direction.from, direction.to, now);
  at = std::min(at, now + kPingTimeout) + dice.milliseconds(0, 100);
  if (dice.chance(0.5)) {
    direction.cutoff = now + dice.milliseconds(0, 50);
  } else {
    at = std::max(at, std::min(direction.last, now + kPingTimeout));
  }
  environment_.world.after(at - now, [self = shared_from_this(), end = &direction] {
    end->receive = nullptr;  // it holds who holds this
    if (const Closed closed = std::exchange(end->closed, nullptr)) {
      closed();
    }
  });
}

}  // namespace cloudsync::simulation
