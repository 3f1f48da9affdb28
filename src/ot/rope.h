#pragma once
// A text that is edited anywhere in O(log n) and copied in O(1): chunks of UTF-8 in a SumTree, each
// with its bytes, code points, UTF-16 units and newlines, so that a place given in one of them is
// found without reading the text before it. (H.-J. Boehm et al., "Ropes: an Alternative to
// Strings", 1995; the sums are those of text editors such as xi and Zed.)

#include "ot/sum_tree.h"
#include "ot/text_chunk.h"
#include "ot/unicode.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::ot {

/// Chunks hold `kChunkBytes`, and a quarter of it at least unless there is only one; tests make
/// them small. Use `Rope`. Places are counted in any dimension of TextSize, and asserted to be
/// within the text; texts are valid UTF-8. Where the dimension allows a place inside a code point
/// (bytes, UTF-16 units) the place in front of that code point is meant.
template <std::size_t kChunkBytes, std::size_t kLeafMax, std::size_t kBranchMax>
class BasicRope {
 public:
  using Dimension = std::uint64_t TextSize::*;
  using Chunk = TextChunk<kChunkBytes>;
  using Chunks = SumTree<Chunk, kLeafMax, kBranchMax>;

  BasicRope() = default;
  /// O(size).
  explicit BasicRope(std::string_view text);

  const TextSize& size() const { return chunks_.summary(); }

  /// The place `at` in all dimensions, so that one index is converted into another. The place of
  /// line n is that of the n-th newline's end. O(log n).
  TextSize locate(Dimension dimension, std::uint64_t at) const;

  /// The bytes before the place `at`: cheaper than to locate() it. O(log n).
  std::uint64_t bytes_before(Dimension dimension, std::uint64_t at) const {
    if (counts_bytes(dimension)) {
      CS_ASSERT(at <= size().bytes, "the place is within the text");
      return at;
    }
    const Place place = find(dimension, at, Bias::kLeft);
    return place.chunk.before.bytes + place.offset;
  }

  /// False if `at` is inside a code point. O(log n).
  bool is_border(Dimension dimension, std::uint64_t at) const;

  /// O(log n + text).
  void insert(Dimension dimension, std::uint64_t at, std::string_view text);

  /// Erases [first, last). O(log n + erased chunks).
  void erase(Dimension dimension, std::uint64_t first, std::uint64_t last);

  /// The text in [first, last). O(log n + result).
  std::string slice(Dimension dimension, std::uint64_t first, std::uint64_t last) const;

  /// O(size).
  std::string text() const;

  /// In order; chunk.text() is never empty.
  const Chunks& chunks() const { return chunks_; }

  /// O(size).
  friend bool operator==(const BasicRope& a, const BasicRope& b) { return a.equals(b); }

  /// True if the tree is as it must be and every chunk is filled. O(n), for tests.
  bool is_consistent() const;

 private:
  static constexpr std::size_t kChunkMin = kChunkBytes / 4;
  // A text that is loaded leaves room in its chunks, or the first edits would all split one.
  static constexpr std::size_t kChunkLoaded = kChunkBytes / 4 * 3;

  // A chunk and a place in it.
  struct Place {
    typename Chunks::Position chunk;
    std::size_t offset = 0;
  };

  // True if places are bytes: all is ASCII. Then nothing needs to be searched.
  bool counts_bytes(Dimension dimension) const {
    return dimension != &TextSize::newlines && size().utf16_units == size().bytes;
  }

  Place find(Dimension dimension, std::uint64_t at, Bias bias) const;
  void replace(std::size_t first, std::size_t last, std::string text);
  bool equals(const BasicRope& other) const;

  Chunks chunks_;
};

/// Cuts `text` into pieces of equal size, at most `bytes_max` long, at borders of code points, and
/// calls take(piece) for each.
template <class Take>
void cut_text(std::string_view text, std::size_t bytes_max, Take take) {
  constexpr std::size_t kCodePointMax = 4;  // bytes; a cut moves by less (RFC 3629)
  const std::size_t aimed = bytes_max - (kCodePointMax - 1);
  const std::size_t pieces = (text.size() + aimed - 1) / aimed;
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= pieces; ++i) {
    std::size_t end = text.size() / pieces * i + text.size() % pieces * i / pieces;
    while (end < text.size() && is_continuation(text[end])) {
      --end;
    }
    take(text.substr(begin, end - begin));
    begin = end;
  }
}

