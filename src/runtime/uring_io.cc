// UringLoop's open sockets: receiving and sending.

#include "base/assert.h"
#include "base/bytes.h"
#include "runtime/uring_loop.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace cloudsync::runtime {
namespace {

// How late a lost end is found. Looking takes some 0.1 us for a socket that received meanwhile.
constexpr std::chrono::seconds kLostEndCheck{1};
// So many are looked at in one turn, half of the completions that there is room for.
constexpr std::size_t kLooksPerTurn = 4'096;

bool passing(int result) {
  return result == -EAGAIN || result == -EINTR;
}

std::size_t taken_bytes(int result) {
  return static_cast<std::size_t>(std::max(result, 0));
}

std::uint16_t buffer_id(const io_uring_cqe& completion) {
  return static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
}

}  // namespace

void UringLoop::on_receive(SocketId socket, const io_uring_cqe& completion) {
  const bool last = (completion.flags & IORING_CQE_F_MORE) == 0;
  SocketRecord* record = sockets_.find(socket);
  if (record != nullptr && last) {
    record->receiving = false;
    record->cancelling = false;
  }
  if ((completion.flags & IORING_CQE_F_BUFFER) != 0) {
    const std::uint16_t id = buffer_id(completion);
    if (record != nullptr && completion.res > 0) {
      on_bytes(socket, *record, {ring_.buffer(id), static_cast<std::size_t>(completion.res)});
      record = sockets_.find(socket);  // the callback may have closed or released it
    }
    ring_.give_back_buffer(id);
  }
  if (record != nullptr && record->state != SocketState::kGone && last) {
    on_receive_ended(socket, *record, completion.res);
  }
}

void UringLoop::on_bytes(SocketId socket, SocketRecord& record, std::span<std::uint8_t> bytes) {
  counters_.receives.add();
  if (record.state != SocketState::kOpen) {
    return;
  }
  note_heard(socket, record);
  if (record.paused || record.holding) {
    record.holding = true;
    held_[socket.slot].append(as_text(bytes));
  } else {
    record.events->on_data(socket, bytes);
  }
}

void UringLoop::note_heard(SocketId socket, SocketRecord& record) {
  if (record.heard || record.heartbeat) {
    return;
  }
  record.heard = true;
  if (heard_.empty()) {
    run_after(kLostEndCheck, [this] { find_lost_ends(); });
  }
  heard_.push_back(socket);
}

/// A multishot receive can sleep through a reset that came with the data before it: it reads until
/// the socket is empty, takes the wake-ups so far for done, and no other follows (Linux 6.18; an
/// end of stream is hinted at by TCP, a reset is not). Started anew, it finds the end.
void UringLoop::find_lost_ends() {
  std::vector<pollfd> polled;
  std::vector<SocketId> sockets;
  const auto end =
      heard_.begin() + static_cast<std::ptrdiff_t>(std::min(heard_.size(), kLooksPerTurn));
  const std::vector<SocketId> batch(heard_.begin(), end);
  heard_.erase(heard_.begin(), end);
  if (!heard_.empty()) {
    run_after(Duration::zero(), [this] { find_lost_ends(); });
  }
  for (const SocketId socket : batch) {
    SocketRecord* record = sockets_.find(socket);
    if (record != nullptr && record->state != SocketState::kGone) {
      record->heard = false;
      if (record->direct) {
        look_for_end(socket, *record);
        continue;
      }
      polled.push_back({.fd = record->fd, .events = 0, .revents = 0});
      sockets.push_back(socket);
    }
  }
  if (::poll(polled.data(), polled.size(), 0) <= 0) {
    return;
  }
  for (std::size_t i = 0; i < polled.size(); ++i) {
    SocketRecord& record = *sockets_.find(sockets[i]);
    if (polled[i].revents != 0) {
      restart_receive(sockets[i], record);
    }
  }
}

