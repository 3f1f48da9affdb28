#include "client/presence.h"

namespace cloudsync::client {

void PresenceMap::on_presence(const ClientId& client,
                              Revision revision,
                              std::optional<ot::Range> selection,
                              Revision current,
                              const std::vector<const ot::Operation*>& unacknowledged) {
  if (!selection) {
    remove(client);
    return;
  }
  if (revision < current) {
    return;
  }
  held_.erase(client);
  const bool known = shown_.contains(client);
  if (!known && shown_.size() + held_.size() >= kPresenceAuthorsMax) {
    return;
  }
  if (revision == current) {
    show(client, *selection, unacknowledged);
  } else {
    held_.emplace(client, Held{revision, *selection});
  }
}

void PresenceMap::show(const ClientId& client,
                       ot::Range selection,
                       const std::vector<const ot::Operation*>& unacknowledged) {
  for (const ot::Operation* op : unacknowledged) {
    selection = ot::transform_range(selection, *op, false);
  }
  shown_.insert_or_assign(client, selection);
}

void PresenceMap::transform(const ot::Operation& op, const ClientId* author) {
  for (auto& [client, range] : shown_) {
    range = ot::transform_range(range, op, author != nullptr && client == *author);
  }
}

void PresenceMap::on_revision(Revision current,
                              const std::vector<const ot::Operation*>& unacknowledged) {
  for (auto it = held_.begin(); it != held_.end();) {
    if (it->second.revision > current) {
      ++it;
      continue;
    }
    if (it->second.revision == current) {
      show(it->first, it->second.selection, unacknowledged);
    }
    it = held_.erase(it);
  }
}

void PresenceMap::remove(const ClientId& client) {
  shown_.erase(client);
  held_.erase(client);
}

void PresenceMap::clear() {
  shown_.clear();
  held_.clear();
}

}  // namespace cloudsync::client
