#pragma once
// Attributes of rich text: a JSON object whose values are compared and replaced whole. In a retain
// a null removes the attribute. The rules are those of quill-delta's AttributeMap.

#include "base/json.h"
#include "base/result.h"
#include "ot/shared_object.h"
#include "ot/side.h"

#include <cstddef>
#include <string_view>

namespace cloudsync::ot {

enum class Nulls : bool { kDrop, kKeep };

/// `first`, then `second`: its values win. Nulls of `second` are kept for a retain, and remove the
/// attribute of an insert.
SharedObject compose_attributes(const SharedObject& first, const SharedObject& second, Nulls nulls);

/// What of `attributes` is to be set after a concurrent retain set `other`: all on kRight, on kLeft
/// only keys that `other` doesn't have.
SharedObject transform_attributes(const SharedObject& attributes,
                                  const SharedObject& other,
                                  Side side);

/// What undoes a retain with `attributes` on a run that had `base`: its values, and nulls for what
/// it did not have.
SharedObject invert_attributes(const SharedObject& attributes, const SharedObject& base);

/// Errors: kOpInvalid, naming the component, if `key` is forbidden as for check_keys().
Result<void> check_key(std::string_view key, std::size_t component);

/// Errors: kOpInvalid if a key at any depth is one that JavaScript objects don't treat as data
/// (`__proto__`, `constructor`, `prototype`): setting it would change every object of a careless
/// peer.
Result<void> check_keys(const JsonValue& value, std::size_t component);
Result<void> check_keys(const JsonObject& object, std::size_t component);

}  // namespace cloudsync::ot
