#include "runtime/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace cloudsync::runtime {

Mailbox::~Mailbox() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Result<void> Mailbox::open() {
  descriptor_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (descriptor_ < 0) {
    return fail(ErrorCode::kUnavailable, "no eventfd: the process is out of descriptors");
  }
  return {};
}

void Mailbox::post(Task task, Wake wake) {
  bool write = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      return;
    }
    tasks_.push_back(std::move(task));
    write = wake == Wake::kYes && !wake_pending_;
    wake_pending_ = wake_pending_ || write;
  }
  if (write) {
    this->wake();
  }
}

void Mailbox::wake() {
  // Fails only when the counter is full, after 2^64 wake-ups.
  [[maybe_unused]] const int result = ::eventfd_write(descriptor_, 1);
}

bool Mailbox::empty() const {
  const std::lock_guard lock(mutex_);
  return tasks_.empty();
}

std::vector<Mailbox::Task> Mailbox::take() {
  const std::lock_guard lock(mutex_);
  wake_pending_ = false;
  return std::exchange(tasks_, {});
}

void Mailbox::close() {
  std::vector<Task> dropped;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(tasks_);
}

}  // namespace cloudsync::runtime
