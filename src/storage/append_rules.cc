#include "storage/append_rules.h"

namespace cloudsync::storage {

std::optional<std::string> find_malformation(const Append& append) {
  if (append.updates.empty()) {
    return "the append is empty";
  }
  Revision expected = append.expected_head;
  const ChainHash* link = nullptr;
  for (const Update& update : append.updates) {
    expected = next(expected);
    if (update.revision != expected) {
      return "the revisions of the append have a gap";
    }
    if (link != nullptr && update.prev_hash != *link) {
      return "the hashes of the append are not linked";
    }
    link = &update.hash;
  }
  return std::nullopt;
}

}  // namespace cloudsync::storage
