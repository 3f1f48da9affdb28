#pragma once
// Messages between the coordinator and a worker: JSON objects, one a line, over a pair of local
// sockets. Loop thread only.

#include "base/json.h"
#include "runtime/loop.h"

#include <optional>
#include <string>

namespace cloudsync::loadtest {

/// A longer line ends the channel. The longest is a result: its histograms have 2,240 steps each.
inline constexpr std::size_t kLineBytesMax = 4U * 1024 * 1024;

class LineChannel final : private runtime::SocketEvents {
 public:
  using Received = UniqueFunction<void(const JsonObject& message)>;
  using Ended = UniqueFunction<void()>;

  /// Takes the descriptor, a connected and non-blocking socket. `ended` is called once, when the
  /// peer is gone or sends what is no message. `loop` outlives the channel, and the channel
  /// everything on the loop.
  LineChannel(runtime::Loop& loop, int descriptor, Received received, Ended ended);

  void send(const JsonObject& message);
  /// Ends it when all is sent; `ended` follows.
  void close();

 private:
  void on_data(runtime::SocketId socket, std::span<std::uint8_t> bytes) override;

  void on_drained(runtime::SocketId) override {}

  void on_closed(runtime::SocketId socket, runtime::CloseCause cause) override;
  bool take_lines();

  runtime::Loop& loop_;
  std::optional<runtime::SocketId> socket_;
  Received received_;
  Ended ended_;
  std::string unread_;
};

}  // namespace cloudsync::loadtest