/// The same of a direct socket, which poll() does not know: its next byte tells.
void UringLoop::look_for_end(SocketId socket, const SocketRecord& record) {
  io_uring_sqe& entry = ring_.entry();
  ::io_uring_prep_recv(&entry, record.fd, &looked_at_, 1, MSG_PEEK | MSG_DONTWAIT);
  address(entry, record);
  submit(entry, UringOp::kLook, socket);
}

void UringLoop::on_look(SocketId socket, int result) {
  SocketRecord* record = sockets_.find(socket);
  if (record == nullptr || record->state == SocketState::kGone || result > 0 || passing(result)) {
    return;
  }
  if (result == 0) {
    restart_receive(socket, *record);
  } else if (!record->paused && !record->holding) {  // else its owner gets what is held, first
    destroy_broken(socket, *record);  // looking took the error, so that no receive would find it
  }
}

void UringLoop::restart_receive(SocketId socket, SocketRecord& record) {
  if (record.receiving && !record.cancelling) {
    record.cancelling = true;
    cancel_request(UringOp::kReceive, socket);
  }
}

void UringLoop::on_receive_ended(SocketId socket, SocketRecord& record, int result) {
  if (result == 0) {
    if (!record.paused && !record.holding) {
      on_end_of_stream(socket, record);
    }
    return;  // else it is found again behind what is held
  }
  if (result == -ENOBUFS) {
    buffer_shortages_.add();
  } else if (result < 0 && result != -ECANCELED && !passing(result)) {
    destroy_broken(socket, record);
    return;
  }
  list_unsynced(socket, record);
}

void UringLoop::reading_changed(SocketId socket, SocketRecord& record) {
  list_unsynced(socket, record);
  if (!record.paused && record.holding) {
    resumed_.push_back(socket);
  }
}

std::string UringLoop::take_held(SocketId socket, SocketRecord& record) {
  if (!record.holding) {
    return {};
  }
  record.holding = false;
  return std::move(held_.extract(socket.slot).mapped());
}

/// What came while a socket was paused that is not any more.
void UringLoop::hand_out_held() {
  const auto batch = std::exchange(resumed_, {});
  for (const SocketId socket : batch) {
    SocketRecord* record = sockets_.find(socket);
    if (record == nullptr || record->state == SocketState::kGone || record->paused ||
        !record->holding) {
      continue;
    }
    std::string bytes = take_held(socket, *record);
    list_unsynced(socket, *record);
    if (record->state == SocketState::kOpen) {
      record->events->on_data(socket, as_mutable_bytes(bytes));
    }
  }
}

std::string UringLoop::unwatch(SocketId socket, SocketRecord& record) {
  std::string unread = take_held(socket, record);
  if (record.receiving && !record.cancelling) {
    cancel_request(UringOp::kReceive, socket);
  }
  const std::uint64_t key = uring_key(UringOp::kReceive, socket);
  std::size_t at = next_;
  while (true) {
    // What was received meanwhile was taken from the socket: it is in the completions that wait.
    for (; at < completions_.size(); ++at) {
      io_uring_cqe& completion = completions_[at];
      if (completion.user_data != key) {
        continue;
      }
      if ((completion.flags & IORING_CQE_F_BUFFER) != 0) {
        const std::uint16_t id = buffer_id(completion);
        unread.append(as_text({ring_.buffer(id), taken_bytes(completion.res)}));
        ring_.give_back_buffer(id);
      }
      if ((completion.flags & IORING_CQE_F_MORE) == 0) {
        record.receiving = false;
        --outstanding_;
      }
      completion.user_data = uring_key(UringOp::kUnheeded, socket);
    }
    if (!record.receiving) {
      return unread;
    }
    enter(std::nullopt);
  }
}

