#pragma once
// What runs on an Engine.IO session. The engine knows messages alone: what is in them is the
// handler's business (Socket.IO: multiplexer.h).

#include "base/clock.h"

#include <string_view>

namespace cloudsync::gateway {

class MessageHandler {
 public:
  virtual ~MessageHandler() = default;

  /// A message of the peer; `bytes` live during the call. It may close the session.
  virtual void on_message(bool binary, std::string_view bytes) = 0;

  /// The session is closed, for a reason of Socket.IO's list ("transport close", "ping timeout");
  /// nothing is sent any more. Comes once.
  virtual void on_closed(std::string_view reason) = 0;

  /// A look at deadlines: comes when one is due, and in the sweep behind any other call.
  virtual void on_tick(TimePoint now) = 0;
  /// The next deadline, kNever for none.
  virtual TimePoint next_tick() const = 0;
};

}  // namespace cloudsync::gateway
