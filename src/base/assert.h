#pragma once

// Assertions that stay on in release builds: a broken invariant means our own bug, and data in
// doubt is worse than a restart (the store holds every acknowledged operation). Bytes from a peer
// never reach an assertion; they are validated into a Result first.

namespace cloudsync {

/// Writes the failed condition to stderr and aborts the process.
[[noreturn]] void assertion_failed(const char* condition,
                                   const char* why,
                                   const char* file,
                                   int line) noexcept;

}  // namespace cloudsync

/// Aborts with `why` unless `condition` holds.
#define CS_ASSERT(condition, why)                                           \
  do {                                                                      \
    if (!(condition)) [[unlikely]] {                                        \
      ::cloudsync::assertion_failed(#condition, (why), __FILE__, __LINE__); \
    }                                                                       \
  } while (false)
