#include "checker.h"

#include "document/chain.h"

#include <map>
#include <utility>

namespace cloudsync::simulation {
namespace {

const DocumentId kDocument("doc");

/// Attributes may have come in another order to another client: they are sets.
std::string canonical(const std::string& json) {
  return to_canonical_json(parse_json(json).value());
}

class Checker {
 public:
  Checker(World& world, const Plan& plan, storage::MemoryStore& disk)
      : world_(world), plan_(plan), disk_(disk), executor_(world) {}

  std::vector<std::string> run(const std::vector<std::unique_ptr<Editor>>& editors) {
    read_log();
    replay();
    check_snapshot();
    for (const auto& editor : editors) {
      check_editor(*editor);
    }
    return std::move(problems_);
  }

 private:
  using Submission = std::pair<std::string, std::uint64_t>;  // client, seq

  void settle() {
    while (world_.run_one(world_.now())) {
    }
  }

  void problem(std::string what) { problems_.push_back(std::move(what)); }

  void read_log() {
    disk_.read_updates(kDocument,
                       Revision(1),
                       Revision(kJsonIntegerMax),
                       {.updates = 1'000'000, .bytes = 1'000'000'000},
                       executor_,
                       [this](Result<std::vector<storage::Update>> updates) {
                         log_ = std::move(updates).value();
                       });
    settle();
  }

  void replay() {
    ot::Document document = ot::make_document(plan_.type);
    contents_.push_back(to_canonical_json(ot::content(document)));
    hashes_.push_back(document::short_hash({}));
    storage::ChainHash hash{};
    for (const storage::Update& update : log_) {
      const Revision expected(contents_.size());
      if (!document::is_linked(update, expected, hash)) {
        problem("the chain breaks at " + std::to_string(expected.value()));
      }
      hash = update.hash;
      hashes_.push_back(document::short_hash(hash));
      const auto op = ot::parse_committed(plan_.type, parse_json(update.op).value());
      if (!op || !ot::apply(document, *op)) {
        problem("operation " + std::to_string(expected.value()) + " does not fit the log");
      }
      contents_.push_back(to_canonical_json(ot::content(document)));
      const Submission submission(update.client.value(), update.seq.value());
      if (!places_.emplace(submission, expected).second) {
        problem(submission.first + " " + std::to_string(submission.second) + " is there twice");
      }
    }
  }

  void check_snapshot() {
    disk_.read_snapshot(
        kDocument, Revision(log_.size()), executor_, [this](Result<storage::Snapshot> snapshot) {
          if (!snapshot) {
            problem("there is no snapshot");
          } else if (canonical(snapshot->content) != contents_.at(snapshot->revision.value()) ||
                     document::short_hash(snapshot->hash) !=
                         hashes_.at(snapshot->revision.value())) {
            problem("a snapshot is not the replay");
          }
        });
    settle();
  }

  void check_editor(const Editor& editor) {
    const std::string name = editor.client().self().value();
    for (const std::string& complaint : editor.complaints()) {
      problem(name + ": " + complaint);
    }
    if (!editor.client().saved()) {
      problem(name + " is not saved");
    }
    if (editor.client().revision() != Revision(log_.size())) {
      problem(name + " is not at the head");
    }
    if (to_canonical_json(ot::content(editor.client().document())) != contents_.back()) {
      problem(name + " shows something else than the log:\n    " +
              to_canonical_json(ot::content(editor.client().document())) + "\n    " +
              contents_.back());
    }
    for (const Editor::Ack& ack : editor.acks()) {
      const auto place = places_.find(Submission(name, ack.seq.value()));
      if (place == places_.end() || place->second != ack.revision) {
        problem(name + ": acknowledged " + std::to_string(ack.seq.value()) + " is not at " +
                std::to_string(ack.revision.value()));
      }
    }
    for (std::uint64_t seq = 1; seq <= editor.client().last_seq().value(); ++seq) {
      if (!places_.contains(Submission(name, seq))) {
        problem(name + ": " + std::to_string(seq) + " is missing");
      }
    }
    for (const Editor::SeenHash& seen : editor.hashes()) {
      if (seen.revision.value() >= hashes_.size() ||
          hashes_.at(seen.revision.value()) != seen.hash) {
        problem(name + " was told another hash at " + std::to_string(seen.revision.value()));
      }
    }
  }

  World& world_;
  const Plan& plan_;
  storage::MemoryStore& disk_;
  ProcessExecutor executor_;
  std::vector<storage::Update> log_;
  std::vector<std::string> contents_;  // by revision
  std::vector<std::string> hashes_;    // by revision
  std::map<Submission, Revision> places_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> check(World& world,
                               const Plan& plan,
                               storage::MemoryStore& disk,
                               const std::vector<std::unique_ptr<Editor>>& editors) {
  return Checker(world, plan, disk).run(editors);
}

}  // namespace cloudsync::simulation
