// What a document's authority spends on submissions that wait: many clients submit on one revision
// while an append is in flight, then all are committed. Moving each over those before it is
// quadratic in their number and has to be (docs/ot.md: never over a composition); the rest is not.

#include "document/authority.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace cloudsync::document {
namespace {

class Clients {
 public:
  explicit Clients(std::size_t count) {
    storage::OpenedDocument opened;
    opened.info = {.id = DocumentId("doc"),
                   .org = OrgId("org"),
                   .type = "text",
                   .title = "T",
                   .created_by = UserId("u"),
                   .created_at = Timestamp(1),
                   .head = Revision(0),
                   .head_hash = {},
                   .updated_at = Timestamp(1)};
    opened.snapshot = {.revision = Revision(0), .content = "\"\"", .hash = {}};
    authority_ = DocumentAuthority::open(std::move(opened), limits_).value();
    for (std::uint64_t i = 0; i < count; ++i) {
      const ClientId client("client" + std::to_string(i));
      const JoinRequest request{.document = DocumentId("doc"),
                                .user = UserId("u"),
                                .client = client,
                                .name = "n",
                                .revision = std::nullopt,
                                .hash = {}};
      authority_->join(i, {.loop = 0, .connection = i}, request, Timestamp(1));
      authority_->on_client(client, std::optional<storage::ClientRecord>(), Timestamp(1));
    }
    authority_->take_effects();
  }

  // The first is on its way to the store, the others wait.
  void submit_all(std::size_t count) {
    const JsonValue op = parse_json(R"(["x"])").value();
    for (std::uint64_t i = 0; i < count; ++i) {
      authority_->submit(
          i,
          {.loop = 0, .connection = i},
          {.document = DocumentId("doc"), .revision = Revision(0), .seq = ClientSeq(1), .op = op},
          moment());
    }
  }

  /// Returns the CPU time of the longest turn.
  double commit_all() {
    double longest_s = 0;
    while (!authority_->is_quiet()) {
      bool appends = false;
      bool continues = false;
      bool writes = false;
      for (const Effect& effect : authority_->take_effects()) {
        appends |= std::holds_alternative<AppendEffect>(effect);
        continues |= std::holds_alternative<ContinueEffect>(effect);
        writes |= std::holds_alternative<SnapshotEffect>(effect);
      }
      const double start_s = cpu_s();
      if (appends) {
        authority_->on_append({.status = storage::AppendStatus::kCommitted, .reason = {}},
                              moment());
      }
      if (continues) {
        authority_->go_on(moment());
      }
      if (writes) {
        authority_->on_snapshot();
      }
      longest_s = std::max(longest_s, cpu_s() - start_s);
    }
    return longest_s;
  }

 private:
  static double cpu_s() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }

  Moment moment() { return {.now = Timestamp(1), .at = {}, .random = random_}; }

  Limits limits_ = [] {
    Limits limits;
    limits.batch_window = {};  // time stands still here
    return limits;
  }();
  SeededRandom random_{1};
  std::unique_ptr<DocumentAuthority> authority_;
};

void submit(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    auto clients = std::make_unique<Clients>(count);
    state.ResumeTiming();
    clients->submit_all(count);
    state.PauseTiming();
    clients.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void commit(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  double longest_s = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto clients = std::make_unique<Clients>(count);
    clients->submit_all(count);
    state.ResumeTiming();
    longest_s = std::max(longest_s, clients->commit_all());
    state.PauseTiming();
    clients.reset();
    state.ResumeTiming();
  }
  state.counters["longest_turn_ms"] = longest_s * 1e3;
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(submit)->Arg(64)->Arg(512)->Arg(4'000);
BENCHMARK(commit)->Arg(64)->Arg(512)->Arg(4'000);

}  // namespace
}  // namespace cloudsync::document
