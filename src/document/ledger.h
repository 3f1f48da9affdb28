#pragma once
// The last submission of each client of a document, which makes a resend harmless: an identical one
// gets the answer that the first got, any other use of the same or a lower seq is refused
// (docs/protocol.md section 3). Committed ones come from the store, those found invalid are
// remembered while the client is known.

#include "base/crypto.h"
#include "base/ids.h"
#include "storage/records.h"

#include <boost/container/flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace cloudsync::document {

class ClientLedger {
 public:
  enum class Verdict : std::uint8_t {
    kNew,        ///< higher than every seq before
    kCommitted,  ///< the last one again, it was committed
    kMet,        ///< the seq of the last one, which was met in the log: perhaps another operation
    kInvalid,    ///< the last one again, it was found invalid
    kReused,     ///< the seq was used for something else, or is below the last
  };

  struct Answer {
    Verdict verdict = Verdict::kNew;
    Revision revision;  ///< of kCommitted and kMet
  };

  /// Whether it is remembered, as one that has submitted nothing as well.
  bool remembers(const ClientId& client) const { return last_.contains(client); }

  /// What the store has for the client; ignored if a later submission is known already.
  void load(const ClientId& client, const std::optional<storage::ClientRecord>& record);

  /// A client that is not remembered has submitted nothing. `hash` identifies the submission.
  Answer check(const ClientId& client, ClientSeq seq, const Sha256& hash) const;

  /// A submission was committed. `hash` identifies it.
  void commit(const ClientId& client, ClientSeq seq, Revision revision, const Sha256& hash);

  /// A submission was met in the log, where its hash is not: load() brings it. Changes nothing if
  /// that seq is known.
  void meet(const ClientId& client, ClientSeq seq, Revision revision);

  /// A submission was found invalid: its seq is used up.
  void refuse(const ClientId& client, ClientSeq seq, const Sha256& hash);

  void forget(const ClientId& client);

  /// Forgets the client if it has submitted nothing.
  void forget_silent(const ClientId& client);

  std::size_t size() const { return last_.size(); }

 private:
  struct Last {
    ClientSeq seq;                     // 0: none yet
    std::optional<Revision> revision;  // unset: invalid
    std::optional<Sha256> hash;
  };

  /// The client becomes known.
  Last& of(const ClientId& client);

  // Null for who has submitted nothing: most clients read only.
  boost::container::flat_map<ClientId, std::unique_ptr<Last>> last_;
};

}  // namespace cloudsync::document
