#pragma once
// Gate: stop taking work, then wait for what is running (Seastar's gate, RethinkDB's auto_drainer).
// Loop thread only. A pending step holds a Hold; close() refuses new holds and calls back once the
// last one is gone, so that an object outlives every callback that names it.

#include "base/assert.h"
#include "base/unique_function.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace cloudsync {

class Gate {
 public:
  /// Keeps the gate's owner alive until destroyed or moved from.
  class Hold {
   public:
    Hold(Hold&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}

    Hold& operator=(Hold&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }

    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    ~Hold() {
      if (gate_ != nullptr) {
        gate_->leave();
      }
    }

   private:
    friend class Gate;

    explicit Hold(Gate* gate) : gate_(gate) {}

    Gate* gate_;
  };

  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  ~Gate() { CS_ASSERT(holds_ == 0, "a gate is destroyed only when nothing holds it"); }

  /// A hold, or nothing once close() was called.
  std::optional<Hold> try_enter() {
    if (closed_) {
      return std::nullopt;
    }
    ++holds_;
    return Hold(this);
  }

  /// Refuses new holds; `done` runs when the last is released (at once if there is none).
  void close(UniqueFunction<void()> done) {
    CS_ASSERT(!closed_, "a gate closes once");
    closed_ = true;
    done_ = std::move(done);
    finish_if_idle();
  }

  bool closed() const { return closed_; }

  std::size_t holds() const { return holds_; }

 private:
  void leave() {
    --holds_;
    finish_if_idle();
  }

  void finish_if_idle() {
    if (closed_ && holds_ == 0 && done_) {
      auto done = std::exchange(done_, nullptr);
      done();
    }
  }

  std::size_t holds_ = 0;
  bool closed_ = false;
  UniqueFunction<void()> done_;
};

}  // namespace cloudsync
