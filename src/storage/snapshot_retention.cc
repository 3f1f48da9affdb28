#include "storage/snapshot_retention.h"

namespace cloudsync::storage {

std::vector<Revision> thin_out(std::span<const Revision> kept) {
  std::vector<Revision> superfluous;
  if (kept.size() < 3) {
    return superfluous;
  }
  const std::uint64_t newest = kept.back().value();
  std::uint64_t previous = kept.front().value();
  for (std::size_t i = 1; i + 1 < kept.size(); ++i) {
    const std::uint64_t following = kept[i + 1].value();
    if (following - previous <= newest - following) {
      superfluous.push_back(kept[i]);
    } else {
      previous = kept[i].value();
    }
  }
  return superfluous;
}

}  // namespace cloudsync::storage
