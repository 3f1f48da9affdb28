#pragma once
// What the members of one document in this process share, so that a member takes little memory and
// time. Loop thread only.
//
// - The edits on their way, to measure delivery by client id and sequence number.
// - The last `ops` frame: the server sends all members the same bytes, so one parse serves them.
// - Contents. Applying is a function of the content before and the operations: of the members that
//   hold the same object and get the same frame, the first applies it, and the others take what it
//   got. A member that writes leaves this circle, since its content is its own.

#include "base/clock.h"
#include "base/ids.h"
#include "client/messages.h"
#include "loadtest/measurements.h"
#include "loadtest/target.h"

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

/// What several members show; compared by address.
using SharedContent = std::shared_ptr<const ot::Document>;

class SharedDocument {
 public:
  /// `target`, the node that has it, outlives this.
  SharedDocument(DocumentId id, const Target& target) : id_(std::move(id)), target_(target) {}

  const DocumentId& id() const { return id_; }

  const Target& target() const { return target_; }

  void add_member() { ++members_; }

  /// For a document with members in other processes: `announce` gets each operation that leaves its
  /// author here, for on_announced() there.
  using Announce =
      UniqueFunction<void(const ClientId& client, ClientSeq seq, const EditTimes& times)>;

  void spread(Announce announce) { announce_ = std::move(announce); }

  /// An operation left its author.
  void on_submitted(const ClientId& client, ClientSeq seq, EditTimes times);
  /// An operation left its author in another process, where it may have been before any member
  /// here had it, or not.
  void on_announced(const ClientId& client, ClientSeq seq, EditTimes times);
  /// A member applied it at `now`: records a delivery for each edit in `latency`, which outlives
  /// this, unless the member is the author. It is forgotten when all other members have it.
  void on_applied(const client::CommittedOp& op,
                  const ClientId& member,
                  TimePoint now,
                  Latency& latency);

  /// Edits that have not reached every member.
  std::size_t on_their_way() const { return on_their_way_.size(); }

  /// The batch of the last frame if `text` is that frame, else nullptr.
  std::shared_ptr<const client::OpsBatch> find_frame(std::string_view text) const;
  void keep_frame(std::string_view text, std::shared_ptr<const client::OpsBatch> batch);

  /// The content that was parsed from an equal snapshot; null if the last one was another.
  SharedContent find_snapshot(const JsonValue& snapshot) const;
  SharedContent keep_snapshot(JsonValue snapshot, const ot::Document& content);

  /// What `batch` (the object) made of `before`, if the last that was kept was that; else null.
  SharedContent find_applied(const SharedContent& before, const client::OpsBatch& batch) const;
  SharedContent keep_applied(SharedContent before,
                             std::shared_ptr<const client::OpsBatch> batch,
                             const ot::Document& after);

 private:
  struct OnItsWay {
    EditTimes times;
    std::size_t missing = 0;  // members that have not applied it
  };

  struct Arrival {
    TimePoint time;
    Latency* latency;
  };

  using Key = std::pair<ClientId, ClientSeq>;

  DocumentId id_;
  const Target& target_;
  std::size_t members_ = 0;
  std::map<Key, OnItsWay> on_their_way_;
  Announce announce_;                            // null: all members are here
  std::map<Key, std::vector<Arrival>> arrived_;  // before they were announced
  std::string frame_text_;
  std::shared_ptr<const client::OpsBatch> frame_;

  struct Snapshot {
    JsonValue json;
    SharedContent content;
  } snapshot_;

  struct Applied {
    SharedContent before;
    std::shared_ptr<const client::OpsBatch> batch;
    SharedContent after;
  } applied_;
};

}  // namespace cloudsync::loadtest
