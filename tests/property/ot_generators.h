#pragma once
// Random documents and operations that fit them, for the property tests of src/ot. Call these
// inside a RapidCheck property: they draw from its generators, and so shrink.

#include "ot/type.h"

namespace cloudsync::ot {

Document any_document(Type type);
/// One of many chunks and runs; text or rich text.
Document any_long_document(Type type);
/// An operation that applies to `document`.
Operation any_operation(const Document& document);
Side any_side();
/// A selection inside `document`.
Range any_range(const Document& document);

/// The document after `op`, which must fit.
Document applied(Document document, const Operation& op);

}  // namespace cloudsync::ot
