#pragma once
// Byte buffers that cross loops.

#include <memory>
#include <string>
#include <utility>

namespace cloudsync {

/// Immutable, reference-counted bytes: a frame is encoded once and shared by all its receivers.
using SharedBytes = std::shared_ptr<const std::string>;

inline SharedBytes share(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace cloudsync
