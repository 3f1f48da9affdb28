#pragma once
// Connections between clients and the server: each direction keeps its order (it is a byte stream
// in reality), messages take a while, may arrive twice or, for `ops` only, be overtaken; a
// connection may break at any message, which loses what is on its way.

#include "plan.h"
#include "world.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace cloudsync::simulation {

/// An event, a request or a reply.
struct Message {
  std::string name;           ///< of the event; of the request for a reply
  std::uint64_t request = 0;  ///< tells which request a reply belongs to; 0 for events
  std::string json;           ///< one object
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Receive = std::function<void(const Message&)>;
  using Closed = std::function<void()>;

  Connection(World& world, const Plan& plan, std::uint64_t id)
      : world_(world), plan_(plan), id_(id) {}

  void attach_client(Receive receive, Closed closed);
  void attach_server(Receive receive, Closed closed);

  void send_to_server(Message message) { send(to_server_, std::move(message)); }

  void send_to_client(Message message) { send(to_client_, std::move(message)); }

  /// Breaks it: both ends hear of it after a while each.
  void cut();

  /// No more faults.
  void heal() { healed_ = true; }

  bool open() const { return open_; }

  std::uint64_t id() const { return id_; }

 private:
  struct Direction {
    Receive receive;
    Closed closed;
    Duration last{};  // when the last message arrives
  };

  void send(Direction& direction, Message message);
  void arrive_after(Duration delay, Direction& direction, const Message& message);

  World& world_;
  const Plan& plan_;
  std::uint64_t id_;
  bool open_ = true;
  bool healed_ = false;
  Direction to_server_;
  Direction to_client_;
};

}  // namespace cloudsync::simulation
