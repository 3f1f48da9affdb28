#pragma once
// What a document's authority has under way: requests that have no answer yet, reads of the log,
// the queue and the batch. Most documents that are open have nothing of it at most times.

#include "base/crypto.h"
#include "base/ids.h"
#include "document/history.h"
#include "document/messages.h"
#include "document/rebase.h"
#include "storage/records.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace cloudsync::document {

struct PendingJoin {
  MemberId member;
  JoinRequest request;
};

/// Who waits for the answer to a client's submission.
struct Awaited {
  std::vector<Token> tokens;  ///< the request and its resends
  ClientSeq seq;
  Sha256 hash{};  ///< identity of the submission
};

/// A submission on its way to the head, and what was read of the log for it.
struct Moving {
  PendingSubmission submission;
  std::vector<storage::Update> updates;
  std::size_t taken = 0;             ///< of updates
  std::optional<Committed> current;  ///< the last one taken, unless the submission is behind it
};

/// A submission on its way over the first `over` of its batch-mates.
struct Candidate {
  MovingOp op;
  std::size_t over = 0;
};

/// What a ContinueEffect is for.
enum class Turn : std::uint8_t { kSubmission, kQueue };

/// What a read of the log is for.
struct JoinRead {
  Token join = 0;
};

struct FetchRead {
  Token fetch = 0;
  Revision to;
};

struct RebaseRead {
  PendingSubmission submission;
};

struct RecoveryRead {
  std::uint32_t attempt = 0;
};

struct HeadRead {};

using Read = std::variant<JoinRead, FetchRead, RebaseRead, RecoveryRead, HeadRead>;

/// A request that is answered behind a check of the head.
struct HeadWaiter {
  Token token = 0;
  bool is_join = false;
};

struct Work {
  std::map<Token, PendingJoin> joins;
  std::map<ClientId, std::uint32_t> joining;       ///< how many of joins, by client
  std::map<ClientId, std::vector<Token>> lookups;  ///< joins that wait for on_client

  /// A client has one submission in moving, lagging, queue, batch and reads together, and awaited
  /// knows which without a search.
  std::map<ClientId, Awaited> awaited;
  std::list<Turn> turns;  ///< those that ContinueEffects are under way for
  std::list<Moving> moving;
  /// Every element of queue is moved to the head; batch was when it was made one for one as
  /// batch_committed. What waits when others are committed lags until it is moved over them. No
  /// batch is made before all are, so that the history reaches them.
  std::list<PendingSubmission> lagging;
  std::list<PendingSubmission> queue;
  std::size_t queue_bytes = 0;         ///< of moving, lagging, queue and reads
  std::optional<Candidate> candidate;  ///< made of queue.front()
  std::vector<PendingSubmission> batch;
  std::vector<Committed> batch_committed;  ///< what batch becomes
  std::size_t batch_bytes = 0;             ///< of batch_committed

  /// Those whose presence changed and was not delivered, in order.
  std::vector<MemberId> to_show;

  std::map<Token, Read> reads;

  /// One check of the head is under way at most. Those who came after its read had started wait for
  /// the next.
  bool checking_head = false;
  bool check_again = false;  ///< what it found can't be taken before the append in flight is over
  std::vector<HeadWaiter> head_waiters;
  std::vector<HeadWaiter> late_head_waiters;

  void begin_join(Token token, PendingJoin join) {
    ++joining[join.request.client];
    joins.emplace(token, std::move(join));
  }

  void end_join(Token token) {
    const auto join = joins.find(token);
    const auto of_client = joining.find(join->second.request.client);
    if (--of_client->second == 0) {
      joining.erase(of_client);
    }
    joins.erase(join);
  }

  bool empty() const {
    return joins.empty() && lookups.empty() && awaited.empty() && turns.empty() && moving.empty() &&
           lagging.empty() && queue.empty() && batch.empty() && to_show.empty() && reads.empty() &&
           !checking_head && head_waiters.empty() && late_head_waiters.empty();
  }
};

}  // namespace cloudsync::document
