#pragma once
// What the members of one document in this process share: the edits on their way, to measure
// delivery by client id and sequence number, and the last `ops` frame. The server sends all members
// the same bytes, so one parse serves them all. Loop thread only.

#include "base/clock.h"
#include "base/ids.h"
#include "client/messages.h"
#include "loadtest/measurements.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloudsync::loadtest {

/// The scheduled times of the edits in one operation.
using EditTimes = std::vector<TimePoint>;

class SharedDocument {
 public:
  explicit SharedDocument(DocumentId id) : id_(std::move(id)) {}

  const DocumentId& id() const { return id_; }

  void add_member() { ++members_; }

  /// An operation left its author.
  void on_submitted(const ClientId& client, ClientSeq seq, EditTimes times);
  /// A member applied it at `now`: records a delivery for each edit, unless the member is the
  /// author. It is forgotten when all other members have it.
  void on_applied(const client::CommittedOp& op,
                  const ClientId& member,
                  TimePoint now,
                  Measurements& measurements);

  /// Edits that have not reached every member.
  std::size_t on_their_way() const { return on_their_way_.size(); }

  /// The batch of the last frame if `text` is that frame, else nullptr.
  std::shared_ptr<const client::OpsBatch> find_frame(std::string_view text) const;
  void keep_frame(std::string_view text, std::shared_ptr<const client::OpsBatch> batch);

 private:
  struct OnItsWay {
    EditTimes times;
    std::size_t missing = 0;  // members that have not applied it
  };

  DocumentId id_;
  std::size_t members_ = 0;
  std::map<std::pair<ClientId, ClientSeq>, OnItsWay> on_their_way_;
  std::string frame_text_;
  std::shared_ptr<const client::OpsBatch> frame_;
};

}  // namespace cloudsync::loadtest
