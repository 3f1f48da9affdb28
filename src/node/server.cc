#include "node/server.h"

#include "api/application.h"
#include "api/collaboration.h"
#include "api/node_context.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "document/service.h"
#include "gateway/client_bundle.h"
#include "gateway/gateway.h"
#include "node/history.h"
#include "pubsub/local/local_bus.h"
#include "runtime/listening.h"
#include "runtime/loop_thread.h"
#include "runtime/worker_pool.h"
#include "storage/sqlite/sqlite_store.h"

#include <algorithm>
#include <future>
#include <latch>
#include <thread>
#include <utility>

namespace cloudsync::node {
namespace {

/// How long a draining client is asked to wait before it comes back: the time of a restart.
constexpr std::string_view kReconnectHint = R"({"reconnectInMs":500})";

/// Time for closed connections to take their last bytes before the loops stop.
constexpr std::chrono::milliseconds kCloseGrace{300};

/// Runs `task` on `executor` and waits for it. Called from the main thread only.
void run_and_wait(Executor& executor, UniqueFunction<void()> task) {
  std::promise<void> finished;
  executor.post([&finished, task = std::move(task)]() mutable {
    task();
    finished.set_value();
  });
  finished.get_future().wait();
}

std::uint32_t loop_count(const Settings& settings) {
  if (settings.threads != 0) {
    return settings.threads;
  }
  return std::clamp<std::uint32_t>(std::thread::hardware_concurrency(), 1, gateway::kLoopsMax);
}

/// What a setting says, or else what is of this name beside the executable.
std::filesystem::path directory(const std::string& setting, const char* name) {
  if (!setting.empty()) {
    return setting;
  }
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / name;
}

}  // namespace

/// Everything that belongs to one loop.
struct LoopParts {
  std::unique_ptr<runtime::LoopThread> thread;
  std::unique_ptr<api::Collaboration> collaboration;
  std::unique_ptr<api::Application> application;
  std::unique_ptr<gateway::Gateway> gateway;
  std::unique_ptr<RecordedSink> recorded_sink;  // with a history only
  std::unique_ptr<document::DocumentService> documents;
};

struct Server::Parts {
  explicit Parts(Settings node_settings)
      : settings(std::move(node_settings)),
        https(settings.public_url.starts_with("https://")),
        policy({.public_url = settings.public_url, .allowed_origins = settings.allow_origin}) {}

  void load_files();
  Result<void> open_store();
  Result<void> start_loops();
  void build_loop(std::uint32_t index);
  Result<void> listen();

