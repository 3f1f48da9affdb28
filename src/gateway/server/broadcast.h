#pragma once
// Whom an event goes to: everybody in a namespace, or the members of rooms, each once, without the
// members of other rooms. A value: `nsp.to("a").to("b").except("c").emit("news", {1})`.

#include "gateway/server/socket.h"

#include <functional>
#include <string>
#include <vector>

namespace cloudsync::gateway {

/// The clients' answers to one event, in no order, and whether some did not come in time.
struct BroadcastAnswers {
  std::vector<Arguments> answers;
  bool timed_out = false;
};

class Broadcast {
 public:
  explicit Broadcast(Namespace& nsp) : nsp_(&nsp) {}

  /// Adds a room: the event goes to the union of them.
  Broadcast to(std::string room) const;

  Broadcast in(std::string room) const { return to(std::move(room)); }

  /// Leaves out the members of a room; a socket is the only member of the room with its id.
  Broadcast except(std::string room) const;

  /// The event is dropped for clients that are not ready to take it.
  Broadcast if_ready() const;

  void emit(const std::string& event, const Arguments& arguments = {}) const;

  /// Calls `done` once: when all have answered, or after `timeout` with the answers until then.
  void emit_with_ack(const std::string& event,
                     const Arguments& arguments,
                     Duration timeout,
                     std::function<void(BroadcastAnswers)> done) const;

  /// O(members).
  std::vector<SocketPtr> fetch_sockets() const;
  void sockets_join(const std::string& room) const;
  void sockets_leave(const std::string& room) const;
  void disconnect_sockets(bool close = false) const;

 private:
  Namespace* nsp_;
  std::vector<std::string> rooms_;
  std::vector<std::string> except_;
  bool if_ready_ = false;
};

}  // namespace cloudsync::gateway
