#include "network.h"

#include <algorithm>
#include <utility>

namespace cloudsync::simulation {

void Connection::attach_client(Receive receive, Closed closed) {
  to_client_.receive = std::move(receive);
  to_client_.closed = std::move(closed);
}

void Connection::attach_server(Receive receive, Closed closed) {
  to_server_.receive = std::move(receive);
  to_server_.closed = std::move(closed);
}

void Connection::send(Direction& direction, Message message) {
  if (!open_) {
    return;
  }
  if (!healed_ && world_.chance(plan_.cut)) {
    cut();
    return;
  }
  const Duration sent = world_.now() + world_.milliseconds(0, plan_.delay_ms_max);
  Duration arrival = std::max(direction.last, sent);
  if (!healed_ && message.name == "ops" && world_.chance(plan_.overtake)) {
    arrival += world_.milliseconds(0, 2 * plan_.delay_ms_max);  // later ones arrive before it
  } else {
    direction.last = arrival;
  }
  arrive_after(arrival - world_.now(), direction, message);
  if (!healed_ && world_.chance(plan_.duplicate)) {
    arrive_after(
        arrival - world_.now() + world_.milliseconds(0, plan_.delay_ms_max), direction, message);
  }
}

void Connection::arrive_after(Duration delay, Direction& direction, const Message& message) {
  world_.after(delay, [self = shared_from_this(), end = &direction, message] {
    if (self->open_ && end->receive) {
      end->receive(message);
    }
  });
}

void Connection::cut() {
  if (!std::exchange(open_, false)) {
    return;
  }
  for (Direction* end : {&to_server_, &to_client_}) {
    world_.after(world_.milliseconds(0, 100), [self = shared_from_this(), end] {
      if (end->closed) {
        end->closed();
      }
      *end = {};  // it holds who holds this
    });
  }
}

}  // namespace cloudsync::simulation
