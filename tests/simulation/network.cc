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
      opened_(environment.world.now()),
      upgraded_(opened_) {
  to_node_.from = to_client_.to = line.client;
  to_node_.to = to_client_.from = kNodes + node;
  if (environment.plan.polling_ms > 0) {
    upgraded_ += environment.dice(Deciding::kNetwork, line.client, number_).milliseconds(50, 1'000);
  }
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
  send(to_node_, message, true, ++line_.up);
}

void Connection::send_to_client(Message message) {
  send(to_client_, message, false, ++line_.down);
}

// In order behind what was sent before. A polling end fetches what there is now and then, until the
// upgrade, which flushes it.
Duration Connection::arrival(const Direction& direction, Dice& dice) const {
  const Duration now = environment_.world.now();
  const auto delay_max = static_cast<std::uint64_t>(environment_.plan.delay_ms_max);
  Duration at = environment_.faults.passes(direction.from, direction.to, now);
  at += dice.milliseconds(0, delay_max);
  if (at < upgraded_) {
    const Duration period = std::chrono::milliseconds(environment_.plan.polling_ms);
    const Duration polled = opened_ + ((at - opened_) / period + 1) * period;
    at = std::min(polled, upgraded_);
  }
  return std::max(direction.last, at);
}

void Connection::send(Direction& direction, const Message& message, bool up, std::uint64_t n) {
  if (!open_) {
    return;
  }
  const Faults& faults = environment_.faults;
  if (faults.find(up ? Act::kUpCut : Act::kDownCut, line_.client, n)) {
    cut(End::kNetwork);
    return;
  }
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
  if (faults.find(up ? Act::kUpTwice : Act::kDownTwice, line_.client, n)) {
    arrive_at(at + dice.milliseconds(0, 100), direction, message);
    if (up) {
      note_sent_again(message);
    }
  }
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
