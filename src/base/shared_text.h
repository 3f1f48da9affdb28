#pragma once
// An immutable text whose copies share its memory: eight bytes each, and one block of as many as it
// has, and eight. Ids are such texts, since every layer keeps those of each connection and most
// connections do nothing: seven copies of a user's and a client's id were a third of an idle
// connection's memory (bench/README.md).

#include <atomic>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace cloudsync {

/// Copies may live on any thread; one copy is no safer than an int.
class SharedText {
 public:
  SharedText() = default;

  /// The empty text takes no memory.
  SharedText(std::string_view text) : block_(text.empty() ? nullptr : make(text)) {}

  SharedText(const std::string& text) : SharedText(std::string_view(text)) {}

  SharedText(const char* text) : SharedText(std::string_view(text)) {}

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
      ::operator delete(block_);
    }
  }

  /// Lives as long as any copy.
  std::string_view str() const {
    return block_ == nullptr
               ? std::string_view()
               : std::string_view(reinterpret_cast<const char*>(block_ + 1), block_->size);
  }

  bool empty() const { return block_ == nullptr; }

  friend bool operator==(const SharedText& a, const SharedText& b) {
    return a.block_ == b.block_ || a.str() == b.str();
  }

  friend std::strong_ordering operator<=>(const SharedText& a, const SharedText& b) {
    return a.block_ == b.block_ ? std::strong_ordering::equal : a.str() <=> b.str();
  }

 private:
  /// The text follows it.
  struct Block {
    std::uint32_t size;
    std::atomic<std::uint32_t> owners = 1;
  };

  static Block* make(std::string_view text) {
    void* memory = ::operator new(sizeof(Block) + text.size());
    auto* block = new (memory) Block{.size = static_cast<std::uint32_t>(text.size())};
    std::memcpy(static_cast<void*>(block + 1), text.data(), text.size());
    return block;
  }

  Block* block_ = nullptr;  // null for the empty text
};

}  // namespace cloudsync

template <>
struct std::hash<cloudsync::SharedText> {
  std::size_t operator()(const cloudsync::SharedText& text) const noexcept {
    return std::hash<std::string_view>{}(text.str());
  }
};
