#include "storage/sqlite/reader_pool.h"

#include "storage/sqlite/idle_wait.h"

namespace cloudsync::storage {

ReaderPool::ReaderPool(std::vector<DocumentReader> readers, std::size_t queue_limit)
    : queue_limit_(queue_limit), readers_(std::move(readers)) {
  for (DocumentReader& reader : readers_) {
    threads_.emplace_back([this, &reader] { run(reader); });
  }
}

ReaderPool::~ReaderPool() {
  close();
}

ReaderPool::Admission ReaderPool::submit(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) {
      return Admission::kClosed;
    }
    if (jobs_.size() >= queue_limit_) {
      return Admission::kFull;
    }
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return Admission::kTaken;
}

void ReaderPool::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  std::call_once(joined_, [this] {
    for (std::thread& thread : threads_) {
      thread.join();
    }
  });
}

void ReaderPool::run(DocumentReader& reader) {
  std::unique_lock lock(mutex_);
  while (true) {
    wait_for_work(
        lock,
        wake_,
        [this] { return closing_ || !jobs_.empty(); },
        [&reader] { reader.release_memory(); });
    if (jobs_.empty()) {
      return;
    }
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job(reader);
    lock.lock();
  }
}

}  // namespace cloudsync::storage
