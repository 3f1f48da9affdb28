#include "document/ledger.h"

namespace cloudsync::document {

ClientLedger::Last& ClientLedger::of(const ClientId& client) {
  std::unique_ptr<Last>& last = last_[client];
  if (last == nullptr) {
    last = std::make_unique<Last>();
  }
  return *last;
}

void ClientLedger::load(const ClientId& client,
                        const std::optional<storage::ClientRecord>& record) {
  if (!record) {
    last_.try_emplace(client);
  } else if (Last& last = of(client); record->last_seq >= last.seq) {
    last = {.seq = record->last_seq, .revision = record->revision, .hash = record->submission_hash};
  }
}

ClientLedger::Answer ClientLedger::check(const ClientId& client,
                                         ClientSeq seq,
                                         const Sha256& hash) const {
  static const Last kNone;
  const auto found = last_.find(client);
  const bool is_silent = found == last_.end() || found->second == nullptr;
  const Last& last = is_silent ? kNone : *found->second;
  if (seq > last.seq) {
    return {.verdict = Verdict::kNew, .revision = {}};
  }
  if (seq < last.seq || (last.hash && *last.hash != hash)) {
    return {.verdict = Verdict::kReused, .revision = {}};
  }
  if (!last.revision) {
    return {.verdict = Verdict::kInvalid, .revision = {}};
  }
  if (!last.hash) {
    return {.verdict = Verdict::kMet, .revision = *last.revision};
  }
  return {.verdict = Verdict::kCommitted, .revision = *last.revision};
}

void ClientLedger::forget(const ClientId& client) {
  last_.erase(client);
  if (last_.empty()) {
    last_.shrink_to_fit();
  }
}

void ClientLedger::forget_silent(const ClientId& client) {
  const auto found = last_.find(client);
  if (found != last_.end() && found->second == nullptr) {
    forget(client);
  }
}

void ClientLedger::commit(const ClientId& client,
                          ClientSeq seq,
                          Revision revision,
                          const Sha256& hash) {
  Last& last = of(client);
  if (seq >= last.seq) {
    last = {.seq = seq, .revision = revision, .hash = hash};
  }
}

void ClientLedger::meet(const ClientId& client, ClientSeq seq, Revision revision) {
  Last& last = of(client);
  if (seq > last.seq) {
    last = {.seq = seq, .revision = revision, .hash = std::nullopt};
  }
}

void ClientLedger::refuse(const ClientId& client, ClientSeq seq, const Sha256& hash) {
  Last& last = of(client);
  if (seq > last.seq) {
    last = {.seq = seq, .revision = std::nullopt, .hash = hash};
  }
}

}  // namespace cloudsync::document
