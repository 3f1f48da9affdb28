#include "simulation.h"

#include "checker.h"
#include "editor.h"
#include "faulty_store.h"
#include "server.h"
#include "world.h"

#include <algorithm>
#include <memory>

namespace cloudsync::simulation {
namespace {

constexpr Duration kFaultsEnd = std::chrono::seconds(4);
constexpr Duration kRestAtLatest = std::chrono::seconds(120);

class Simulation {
 public:
  explicit Simulation(const Plan& plan) : plan_(plan), world_(plan.seed), store_(world_, plan_) {}

  Outcome run() {
    create_document();
    server_ = std::make_unique<Server>(world_, plan_, store_);
    start_editors();
    for (std::uint64_t i = 0; i < plan_.crashes; ++i) {
      world_.after(world_.milliseconds(50, 1'500), [this] { crash(); });
    }
    while (world_.run_one(kFaultsEnd)) {
    }
    end_faults();
    while (!is_at_rest() && world_.run_one(kRestAtLatest)) {
    }
    outcome_.problems = check(world_, plan_, store_.disk(), editors_);
    if (plan_.bug == Bug::kNone) {
      close_server();
    }
    outcome_.operations = editors_.front()->client().revision().value();
    outcome_.conflicts = store_.conflicts();
    outcome_.unknowns = store_.unknowns();
    outcome_.connections = last_connection_;
    return std::move(outcome_);
  }

 private:
  void create_document() {
    ProcessExecutor executor(world_);
    store_.disk().create_document({.id = DocumentId("doc"),
                                   .org = OrgId("o"),
                                   .type = std::string(ot::type_name(plan_.type)),
                                   .title = "t",
                                   .created_by = UserId("u"),
                                   .created_at = Timestamp(1),
                                   .head = Revision(0),
                                   .head_hash = {},
                                   .updated_at = Timestamp(1)},
                                  to_json(ot::content(ot::make_document(plan_.type))),
                                  executor,
                                  [](const Result<void>&) {});
    while (world_.run_one(world_.now())) {
    }
  }

  void start_editors() {
    for (std::uint64_t i = 0; i < plan_.clients; ++i) {
      editors_.push_back(std::make_unique<Editor>(
          world_, plan_, ClientId("client" + std::to_string(i)), [this](const ClientId& client) {
            return connect(client);
          }));
      editors_.back()->start();
    }
  }

  std::shared_ptr<Connection> connect(const ClientId& client) {
    if (server_ == nullptr) {
      return nullptr;
    }
    auto connection = std::make_shared<Connection>(world_, plan_, ++last_connection_);
    server_->accept(connection, client);
    connections_.push_back(connection);
    return connection;
  }

  void crash() {
    if (server_ == nullptr) {
      return;
    }
    ++outcome_.crashes;
    server_.reset();
    store_.on_crash();
    world_.after(world_.milliseconds(1, 300),
                 [this] { server_ = std::make_unique<Server>(world_, plan_, store_); });
  }

  void end_faults() {
    store_.heal();
    for (const auto& editor : editors_) {
      editor->heal();
    }
  }

  bool is_at_rest() const {
    const Revision head = editors_.front()->client().revision();
    return std::all_of(editors_.begin(), editors_.end(), [head](const auto& editor) {
      const client::DocumentClient& client = editor->client();
      return !editor->has_edits_left() && client.status() == client::Status::kLive &&
             client.saved() && client.revision() == head && !client.gap();
    });
  }

  void close_server() {
    bool closed = false;
    server_->close([&closed] { closed = true; });
    const Duration end = world_.now() + std::chrono::seconds(10);
    while (!closed && world_.run_one(end)) {
    }
    if (!closed) {
      outcome_.problems.emplace_back("the server did not close");
    }
  }

  const Plan& plan_;
  World world_;
  FaultyStore store_;
  std::unique_ptr<Server> server_;
  std::vector<std::unique_ptr<Editor>> editors_;
  std::vector<std::shared_ptr<Connection>> connections_;  // until the end: messages name them
  std::uint64_t last_connection_ = 0;
  Outcome outcome_;
};

}  // namespace

Outcome simulate(const Plan& plan) {
  Simulation simulation(plan);
  return simulation.run();
}

}  // namespace cloudsync::simulation
