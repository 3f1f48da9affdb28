#pragma once
// Random documents and operations that fit them, for the property tests of src/ot. Call these
// inside a RapidCheck property: they draw from its generators, and so shrink.

#include "ot/type.h"

namespace cloudsync::ot {

Document any_document(Type type);
/// One of many chunks and runs.
Document any_long_document(Type type);
/// An operation that applies to `document`.
Operation any_operation(const Document& document);
Side any_side();

/// The document after `op`, which must fit.
Document applied(Document document, const Operation& op);

}  // namespace cloudsync::ot
