#include "document/chain.h"

#include <span>

namespace cloudsync::document {

Sha256 op_digest(const storage::Salt& salt, std::string_view op) {
  std::string bytes(salt.begin(), salt.end());
  bytes.append(op);
  return sha256(as_bytes(bytes));
}

storage::ChainHash chain_hash(const storage::Update& update) {
  return FieldHasher()
      .add(std::span<const std::uint8_t>(update.prev_hash))
      .add(update.revision.value())
      .add(std::string_view(update.client.value()))
      .add(update.seq.value())
      .add(std::string_view(update.user.value()))
      .add(static_cast<std::uint64_t>(update.created_at.value()))
      .add(std::span<const std::uint8_t>(update.op_digest))
      .finish();
}

void link(storage::Update& update, const storage::ChainHash& previous) {
  update.op_digest = op_digest(update.salt, update.op);
  update.prev_hash = previous;
  update.hash = chain_hash(update);
}

bool is_linked(const storage::Update& update,
               Revision revision,
               const storage::ChainHash& previous) {
  return update.revision == revision && update.prev_hash == previous &&
         update.op_digest == op_digest(update.salt, update.op) && update.hash == chain_hash(update);
}

Sha256 submission_hash(Revision base, ClientSeq seq, std::string_view canonical_op) {
  return FieldHasher().add(base.value()).add(seq.value()).add(canonical_op).finish();
}

std::string short_hash(const storage::ChainHash& hash) {
  return hex(std::span<const std::uint8_t>(hash).first(8));
}

}  // namespace cloudsync::document
