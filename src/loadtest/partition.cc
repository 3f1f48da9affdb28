#include "loadtest/partition.h"

#include <algorithm>

namespace cloudsync::loadtest {
namespace {

/// Where part `index` of `count` begins, of `total` in order.
std::size_t part_begin(std::size_t total, std::size_t index, std::size_t count) {
  return total * index / count;
}

/// Of `total` dealt to `documents` in turn, how many the first `end` documents get.
std::size_t dealt(std::size_t total, std::size_t documents, std::size_t end) {
  return total / documents * end + std::min(total % documents, end);
}

/// The connections [begin, end) of a spread load, whose writers are the first.
Options part_of_members(const Options& whole, std::size_t begin, std::size_t end) {
  Options part = whole;
  part.connections = end - begin;
  part.writers = std::min(end, whole.writers) - std::min(begin, whole.writers);
  part.slow_readers = end - std::max(begin, std::min(end, whole.connections - whole.slow_readers));
  return part;
}

Options part_of_documents(const Options& whole, std::size_t begin, std::size_t end) {
  Options part = whole;
  const auto share = [&](std::size_t total) {
    return dealt(total, whole.documents, end) - dealt(total, whole.documents, begin);
  };
  part.documents = end - begin;
  part.first_document = whole.first_document + begin;
  part.connections = share(whole.connections);
  part.writers = share(whole.writers);
  part.slow_readers = share(whole.slow_readers);
  return part;
}

/// The targets of part `index` of `count`, which are few if they can be: real clients have machines
/// of their own, but here each sweep of a node would wake all workers that have sessions there.
std::vector<Target> part_of_targets(const std::vector<Target>& targets,
                                    std::size_t index,
                                    std::size_t count) {
  if (targets.size() <= 1 || (targets.size() % count != 0 && count % targets.size() != 0)) {
    return targets;
  }
  const auto begin =
      targets.begin() + static_cast<std::ptrdiff_t>(part_begin(targets.size(), index, count));
  return {begin,
          begin + static_cast<std::ptrdiff_t>(std::max<std::size_t>(targets.size() / count, 1))};
}

double share_of(double rate, std::size_t part, std::size_t whole) {
  return whole > 0 ? rate * static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

}  // namespace

std::size_t worker_count(const Options& options) {
  return options.workers > 0
             ? options.workers
             : (options.connections + kConnectionsPerProcess - 1) / kConnectionsPerProcess;
}

Result<std::vector<Options>> divide(const Options& options, std::size_t workers) {
  if (!options.spread && options.documents < workers) {
    return fail(ErrorCode::kBadRequest,
                std::to_string(workers) + " workers need as many documents, or --spread");
  }
  if (options.connections / workers < (options.spread ? options.documents : 1)) {
    return fail(ErrorCode::kBadRequest,
                "there are too few connections for " + std::to_string(workers) + " workers");
  }
  std::vector<Options> parts;
  for (std::size_t i = 0; i < workers; ++i) {
    const std::size_t total = options.spread ? options.connections : options.documents;
    const std::size_t begin = part_begin(total, i, workers);
    const std::size_t end = part_begin(total, i + 1, workers);
    Options part = options.spread ? part_of_members(options, begin, end)
                                  : part_of_documents(options, begin, end);
    if (!options.spread) {
      part.targets = part_of_targets(options.targets, i, workers);
    }
    part.ops_per_second = share_of(options.ops_per_second, part.writers, options.writers);
    part.connects_per_second =
        share_of(options.connects_per_second, part.connections, options.connections);
    part.rejoins_per_second =
        share_of(options.rejoins_per_second, part.connections, options.connections);
    part.source_addresses = std::max(options.source_addresses / workers,
                                     std::min<std::size_t>(options.source_addresses, 1));
    part.first_source = i * part.source_addresses;
    part.seed = options.seed + i;
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace cloudsync::loadtest
