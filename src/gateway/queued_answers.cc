#include "gateway/queued_answers.h"

namespace cloudsync::gateway {

namespace {

/// Answers up to this size are not counted: any connection may have as much queued.
constexpr std::size_t kSmallAnswer = 64 * 1024;

}  // namespace

// The node's bytes are read and added to without a lock: each loop may go beyond by one answer.
bool QueuedAnswers::add(const Connection& connection, const codec::http1::Response& response) {
  if (response.resident || response.body_size() <= kSmallAnswer) {
    return true;
  }
  std::size_t bytes = response.body.size();
  for (const SharedBytes& piece : response.shared_body) {
    bytes += holders_.contains(piece.get()) ? 0 : piece->size();
  }
  const auto queued = static_cast<std::size_t>(node_bytes_.value());
  if (queued > 0 && queued + bytes > bytes_max_) {
    return false;
  }
  Answer& answer = answers_[&connection];
  answer.own_bytes += response.body.size();
  for (const SharedBytes& piece : response.shared_body) {
    ++holders_[piece.get()];
    answer.shared.push_back(piece);
  }
  node_bytes_.add(static_cast<std::int64_t>(bytes));
  return true;
}

void QueuedAnswers::remove(const Connection& connection) {
  const auto answer = answers_.extract(&connection);
  if (answer.empty()) {
    return;
  }
  std::size_t bytes = answer.mapped().own_bytes;
  for (const SharedBytes& piece : answer.mapped().shared) {
    const auto holders = holders_.find(piece.get());
    if (--holders->second == 0) {
      bytes += piece->size();
      holders_.erase(holders);
    }
  }
  node_bytes_.add(-static_cast<std::int64_t>(bytes));
}

}  // namespace cloudsync::gateway