  const Settings settings;
  const bool https;  // for browsers; it ends in front of the node
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  gateway::AccessPolicy policy;
  gateway::PeerLimits peer_limits{settings.limits, metrics};
  api::StaticFiles static_files;
  std::optional<gateway::ClientBundle> client_bundle;
  // Each loop has one task here at most: the read of an older revision.
  runtime::WorkerPool workers{1, gateway::kLoopsMax};
  runtime::WorkerExecutor worker_executor{workers};
  std::unique_ptr<History> history;  // with the setting only
  std::unique_ptr<storage::SqliteStore> store;
  std::unique_ptr<RecordedStore> recorded_store;
  // The store belongs to this process alone, so no other node is on the bus.
  pubsub::LocalBus bus;
  std::unique_ptr<pubsub::PubSub> pubsub = bus.attach();
  std::unique_ptr<api::Guests> guests;
  std::unique_ptr<api::NodeContext> context;
  std::vector<LoopParts> loops;
  runtime::Endpoint bound;
  bool stopped = false;
};

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() {
  stop();
}

Result<std::unique_ptr<Server>> Server::start(const Settings& settings) {
  auto parts = std::make_unique<Parts>(settings);
  CS_TRY(parts->open_store());
  parts->load_files();
  std::unique_ptr<Server> server(new Server(std::move(parts)));
  CS_TRY(server->parts_->start_loops());
  CS_TRY(server->parts_->listen());
  return server;
}

// A node without them still serves clients that bring their own.
void Server::Parts::load_files() {
  if (auto files = api::StaticFiles::load(directory(settings.web_dir, "web"))) {
    static_files = *std::move(files);
  } else {
    log_warning("web_app_missing", {{"reason", files.error().message}});
  }
  const auto package = directory(settings.client_dir, "socket.io-client");
  if (auto bundle = gateway::ClientBundle::load(package / "dist")) {
    client_bundle = *std::move(bundle);
  } else {
    log_warning("client_bundle_missing", {{"reason", bundle.error().message}});
  }
}

Result<void> Server::Parts::open_store() {
  if (!settings.history.empty()) {
    CS_TRY_ASSIGN(history, History::open(settings.history));
    history->write(history->make(checker::Kind::kStart));
  }
  CS_TRY_ASSIGN(store,
                storage::SqliteStore::open({.directory = settings.data_dir,
                                            .limits = settings.limits,
                                            .metrics = metrics,
                                            .vfs_name = {}}));
  if (history != nullptr) {
    recorded_store = std::make_unique<RecordedStore>(*store, *store, *history);
  }
  CS_TRY_ASSIGN(std::string key, store->data_directory().load_or_create_secret("identity", random));
  guests = std::make_unique<api::Guests>(settings.guests, std::move(key), random, https);
  context = std::make_unique<api::NodeContext>(api::NodeContext{
      .limits = settings.limits,
      .metrics = metrics,
      .clock = clock,
      .random = random,
      .guests = *guests,
      .static_files = static_files,
      .directory = *store,
      .not_ready = [this]() -> std::optional<std::string> {
        const auto health = store->can_write();
        return health ? std::nullopt : std::optional(health.error().message);
      },
      .durability = "single-node",
      .observer = history.get(),
      .loops = {},
      .documents = {},
      .collaborations = {},
  });
  return {};
}

Result<void> Server::Parts::start_loops() {
  const runtime::EngineChoice choice = runtime::choose_engine(settings.io_engine);
  log_info("io_engine",
           {{"engine", runtime::io_engine_name(choice.engine)}, {"reason", choice.reason}});
  loops.resize(loop_count(settings));
  for (std::uint32_t i = 0; i < loops.size(); ++i) {
    CS_TRY_ASSIGN(auto loop, runtime::make_loop(choice.engine, &metrics));
    loops[i].thread =
        std::make_unique<runtime::LoopThread>(std::move(loop), "loop-" + std::to_string(i));
    context->loops.push_back(&loops[i].thread->loop());
  }
  // The parts are built on their loops' threads: a loop is touched by its own thread alone.
  std::vector<gateway::Gateway*> gateways;
  for (std::uint32_t i = 0; i < loops.size(); ++i) {
    run_and_wait(*context->loops[i], [this, i] { build_loop(i); });
    context->documents.push_back(loops[i].documents.get());
    context->collaborations.push_back(loops[i].collaboration.get());
    gateways.push_back(loops[i].gateway.get());
  }
  for (const gateway::Gateway* gateway : gateways) {
    CS_ASSERT(gateway != nullptr, "every loop has its gateway");
  }
  for (std::uint32_t i = 0; i < loops.size(); ++i) {
    run_and_wait(*context->loops[i],
                 [this, i, &gateways] { loops[i].gateway->set_peers(gateways); });
  }
  return {};
}

void Server::Parts::build_loop(std::uint32_t index) {
  LoopParts& parts = loops[index];
  runtime::Loop& loop = parts.thread->loop();
  parts.collaboration = std::make_unique<api::Collaboration>(*context, index);
  parts.application = std::make_unique<api::Application>(*context, *parts.collaboration, index);
  parts.gateway = std::make_unique<gateway::Gateway>(gateway::GatewayDependencies{
      .loop = loop,
      .loop_index = index,
      .application = *parts.application,
      .policy = policy,
      .limits = settings.limits,
      .random = random,
      .metrics = metrics,
      .peer_limits = peer_limits,
      .options = {.cookie = settings.session_cookie,
                  .https = https,
                  .client_bundle = client_bundle ? &*client_bundle : nullptr,
                  .websocket_compression = settings.websocket_compression},
      .accept_msgpack = settings.msgpack});
  parts.collaboration->set_gateway(*parts.gateway);
  storage::OpStore* ops = store.get();
  storage::SnapshotStore* snapshots = store.get();
  document::MemberSink* sink = parts.collaboration.get();
  if (history != nullptr) {
    parts.recorded_sink = std::make_unique<RecordedSink>(*parts.collaboration, *history);
    ops = recorded_store.get();
    snapshots = recorded_store.get();
    sink = parts.recorded_sink.get();
  }
  parts.documents = std::make_unique<document::DocumentService>(document::ServiceDependencies{
      .executor = loop,
      .workers = worker_executor,
      .ops = *ops,
      .snapshots = *snapshots,
      .sink = *sink,
      .clock = clock,
      .random = random,
      .metrics = metrics,
      .limits = settings.limits,
      .pubsub = pubsub.get(),
      .run_after = [&loop](Duration delay,
                           UniqueFunction<void()> task) { loop.run_after(delay, std::move(task)); },
  });
}

Result<void> Server::Parts::listen() {
  bound = settings.listen;
  const bool shared = loops.size() > 1;
  if (shared) {
    CS_TRY(runtime::check_free(bound));  // loops that share a port share it with other processes
  }
  for (std::uint32_t i = 0; i < loops.size(); ++i) {
    Result<runtime::Endpoint> result = fail(ErrorCode::kInternal, "not asked");
    run_and_wait(*context->loops[i], [&] { result = loops[i].gateway->listen(bound, shared); });
    CS_TRY_ASSIGN(bound, std::move(result));  // port 0 becomes the one that all loops share
  }
  return {};
}

std::string Server::url() const {
  return "http://" + to_string(parts_->bound);
}

void Server::stop() {
  if (std::exchange(parts_->stopped, true)) {
    return;
  }
  auto& loops = parts_->loops;
  const auto on_every_loop = [&](auto task) {
    for (LoopParts& parts : loops) {
      if (parts.gateway != nullptr) {
        run_and_wait(parts.thread->loop(), [&] { task(parts); });
      }
    }
  };
  on_every_loop([](LoopParts& parts) {
    parts.gateway->drain(gateway::EncodedPacket::event("server-draining", kReconnectHint));
  });
  std::latch documents_closed(static_cast<std::ptrdiff_t>(loops.size()));
  for (LoopParts& parts : loops) {
    if (parts.documents == nullptr) {
      documents_closed.count_down();
      continue;
    }
    parts.thread->loop().post([&parts, &documents_closed] {
      parts.documents->close([&documents_closed] { documents_closed.count_down(); });
    });
  }
  documents_closed.wait();
  // Acks that the documents posted are queued on the loops in front of this.
  on_every_loop([](LoopParts& parts) { parts.gateway->close_all(); });
  if (!loops.empty()) {
    std::this_thread::sleep_for(kCloseGrace);
  }
  parts_->store->close();
  parts_->workers.close();
  // Loops stop before the parts that they call are destroyed.
  for (LoopParts& parts : loops) {
    parts.thread->stop();
  }
  if (parts_->history != nullptr) {
    parts_->history->write(parts_->history->make(checker::Kind::kStop));
  }
}

}  // namespace cloudsync::node
