#pragma once
// What a node publishes of a document: the operations of one commit, so that other nodes need not
// read them from the log. Only nodes read it; a format that a node doesn't know is as good as lost.

#include "base/ids.h"
#include "base/result.h"
#include "storage/records.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::document {

/// The topic of a document's publications.
std::string publication_topic(const DocumentId& document);

/// `updates` are consecutive and linked, at least one.
std::string encode_publication(std::span<const storage::Update> updates);

/// Errors: kBadRequest if it is no publication or damaged: the chain over its operations must end
/// in the hash that it names.
Result<std::vector<storage::Update>> decode_publication(std::string_view bytes);

}  // namespace cloudsync::document
