#include "client/messages.h"

namespace cloudsync::client {
namespace {

Result<CommittedOp> parse_committed_op(ot::Type type, const JsonValue& json) {
  const JsonObject* object = json.if_object();
  if (object == nullptr) {
    return fail(ErrorCode::kBadRequest, "an element of ops is not an object");
  }
  const auto* client = find_string(*object, "clientId");
  const auto seq = find_unsigned(*object, "seq");
  const JsonValue* op = object->if_contains("op");
  if (client == nullptr || !seq || op == nullptr) {
    return fail(ErrorCode::kBadRequest, "an element of ops lacks clientId, seq or op");
  }
  CS_TRY_ASSIGN(ot::Operation operation, ot::parse_committed(type, *op));
  return CommittedOp{.client = ClientId(std::string(view(*client))),
                     .seq = ClientSeq(*seq),
                     .op = std::move(operation)};
}

}  // namespace

Result<OpsBatch> parse_catch_up(ot::Type type, Revision first, const JsonArray& ops) {
  OpsBatch batch;
  batch.first = first;
  batch.ops.reserve(ops.size());
  for (const JsonValue& json : ops) {
    CS_TRY_ASSIGN(CommittedOp op, parse_committed_op(type, json));
    batch.ops.push_back(std::move(op));
  }
  return batch;
}

Result<OpsBatch> parse_ops(ot::Type type, const JsonObject& message) {
  const auto revision = find_unsigned(message, "revision");
  const JsonValue* ops = message.if_contains("ops");
  if (!revision || *revision == 0 || ops == nullptr || !ops->is_array()) {
    return fail(ErrorCode::kBadRequest, "ops lacks revision or ops");
  }
  CS_TRY_ASSIGN(OpsBatch batch, parse_catch_up(type, Revision(*revision), ops->get_array()));
  if (const auto* hash = find_string(message, "hash"); hash != nullptr) {
    batch.hash = std::string(view(*hash));
  }
  return batch;
}

}  // namespace cloudsync::client