template <std::size_t kChunkBytes, std::size_t kLeafMax, std::size_t kBranchMax>
BasicRope<kChunkBytes, kLeafMax, kBranchMax>::BasicRope(std::string_view text) {
  typename Chunks::Builder builder;
  cut_text(text, kChunkLoaded, [&](std::string_view piece) { builder.push_back(Chunk(piece)); });
  chunks_ = std::move(builder).finish();
}

template <std::size_t kChunkBytes, std::size_t kLeafMax, std::size_t kBranchMax>
auto BasicRope<kChunkBytes, kLeafMax, kBranchMax>::find(Dimension dimension,
                                                        std::uint64_t at,
                                                        Bias bias) const -> Place {
  CS_ASSERT(at <= size().*dimension, "the place is within the text");
  Place place{chunks_.seek(dimension, at, bias)};
  if (place.chunk.item != nullptr) {
    place.offset = place.chunk.item->offset(dimension, at - place.chunk.before.*dimension);
  }
  return place;
}

template <std::size_t kChunkBytes, std::size_t kLeafMax, std::size_t kBranchMax>
TextSize BasicRope<kChunkBytes, kLeafMax, kBranchMax>::locate(Dimension dimension,
                                                              std::uint64_t at) const {
  const Place place = find(dimension, at, Bias::kLeft);
  TextSize located = place.chunk.before;
  if (place.chunk.item != nullptr) {
    located += measure_text(place.chunk.item->text().substr(0, place.offset));
  }
  return located;
}

template <std::size_t kChunkBytes, std::size_t kLeafMax, std::size_t kBranchMax>
bool BasicRope<kChunkBytes, kLeafMax, kBranchMax>::is_border(Dimension dimension,
                                                             std::uint64_t at) const {
  if (counts_bytes(dimension)) {
    return true;
  }
  const Place place = find(dimension, at, Bias::kLeft);
  if (place.chunk.item == nullptr) {
    return true;
  }
  const TextSize whole = place.chunk.item->summary();
  if (whole.utf16_units == whole.bytes) {  // ASCII
    return true;
  }
  const TextSize before = measure_text(place.chunk.item->text().substr(0, place.offset));
  return place.chunk.before.*dimension + before.*dimension == at;
}

template <std::size_t kChunkBytes, std::size_t kLeafMax, std::size_t kBranchMax>
void BasicRope<kChunkBytes, kLeafMax, kBranchMax>::insert(Dimension dimension,
                                                          std::uint64_t at,
                                                          std::string_view text) {
  const Place place = find(dimension, at, Bias::kLeft);
  if (place.chunk.item == nullptr) {
    *this = BasicRope(text);
    return;
  }
  const std::string_view old = place.chunk.item->text();
  if (old.size() + text.size() <= kChunkBytes) {
    chunks_.update(place.chunk, [&](Chunk& chunk) { chunk.insert(place.offset, text); });
    return;
  }
  std::string joined(old);
  joined.insert(place.offset, text);
  replace(place.chunk.index, place.chunk.index + 1, std::move(joined));
}

template <std::size_t kChunkBytes, std::size_t kLeafMax, std::size_t kBranchMax>
void BasicRope<kChunkBytes, kLeafMax, kBranchMax>::erase(Dimension dimension,
                                                         std::uint64_t first,
                                                         std::uint64_t last) {
  CS_ASSERT(first <= last, "a range has a start and an end");
  if (dimension == &TextSize::newlines) {  // many chunks may end at one newline
    erase(&TextSize::bytes, bytes_before(dimension, first), bytes_before(dimension, last));
    return;
  }
  const Place from = find(dimension, first, Bias::kRight);
  if (first == last || from.chunk.item == nullptr) {
    return;
  }
  const std::string_view old = from.chunk.item->text();
  const std::uint64_t chunk_end =
      from.chunk.before.*dimension + from.chunk.item->summary().*dimension;
  if (last <= chunk_end) {
    const std::size_t end = from.chunk.item->offset(dimension, last - from.chunk.before.*dimension);
    if (old.size() - (end - from.offset) >= kChunkMin) {
      chunks_.update(from.chunk, [&](Chunk& chunk) { chunk.erase(from.offset, end); });
      return;
    }
  }
  const Place to = find(dimension, last, Bias::kLeft);
  std::string rest(old.substr(0, from.offset));
  rest += to.chunk.item->text().substr(to.offset);
  replace(from.chunk.index, to.chunk.index + 1, std::move(rest));
}

