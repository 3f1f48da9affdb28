#pragma once
// The selections of a document's other editors, kept valid while the text changes under them
// (docs/protocol.md section 4: hold a presence until its revision is reached, then transform it
// over later operations and over own unacknowledged ones).

#include "base/ids.h"
#include "ot/type.h"

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

namespace cloudsync::client {

/// Authors kept at once; the server lists no more (limits.members_listed) by default.
inline constexpr std::size_t kPresenceAuthorsMax = 100;

class PresenceMap {
 public:
  /// A presence event. `unacknowledged` are the own operations in flight and pending, in order: an
  /// event at the `current` revision is moved over them at once, a later one is held. An older one
  /// is dropped: the server tags presence with its head and sends it in order with the operations.
  void on_presence(const ClientId& client,
                   Revision revision,
                   std::optional<ot::Range> selection,
                   Revision current,
                   const std::vector<const ot::Operation*>& unacknowledged);

  /// The shown text changed by `op`: a local edit, or a committed operation of `author` in the form
  /// in which it was applied to the shown text.
  void transform(const ot::Operation& op, const ClientId* author);

  /// Revision `current` was reached: shows what was held for it.
  void on_revision(Revision current, const std::vector<const ot::Operation*>& unacknowledged);

  void remove(const ClientId& client);
  void clear();

  /// Selections in the shown text, by author.
  const std::map<ClientId, ot::Range>& shown() const { return shown_; }

 private:
  struct Held {
    Revision revision;
    ot::Range selection;
  };

  void show(const ClientId& client,
            ot::Range selection,
            const std::vector<const ot::Operation*>& unacknowledged);

  std::map<ClientId, ot::Range> shown_;
  std::map<ClientId, Held> held_;  // the latest of each author
};

}  // namespace cloudsync::client
