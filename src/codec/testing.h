#pragma once
// For tests and fuzz targets: runs a parser over one input whole, byte by byte and in random
// pieces.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::codec::testing {

/// A cut of an input: the sizes of its pieces, which add up to the input's.
using Cut = std::vector<std::size_t>;

/// Piece sizes drawn from `seed`: mostly small, some empty.
inline Cut random_cut(std::size_t bytes, std::uint32_t seed) {
  std::minstd_rand random(seed + 1);
  Cut cut;
  while (bytes > 0) {
    const std::size_t piece = std::min<std::size_t>(bytes, random() % (random() % 4 == 0 ? 64 : 6));
    cut.push_back(piece);
    bytes -= piece;
  }
  return cut;
}

/// The input whole, byte by byte, and in `random_cuts` random ways.
inline std::vector<Cut> cuts_of(std::size_t bytes, std::uint32_t random_cuts) {
  std::vector<Cut> cuts{Cut{bytes}, Cut(bytes, 1)};
  for (std::uint32_t seed = 0; seed < random_cuts; ++seed) {
    cuts.push_back(random_cut(bytes, seed));
  }
  return cuts;
}

/// Calls `piece(bytes)` for each piece of `input`. Every piece is a copy of exactly its size, so
/// that AddressSanitizer sees a read beyond it.
template <class Piece>
void for_each_piece(std::string_view input, const Cut& cut, Piece piece) {
  for (const std::size_t bytes : cut) {
    std::vector<std::uint8_t> copy(input.begin(),
                                   input.begin() + static_cast<std::ptrdiff_t>(bytes));
    input.remove_prefix(bytes);
    piece(copy);
  }
}

}  // namespace cloudsync::codec::testing
