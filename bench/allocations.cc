#include "allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> counted{0};

}  // namespace

// A file of its own: where both are inlined into a caller, g++ 12 takes free() for a mistake.
// NOLINTBEGIN(cppcoreguidelines-no-malloc): this is operator new
void* operator new(std::size_t size) {
  counted.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size);
  if (memory == nullptr) {
    std::abort();
  }
  return memory;
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

// NOLINTEND(cppcoreguidelines-no-malloc)

namespace cloudsync::bench {

std::size_t allocations() {
  return counted.load(std::memory_order_relaxed);
}

}  // namespace cloudsync::bench
