// UringLoop's direct sockets: in the ring's own table and not in the process's, so that requests
// need not look them up there, and whoever walks through the descriptors of processes does not
// meet half a million of them.

#include "runtime/uring_loop.h"

#include <sys/socket.h>

namespace cloudsync::runtime {
namespace {

// SOCKET_URING_OP_SETSOCKOPT (Linux 6.7), which the headers of liburing 2.3 don't have yet.
constexpr unsigned kSetSocketOption = 3;

}  // namespace

/// Says which of the two tables the entry's descriptor is of.
void UringLoop::address(io_uring_sqe& entry, const SocketRecord& record) {
  if (record.direct) {
    entry.flags |= IOSQE_FIXED_FILE;
  }
}

/// Entries are worked off in the order in which they are queued, so that those behind these find
/// the socket in its new place. If the kernel has no memory for that, they fail, and so the socket.
void UringLoop::keep(SocketId socket, SocketRecord& record) {
  const bool has_place =
      !free_places_.empty() || places_used_ < static_cast<int>(ring_.direct_count());
  if (!running_ || !has_place) {
    return;
  }
  int place = places_used_;
  if (free_places_.empty()) {
    ++places_used_;
  } else {
    place = free_places_.back();
    free_places_.pop_back();
  }
  moving_.push_back(record.fd);
  io_uring_sqe& move = ring_.entry();
  ::io_uring_prep_files_update(&move, &moving_.back(), 1, place);
  submit_silent(move, UringOp::kUnheeded, socket);
  io_uring_sqe& close = ring_.entry();
  ::io_uring_prep_close(&close, record.fd);
  submit_silent(close, UringOp::kUnheeded, socket);
  record.fd = place;
  record.direct = true;
}

void UringLoop::close_direct(SocketId socket, int place) {
  const auto ending = ending_.find(uring_key(UringOp::kEnd, socket));
  if (ending != ending_.end()) {
    ending->second.dropped = true;
    return;
  }
  io_uring_sqe& entry = ring_.entry();
  ::io_uring_prep_close_direct(&entry, static_cast<unsigned>(place));
  submit_silent(entry, UringOp::kUnheeded, socket);
  free_places_.push_back(place);
}

void UringLoop::end_stream(SocketId socket, SocketRecord& record) {
  if (!record.direct) {
    LoopCore::end_stream(socket, record);
    return;
  }
  // A socket that is closed between its last send and the end of the turn comes twice.
  if (!ending_.try_emplace(uring_key(UringOp::kEnd, socket), Ending{record.fd}).second) {
    return;
  }
  io_uring_sqe& entry = ring_.entry();
  ::io_uring_prep_shutdown(&entry, record.fd, SHUT_WR);
  address(entry, record);
  submit(entry, UringOp::kEnd, socket);
}

void UringLoop::on_stream_ended(SocketId socket) {
  const Ending ended = ending_.extract(uring_key(UringOp::kEnd, socket)).mapped();
  if (ended.dropped) {
    close_direct(socket, ended.place);
  }
}

void UringLoop::discard(SocketId socket, SocketRecord& record) {
  if (!record.direct) {
    LoopCore::discard(socket, record);
    return;
  }
  io_uring_sqe& entry = ring_.entry();
  ::io_uring_prep_rw(IORING_OP_URING_CMD, &entry, record.fd, nullptr, 0, 0);
  address(entry, record);
  // Level and option, size and value; these headers have older names for their places.
  entry.cmd_op = kSetSocketOption;
  entry.addr = std::uint64_t{SO_LINGER} << 32U | std::uint64_t{SOL_SOCKET};
  entry.file_index = sizeof kReset;
  entry.addr3 = reinterpret_cast<std::uintptr_t>(&kReset);
  submit_silent(entry, UringOp::kUnheeded, socket);
}

}  // namespace cloudsync::runtime
