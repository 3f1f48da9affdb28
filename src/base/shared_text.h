#pragma once
// An immutable text whose copies share its memory: eight bytes each. Ids are such texts, since
// every layer keeps those of each connection and most connections do nothing: seven copies of a
// user's and a client's id were a third of an idle connection's memory (bench/README.md).

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace cloudsync {

/// Copies may live on any thread; one copy is no safer than an int.
class SharedText {
 public:
  SharedText() = default;

  /// The empty text takes no memory.
  SharedText(std::string text)
      : block_(text.empty() ? nullptr : new Block{.text = std::move(text)}) {}

  SharedText(const char* text) : SharedText(std::string(text)) {}

  SharedText(const SharedText& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) {
      block_->owners.fetch_add(1, std::memory_order_relaxed);
    }
  }

  SharedText(SharedText&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}

  SharedText& operator=(SharedText other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }

  // Whoever lets go last must see what all others did with it before.
  ~SharedText() {
    if (block_ != nullptr && block_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete block_;
    }
  }

  const std::string& str() const {
    static const std::string kEmpty;
    return block_ == nullptr ? kEmpty : block_->text;
  }

  friend bool operator==(const SharedText& a, const SharedText& b) {
    return a.block_ == b.block_ || a.str() == b.str();
  }

  friend std::strong_ordering operator<=>(const SharedText& a, const SharedText& b) {
    return a.block_ == b.block_ ? std::strong_ordering::equal : a.str() <=> b.str();
  }

 private:
  struct Block {
    std::string text;
    std::atomic<std::uint32_t> owners = 1;
  };

  Block* block_ = nullptr;  // null for the empty text
};

}  // namespace cloudsync

template <>
struct std::hash<cloudsync::SharedText> {
  std::size_t operator()(const cloudsync::SharedText& text) const noexcept {
    return std::hash<std::string>{}(text.str());
  }
};
