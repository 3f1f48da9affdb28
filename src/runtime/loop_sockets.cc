// LoopCore's open sockets: what they send, how they end. How they come is in loop_arrivals.cc.

#include "base/assert.h"
#include "runtime/loop_core.h"

#include <sys/socket.h>
#include <unistd.h>

namespace cloudsync::runtime {
namespace {

// How long a flushing close waits for the peer to take the bytes and to end its side.
constexpr std::chrono::seconds kLinger{5};

}  // namespace

SocketRecord* LoopCore::find_open(SocketId socket) {
  SocketRecord* record = sockets_.find(socket);
  return record != nullptr && record->state == SocketState::kOpen ? record : nullptr;
}

void LoopCore::attach(SocketId socket, SocketEvents& events) {
  check_thread();
  // A socket that is gone still owes its on_closed, which is then the new owner's.
  if (SocketRecord* record = sockets_.find(socket)) {
    record->events = &events;
  }
}

SocketId LoopCore::adopt(int descriptor, SocketEvents& events) {
  check_thread();
  const SocketId socket = sockets_.add(descriptor, SocketState::kOpen);
  SocketRecord& record = *sockets_.find(socket);
  record.events = &events;
  if (!watch(socket, record)) {
    destroy(socket, record, CloseCause::kError);
  }
  return socket;
}

Loop::Released LoopCore::release(SocketId socket) {
  check_thread();
  SocketRecord* record = find_open(socket);
  if (record == nullptr || record->outbox != nullptr || record->pinned) {
    return {};
  }
  Released released{.descriptor = record->fd, .unread = unwatch(socket, *record)};
  sockets_.remove(socket);
  return released;
}

void LoopCore::pin(SocketId socket) {
  check_thread();
  SocketRecord* record = find_open(socket);
  if (record != nullptr && !record->pinned) {
    record->pinned = true;
    keep(socket, *record);
  }
}

void LoopCore::trust_heartbeat(SocketId socket) {
  check_thread();
  if (SocketRecord* record = find_open(socket)) {
    record->heartbeat = true;
  }
}

void LoopCore::on_end_of_stream(SocketId socket, SocketRecord& record) {
  const bool again = record.peer_ended;
  record.peer_ended = true;
  if (record.state == SocketState::kOpen) {
    if (again || record.events->on_end(socket)) {
      return;  // its owner closes it
    }
    if (find_open(socket) == nullptr) {
      return;  // closed or released meanwhile
    }
  }
  if (record.outbox == nullptr) {
    const bool closing = record.state == SocketState::kClosing;
    destroy(socket, record, closing ? record.cause : CloseCause::kPeer);
  } else if (record.state == SocketState::kOpen) {
    begin_closing(socket, record, CloseCause::kPeer);
  }
}

void LoopCore::pause_reading(SocketId socket) {
  check_thread();
  SocketRecord* record = find_open(socket);
  if (record != nullptr && !record->paused) {
    record->paused = true;
    reading_changed(socket, *record);
  }
}

void LoopCore::resume_reading(SocketId socket) {
  check_thread();
  SocketRecord* record = find_open(socket);
  if (record != nullptr && record->paused) {
    record->paused = false;
    reading_changed(socket, *record);
  }
}

void LoopCore::send(SocketId socket, SharedBytes bytes) {
  check_thread();
  SocketRecord* record = find_open(socket);
  if (record == nullptr || bytes->empty()) {
    return;
  }
  if (record->outbox == nullptr) {
    record->outbox = outboxes_.take();
  }
  record->outbox->push(std::move(bytes));
  if (!record->blocked) {
    mark_dirty(socket, *record);
  }
}

std::size_t LoopCore::queued_bytes(SocketId socket) const {
  const SocketRecord* record = sockets_.find(socket);
  return record != nullptr && record->outbox != nullptr ? record->outbox->bytes() : 0;
}

std::uint64_t LoopCore::sent_bytes(SocketId socket) const {
  const SocketRecord* record = sockets_.find(socket);
  return record != nullptr ? record->sent_bytes : 0;
}

void LoopCore::mark_dirty(SocketId socket, SocketRecord& record) {
  if (!record.dirty) {
    record.dirty = true;
    dirty_.push_back(socket);
  }
}

void LoopCore::flush_dirty() {
  // on_drained may send again: that goes into the next turn, which follows without waiting.
  flushing_.swap(dirty_);
  for (const SocketId socket : flushing_) {
    SocketRecord* record = sockets_.find(socket);
    if (record != nullptr && record->state != SocketState::kGone) {
      record->dirty = false;
      flush(socket, *record);
    }
  }
  flushing_.clear();
}

std::size_t LoopCore::gather(const Outbox& outbox, Outbox::Vectors& out) {
  const std::string_view joined = joined_.of(outbox);
  if (joined.empty()) {
    return outbox.gather(out);
  }
  out[0] = {const_cast<char*>(joined.data()), joined.size()};  // as in Outbox::gather()
  return 1;
}

void LoopCore::consume(SocketRecord& record, std::size_t taken) {
  record.outbox->consume(taken);
  record.sent_bytes += taken;
}

void LoopCore::give_back_outbox(SocketRecord& record) {
  if (record.outbox != nullptr) {
    outboxes_.give_back(std::exchange(record.outbox, nullptr));
  }
}

void LoopCore::on_flushed(SocketId socket, SocketRecord& record) {
  const bool had_queue = record.outbox != nullptr;
  give_back_outbox(record);
  after_flush(socket, record, had_queue);
}

void LoopCore::after_flush(SocketId socket, SocketRecord& record, bool had_queue) {
  if (record.state == SocketState::kClosing) {
    end_stream(socket, record);
    if (record.peer_ended) {
      destroy(socket, record, record.cause);
    }
  } else if (had_queue && record.events != nullptr) {
    record.events->on_drained(socket);
  }
}

void LoopCore::end_stream(SocketId /*socket*/, SocketRecord& record) {
  ::shutdown(record.fd, SHUT_WR);
}

void LoopCore::discard(SocketId /*socket*/, SocketRecord& record) {
  ::setsockopt(record.fd, SOL_SOCKET, SO_LINGER, &kReset, sizeof kReset);
}

void LoopCore::close(SocketId socket, CloseMode mode) {
  check_thread();
  SocketRecord* record = sockets_.find(socket);
  if (record == nullptr || record->state == SocketState::kGone) {
    return;
  }
  if (record->state == SocketState::kConnecting) {
    destroy(socket, *record, CloseCause::kLocal);
  } else if (mode == CloseMode::kAbort) {
    discard(socket, *record);
    destroy(socket, *record, CloseCause::kLocal);
  } else if (record->state == SocketState::kOpen) {
    begin_closing(socket, *record, CloseCause::kLocal);
    if (!record->blocked) {
      mark_dirty(socket, *record);  // flushed even if empty: the flush ends the stream
    }
  }
}

void LoopCore::begin_closing(SocketId socket, SocketRecord& record, CloseCause cause) {
  record.state = SocketState::kClosing;
  record.cause = cause;
  lingering_.push_back({now() + kLinger, socket});
  if (record.paused) {
    record.paused = false;
    reading_changed(socket, record);  // to see the peer's end
  }
}

void LoopCore::destroy(SocketId socket, SocketRecord& record, CloseCause cause) {
  drop(socket, record);
  record.fd = -1;
  record.state = SocketState::kGone;
  record.cause = cause;
  give_back_outbox(record);
  gone_.push_back(socket);
}

void LoopCore::destroy_broken(SocketId socket, SocketRecord& record) {
  const bool closing = record.state == SocketState::kClosing;
  destroy(socket, record, closing ? record.cause : CloseCause::kError);
}

void LoopCore::report_closed() {
  const auto batch = std::exchange(gone_, {});
  for (const SocketId socket : batch) {
    SocketRecord* record = sockets_.find(socket);
    SocketEvents* events = record->events;
    const CloseCause cause = record->cause;
    auto connecting = connecting_.extract(socket.slot);
    sockets_.remove(socket);
    if (!connecting.empty()) {
      connecting.mapped().done(fail(ErrorCode::kUnavailable, "the connect was given up"));
    } else if (events != nullptr) {
      events->on_closed(socket, cause);
    }
  }
}

}  // namespace cloudsync::runtime