void UringLoop::flush(SocketId socket, SocketRecord& record) {
  if (!running_ || record.sending || record.blocked) {
    return;
  }
  if (record.outbox == nullptr) {
    on_flushed(socket, record);
    return;
  }
  // WAITALL, or a send that was cut short would count as a success, and be silent.
  Outbox::Vectors chunks;
  const std::span<iovec> gathered(chunks.data(), gather(*record.outbox, chunks));
  io_uring_sqe& entry = prepare_send(record, gathered, MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL);
  submit_silent(entry, UringOp::kSend, socket);
  record.sending = true;
  sending_.push_back({socket, total_bytes(gathered)});
}

/// An entry that sends these chunks.
io_uring_sqe& UringLoop::prepare_send(const SocketRecord& record,
                                      std::span<const iovec> chunks,
                                      int flags) {
  counters_.sends.add();
  io_uring_sqe& entry = ring_.entry();
  const std::size_t count = chunks.size();
  if (count == 1) {
    ::io_uring_prep_send(&entry, record.fd, chunks[0].iov_base, chunks[0].iov_len, flags);
    address(entry, record);
    return entry;
  }
  UringRing::Message& message = ring_.message();
  std::copy_n(chunks.begin(), count, message.chunks.begin());
  message.header = {};
  message.header.msg_iov = message.chunks.data();
  message.header.msg_iovlen = count;
  ::io_uring_prep_sendmsg(&entry, record.fd, &message.header, static_cast<unsigned>(flags));
  address(entry, record);
  return entry;
}

/// Everything is submitted and its completions are here: a send without one was taken whole.
void UringLoop::settle_sends() {
  if (sending_.empty()) {
    return;
  }
  for (std::size_t i = next_; i < completions_.size(); ++i) {
    if (uring_op(completions_[i].user_data) == UringOp::kSend) {
      on_cut_send(uring_socket(completions_[i].user_data), completions_[i].res);
    }
  }
  // All are settled before the first callback, which must find what it asks about as it is.
  settling_.swap(sending_);
  std::erase_if(settling_, [this](const Sending& sent) {
    SocketRecord* record = sockets_.find(sent.socket);
    if (record == nullptr || !record->sending) {
      return true;
    }
    record->sending = false;
    consume(*record, sent.bytes);
    if (!record->outbox->empty()) {
      mark_dirty(sent.socket, *record);
      return true;
    }
    give_back_outbox(*record);
    return false;
  });
  for (const Sending& sent : settling_) {
    SocketRecord* record = sockets_.find(sent.socket);
    if (record != nullptr && record->state != SocketState::kGone && record->outbox == nullptr) {
      after_flush(sent.socket, *record, true);
    }
  }
  settling_.clear();
}

void UringLoop::on_cut_send(SocketId socket, int result) {
  SocketRecord* record = sockets_.find(socket);
  if (record == nullptr || !record->sending) {
    return;  // dropped meanwhile
  }
  record->sending = false;
  if (result < 0 && !passing(result)) {
    destroy_broken(socket, *record);
    return;
  }
  consume(*record, taken_bytes(result));
  send_waiting(socket, *record);
}

void UringLoop::send_waiting(SocketId socket, SocketRecord& record) {
  // Without WAITALL: it completes whenever the peer took something, so that sent_bytes() shows it.
  // Of the frames themselves, which live as long as it waits.
  Outbox::Vectors chunks;
  const std::size_t count = record.outbox->gather(chunks);
  submit(prepare_send(record, {chunks.data(), count}, MSG_NOSIGNAL), UringOp::kWaitingSend, socket);
  record.blocked = true;
}

void UringLoop::on_waiting_send(SocketId socket, int result) {
  SocketRecord* record = sockets_.find(socket);
  if (record == nullptr || record->state == SocketState::kGone) {
    waiting_.erase(uring_key(UringOp::kWaitingSend, socket));
    return;
  }
  record->blocked = false;
  if (result < 0 && !passing(result)) {
    destroy_broken(socket, *record);
    return;
  }
  consume(*record, taken_bytes(result));
  if (record->outbox->empty()) {
    on_flushed(socket, *record);
  } else {
    send_waiting(socket, *record);
  }
}

}  // namespace cloudsync::runtime
