#pragma once
// The epoll engine behind runtime/loop.h. Edge-triggered; a read shorter than the loop's one
// receive buffer means the socket is empty, which saves the call that would say EAGAIN. Sends leave
// at the end of the turn, one sendmsg per dirty socket, and EPOLLOUT is armed only while the kernel
// refuses bytes.

#include "runtime/loop_core.h"

#include <array>
#include <memory>
#include <vector>

namespace cloudsync::runtime {

class EpollLoop final : public LoopCore {
 public:
  explicit EpollLoop(Metrics* metrics);
  ~EpollLoop() override;
  /// Before anything else. Errors: kUnavailable if the process has no descriptors left.
  Result<void> open();

 private:
  // LoopCore
  void wait_and_dispatch(std::optional<Duration> wait) override;
  bool has_leftovers() const override;
  bool watch_listener(std::size_t index) override;
  bool watch(SocketId socket, SocketRecord& record) override;
  void reading_changed(SocketId socket, SocketRecord& record) override;
  void flush(SocketId socket, SocketRecord& record) override;
  std::string unwatch(SocketId socket, SocketRecord& record) override;
  void drop(SocketId socket, SocketRecord& record) override;

  // epoll_loop.cc
  void dispatch(std::uint64_t key, std::uint32_t events);
  bool watch_for(SocketId socket, SocketRecord& record, std::uint32_t events);

  // epoll_io.cc: bytes in and out
  void on_socket_event(SocketId socket, std::uint32_t events);
  void read(SocketId socket, bool until_end);
  void read_again(SocketId socket, SocketRecord& record);
  void run_ready();

  int epoll_ = -1;
  std::vector<SocketId> ready_;
  std::unique_ptr<std::array<std::uint8_t, 64 * 1024>> buffer_;
};

}  // namespace cloudsync::runtime
