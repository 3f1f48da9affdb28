#pragma once
// Connections between clients and nodes. Each direction keeps its order (it is a byte stream in
// reality); messages take a while and may arrive twice or, `ops` only, be overtaken, which is more
// than TCP does. What is sent into a partition waits for its end, as TCP sends again. A connection
// that breaks loses what is on its way, or not: then it arrives when its sender has long gone on
// elsewhere; and its ends hear of it at different times, so that it is half-open meanwhile.
//
// A plan's connections may begin with polling and move to WebSocket, as Engine.IO does: what goes
// up is posted, one request at a time, and what goes down is fetched now and then. The client
// probes over the WebSocket; from the probe on the node keeps what it has for the client, from its
// answer on the client keeps what it has for the node; when the last request is answered, the
// client says that it has moved, and what was kept follows over the WebSocket. A lost probe leaves
// it polling.

#include "base/bytes.h"
#include "environment.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cloudsync::simulation {

/// An event, a request or a reply.
struct Message {
  std::string name;           ///< of the event; of the request for a reply
  std::uint64_t request = 0;  ///< tells which request a reply belongs to; 0 for events
  SharedBytes json;           ///< one object
};

/// A client's line: what its connections have in common.
struct Line {
  std::int64_t client = 0;
  std::uint64_t connections = 0;
  // Messages so far.
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  std::uint64_t frames = 0;  // of `ops`
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Receive = std::function<void(const Message&)>;
  using Closed = std::function<void()>;

  /// Who ends it.
  enum class End : std::uint8_t { kClient, kNode, kNetwork };

  Connection(Environment& environment, Line& line, std::int64_t node, std::uint64_t id);

  /// Once, when it is known to both ends or soon will be: it may move to WebSocket from now on.
  void begin();

  void attach_client(Receive receive, Closed closed);
  void attach_node(Receive receive, Closed closed);

  void send_to_node(Message message);
  void send_to_client(Message message);

  /// Breaks it. The end that did so hears nothing more; the other, or both, of its closing.
  void cut(End by);

  bool open() const { return open_; }

  std::uint64_t id() const { return id_; }

 private:
  /// A message and its number.
  struct Kept {
    Message message;
    std::uint64_t n = 0;
  };

  struct Direction {
    bool up = false;
    std::int64_t from = 0;
    std::int64_t to = 0;
    Receive receive;
    Closed closed;
    Duration last{};                    // when the last message arrives
    Duration cutoff = Duration::max();  // what would arrive later is lost
    bool polling = false;
    bool keeping = false;      // while it moves to WebSocket
    std::vector<Kept> kept{};  // meanwhile
  };

  void send(Direction& direction, const Message& message, std::uint64_t n);
  void dispatch(Direction& direction, const Message& message, std::uint64_t n);
  Duration arrival(Direction& direction, Dice& dice);
  Duration posted(Dice& dice);
  Duration fetched(Duration at) const;
  Duration crossing(const Direction& direction, Dice& dice) const;
  template <class Then>
  void cross(const Direction& direction, Dice& dice, Then then);
  void probe();
  void on_probe();
  void on_probe_answered();
  void say_moved();
  void move(Direction& direction);
  bool breaks_at(std::uint64_t step);
  void note_sent_again(const Message& message);
  void arrive_at(Duration at, Direction& direction, const Message& message);
  void end(Direction& direction, bool at_once, Dice& dice);

  Environment& environment_;
  Line& line_;
  std::uint64_t id_;
  std::uint64_t number_;  // among those of the client
  Duration opened_;
  bool open_ = true;
  // Of a polling client: when its next request leaves and arrives, and when that is answered.
  Duration post_leaves_{};
  Duration post_arrives_{};
  Duration post_answered_{};
  Direction to_node_;
  Direction to_client_;
};

}  // namespace cloudsync::simulation
