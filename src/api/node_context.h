#pragma once
// What the API of every loop shares: the stores, the identities, and the way to the other loops.
// Built once by node/ before the loops start; the vectors don't change afterwards.

#include "api/guests.h"
#include "api/observer.h"
#include "api/static_files.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "base/random.h"
#include "document/service.h"
#include "storage/directory_store.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cloudsync::api {

class Collaboration;

struct NodeContext {
  const Limits& limits;
  Metrics& metrics;
  const Clock& clock;
  RandomSource& random;
  const Guests& guests;
  const StaticFiles& static_files;
  storage::DirectoryStore& directory;
  /// Why the node can't serve, or nothing; for /readyz. Thread-safe.
  std::function<std::optional<std::string>()> not_ready;
  /// Which durability a commit has, for /readyz: "single-node".
  std::string durability;
  Observer* observer;  ///< may be null

  // By loop index.
  std::vector<Executor*> loops;
  std::vector<document::DocumentService*> documents;
  std::vector<Collaboration*> collaborations;

  /// The loop that owns a document: all its members meet there.
  std::uint32_t loop_of(const DocumentId& document) const {
    return static_cast<std::uint32_t>(std::hash<DocumentId>{}(document) % loops.size());
  }
};

}  // namespace cloudsync::api
