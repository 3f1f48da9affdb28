#pragma once
// DocumentService: the documents of one loop. It opens a document's authority on first use, carries
// out what the authority asks for (append, read, snapshot), and closes idle ones. Everything here
// runs on the service's own executor; other loops post to it. Completions run on that executor as
// well, never before the call returns, in order with MemberSink calls: a join's completion precedes
// every frame to that member, and an ack follows the frame that holds its revision.

#include "base/clock.h"
#include "base/executor.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/unique_function.h"
#include "document/messages.h"
#include "pubsub/pubsub.h"
#include "storage/op_store.h"
#include "storage/snapshot_store.h"

#include <functional>
#include <memory>

namespace cloudsync::document {

struct ServiceDependencies {
  Executor& executor;
  /// For what would hold the executor up; outlives the service and what it was given.
  Executor& workers;
  storage::OpStore& ops;
  storage::SnapshotStore& snapshots;
  MemberSink& sink;
  const Clock& clock;
  RandomSource& random;
  Metrics& metrics;
  const Limits& limits;
  /// Commits are published there and followed if the store is shared. Without it only the checks of
  /// the heads find what other nodes commit.
  pubsub::PubSub* pubsub = nullptr;
  /// Runs a task on the executor after a while: the wait before a failed read of the log is tried
  /// again, and before the heads are checked (limits.head_check_interval). Without it the read
  /// waits for the next request for its document, and heads are checked for those who ask.
  std::function<void(Duration, UniqueFunction<void()>)> run_after = nullptr;
};

class DocumentService {
 public:
  explicit DocumentService(ServiceDependencies dependencies);
  ~DocumentService();
  DocumentService(const DocumentService&) = delete;
  DocumentService& operator=(const DocumentService&) = delete;

  void join(MemberId member, JoinRequest request, Completion<JoinReply> done);
  /// The ack's revision.
  void submit(MemberId member, Submission submission, Completion<Revision> done);
  void fetch(MemberId member, FetchRequest request, Completion<FetchReply> done);
  void presence(MemberId member, PresenceUpdate update);
  /// False (kNotJoined) if the member was not in the document.
  void leave(MemberId member, const DocumentId& document, Completion<void> done);
  /// The connection is gone. To be called for each document that it joined, or asked to join, and
  /// did not leave: whoever keeps the connection knows them.
  void disconnect(MemberId member, const DocumentId& document);

  /// Content at `revision`, or at the head if unset, which is no older than what any node had
  /// acknowledged before the call. Errors: kNotFound, kRevisionUnknown,
  /// kUnavailable, kOverloaded.
  void read(const DocumentId& document,
            std::optional<Revision> revision,
            Completion<DocumentContent> done);

  /// Refuses new requests (kUnavailable) and calls back when every append and read in flight was
  /// answered and due snapshots are written.
  void close(UniqueFunction<void()> done);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cloudsync::document
