#pragma once
// What one member writes into the history of the run (docs/history.md). Loop thread only.

#include "checker/history_file.h"
#include "client/document_client.h"

#include <map>
#include <optional>
#include <string>

namespace cloudsync::loadtest {

/// Writes nothing if it has no writer.
class MemberHistory {
 public:
  /// `writer` may be null, else it outlives this.
  MemberHistory(checker::HistoryWriter* writer, DocumentId document)
      : writer_(writer), document_(std::move(document)) {}

  void connected(bool up);
  /// A reply to a join was taken: a snapshot, or operations behind `revision`.
  void opened(const client::DocumentClient& copy);
  void resumed(Revision revision, const std::string& hash);
  /// Before a submission goes out; `again` if it did before.
  void sent(const client::OutgoingSubmission& submission, bool again);
  void acked(ClientSeq seq, Revision revision);
  void rejected(ClientSeq seq, std::string_view code);
  /// Operations came. Those that are new are known when the copy has applied them.
  void received(const client::OpsBatch& batch);
  /// The copy changed: writes what it applied since, and the saved indicator.
  void advance(const client::DocumentClient& copy);
  /// At rest.
  void finish(const client::DocumentClient& copy);

  /// From the first content on, events are written under the copy's client id.
  void identify(const ClientId& self) { self_ = self.value(); }

 private:
  struct Received {
    ClientId client;
    ClientSeq seq;
    std::string hash;  // of the last operation of a batch
  };

  bool is_on() const { return writer_ != nullptr && !self_.empty(); }

  checker::Event make(checker::Kind kind) const;
  void write(const checker::Event& event);

  checker::HistoryWriter* writer_;
  DocumentId document_;
  std::string self_;
  Revision revision_;                      // the last written
  std::map<Revision, Received> received_;  // behind revision_
  std::optional<bool> saved_;              // as last written
};

}  // namespace cloudsync::loadtest