// Puts `text` in the place of the chunks [first, last), together with a neighbour if it is too
// short for a chunk of its own.
template <std::size_t kChunkBytes, std::size_t kLeafMax, std::size_t kBranchMax>
void BasicRope<kChunkBytes, kLeafMax, kBranchMax>::replace(std::size_t first,
                                                           std::size_t last,
                                                           std::string text) {
  if (text.size() < kChunkMin && last < chunks_.size()) {
    text += chunks_.seek_index(last++).item->text();
  } else if (text.size() < kChunkMin && first > 0) {
    text.insert(0, chunks_.seek_index(--first).item->text());
  }
  std::vector<Chunk> chunks;
  chunks.reserve(text.size() / kChunkLoaded + 1);
  cut_text(text, kChunkBytes, [&](std::string_view piece) { chunks.emplace_back(piece); });
  chunks_.replace(first, last, chunks);
}

template <std::size_t kChunkBytes, std::size_t kLeafMax, std::size_t kBranchMax>
std::string BasicRope<kChunkBytes, kLeafMax, kBranchMax>::slice(Dimension dimension,
                                                                std::uint64_t first,
                                                                std::uint64_t last) const {
  CS_ASSERT(first <= last, "a range has a start and an end");
  if (dimension == &TextSize::newlines) {
    return slice(&TextSize::bytes, locate(dimension, first).bytes, locate(dimension, last).bytes);
  }
  const Place from = find(dimension, first, Bias::kRight);
  const Place to = find(dimension, last, Bias::kLeft);
  std::string result;
  if (first == last || from.chunk.item == nullptr) {
    return result;
  }
  std::size_t begin = from.offset;
  auto chunk = chunks_.from(from.chunk);
  for (std::size_t i = from.chunk.index; i < to.chunk.index; ++i, ++chunk) {
    result += chunk->text().substr(begin);
    begin = 0;
  }
  result += chunk->text().substr(begin, to.offset - begin);
  return result;
}

template <std::size_t kChunkBytes, std::size_t kLeafMax, std::size_t kBranchMax>
std::string BasicRope<kChunkBytes, kLeafMax, kBranchMax>::text() const {
  std::string result;
  result.reserve(size().bytes);
  for (const Chunk& chunk : chunks_) {
    result += chunk.text();
  }
  return result;
}

// Equal texts may be cut differently.
template <std::size_t kChunkBytes, std::size_t kLeafMax, std::size_t kBranchMax>
bool BasicRope<kChunkBytes, kLeafMax, kBranchMax>::equals(const BasicRope& other) const {
  if (size() != other.size()) {
    return false;
  }
  auto chunk = other.chunks_.begin();
  std::size_t compared = 0;  // bytes of `chunk`
  for (const Chunk& own : chunks_) {
    for (std::string_view rest = own.text(); !rest.empty();) {
      const std::string_view theirs = chunk->text().substr(compared, rest.size());
      if (rest.substr(0, theirs.size()) != theirs) {
        return false;
      }
      rest.remove_prefix(theirs.size());
      compared += theirs.size();
      if (compared == chunk->text().size()) {
        ++chunk;
        compared = 0;
      }
    }
  }
  return true;
}

template <std::size_t kChunkBytes, std::size_t kLeafMax, std::size_t kBranchMax>
bool BasicRope<kChunkBytes, kLeafMax, kBranchMax>::is_consistent() const {
  for (const Chunk& chunk : chunks_) {
    const std::string_view text = chunk.text();
    if (chunk.summary() != measure_text(text) || text.empty() || is_continuation(text.front()) ||
        (chunks_.size() > 1 && text.size() < kChunkMin)) {
      return false;
    }
  }
  return chunks_.is_consistent();
}

using Rope = BasicRope<256, 8, 16>;

extern template class BasicRope<256, 8, 16>;

}  // namespace cloudsync::ot
