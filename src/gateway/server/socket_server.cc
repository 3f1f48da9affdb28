#include "gateway/server/socket_server.h"

#include "base/assert.h"
#include "base/log.h"
#include "gateway/server/state_file.h"

#include <algorithm>
#include <utility>

namespace cloudsync::gateway {

namespace {

/// Namespaces that patterns made, at a time: their names come from clients.
constexpr std::size_t kPatternNamespacesMax = 10'000;

constexpr std::chrono::seconds kPatternSweepInterval{1};

/// Time for closed connections to take their last bytes.
constexpr std::chrono::milliseconds kCloseGrace{100};

/// Zero if the clock was set back meanwhile.
Duration since(Timestamp now, Timestamp then) {
  return std::chrono::milliseconds(std::max<std::int64_t>(now.value() - then.value(), 0));
}

}  // namespace

SocketServer::SocketServer(SocketServerOptions options)
    : options_(std::move(options)),
      policy_(options_.access),
      peer_limits_(options_.limits, metrics_) {
  auto loop = runtime::make_loop(options_.io_engine, &metrics_);
  CS_ASSERT(loop.has_value(), "the system has descriptors and the engine for a loop");
  loop_ = *std::move(loop);
  gateway_ = std::make_unique<Gateway>(GatewayDependencies{.loop = *loop_,
                                                           .loop_index = 0,
                                                           .application = *this,
                                                           .policy = policy_,
                                                           .limits = options_.limits,
                                                           .random = random_,
                                                           .metrics = metrics_,
                                                           .peer_limits = peer_limits_,
                                                           .options = options_.engine,
                                                           .format = options_.format});
  environment_.emplace(NamespaceEnvironment{.loop = *loop_,
                                            .gateway = *gateway_,
                                            .random = random_,
                                            .format = options_.format,
                                            .recovery = options_.recovery});
  load_recovery();
}

SocketServer::~SocketServer() = default;

Namespace& SocketServer::make(const std::string& name, std::shared_ptr<NamespaceRules> rules) {
  auto made = std::make_shared<Namespace>(*environment_, name, std::move(rules));
  if (const auto* saved = recovered_.if_contains(name)) {
    made->restore(saved->is_object() ? saved->get_object() : JsonObject(),
                  since(clock_.wall(), recovered_at_));
    recovered_.erase(name);
  }
  return *namespaces_.insert_or_assign(name, std::move(made)).first->second;
}

NamespaceRules& SocketServer::of(const std::string& name) {
  if (Namespace* known = find(name)) {
    return known->rules();
  }
  return make(name, std::make_shared<NamespaceRules>()).rules();
}

NamespaceRules& SocketServer::of_matching(std::function<bool(std::string_view)> matches) {
  if (patterns_.empty()) {
    sweep();
  }
  patterns_.push_back({std::move(matches), std::make_shared<NamespaceRules>()});
  return *patterns_.back().rules;
}

void SocketServer::sweep() {
  const TimePoint now = loop_->now();
  // Where room runs short, those go too that lost sockets could come back to.
  const bool crowded = from_patterns_.size() > kPatternNamespacesMax / 2;
  std::erase_if(from_patterns_, [&](const std::string& name) {
    Namespace& nsp = *namespaces_.at(name);
    return (nsp.empty(now) || (crowded && nsp.deserted())) && namespaces_.erase(name) > 0;
  });
  loop_->run_after(kPatternSweepInterval, [this] { sweep(); });
}

Namespace* SocketServer::find(std::string_view name) {
  const auto found = namespaces_.find(name);
  return found == namespaces_.end() ? nullptr : found->second.get();
}

const SocketServer::Pattern* SocketServer::pattern_for(std::string_view name) const {
  for (const Pattern& pattern : patterns_) {
    if (pattern.matches(name)) {
      return &pattern;
    }
  }
  return nullptr;
}

Result<runtime::Endpoint> SocketServer::listen(const runtime::Endpoint& endpoint) {
  return gateway_->listen(endpoint, false);
}

void SocketServer::load_recovery() {
  if (!options_.recovery || options_.recovery->file.empty()) {
    return;
  }
  if (auto state = take_state_file(options_.recovery->file)) {
    recovered_at_ = state->saved_at;
    recovered_ = std::move(state->namespaces);
  } else {
    log_warning("recovery_state_unreadable", {{"reason", state.error().message}});
  }
}

void SocketServer::save_recovery() const {
  if (!options_.recovery || options_.recovery->file.empty()) {
    return;
  }
  JsonObject state;
  for (const auto& [name, nsp] : namespaces_) {
    state[name] = *nsp->save();
  }
  if (const auto written =
          write_state_file(options_.recovery->file, clock_.wall(), std::move(state));
      !written) {
    log_warning("recovery_state_not_written", {{"reason", written.error().message}});
  }
}

void SocketServer::run() {
  loop_->run();
}

void SocketServer::stop() {
  loop_->post([this] {
    gateway_->close_all();
    save_recovery();
    loop_->run_after(kCloseGrace, [this] { loop_->stop(); });
  });
}

// --- the gateway's application ---

bool SocketServer::has_session_cookie(const codec::http1::Request& request) const {
  return !options_.session_cookie.empty() &&
         codec::http1::cookie_value(request.headers, options_.session_cookie).has_value();
}

Result<Subject> SocketServer::authenticate(const codec::http1::Request& request,
                                           const RequestOrigin& origin) {
  Subject subject;
  if (options_.authenticate) {
    CS_TRY_ASSIGN(subject.user, options_.authenticate(request, origin));
  }
  subject.from_cookie = has_session_cookie(request);
  subject.handshake =
      std::make_shared<const Handshake>(Handshake{.headers = request.headers,
                                                  .query = std::string(request.query()),
                                                  .address = std::string(origin.address.str())});
  return subject;
}

void SocketServer::on_request(codec::http1::Request request,
                              const RequestOrigin&,
                              Responder respond) {
  if (options_.serve) {
    respond(options_.serve(request));
  } else {
    respond({.status = 404, .headers = {{"content-type", "text/plain"}}, .body = "Not Found\n"});
  }
}

bool SocketServer::has_namespace(std::string_view nsp) const {
  return namespaces_.contains(nsp) ||
         (from_patterns_.size() < kPatternNamespacesMax && pattern_for(nsp) != nullptr);
}

void SocketServer::on_connect(ConnectRequest request, ConnectReply reply) {
  Namespace* nsp = find(request.nsp);
  if (nsp == nullptr) {
    nsp = &make(request.nsp, pattern_for(request.nsp)->rules);
    from_patterns_.insert(request.nsp);
  }
  const std::uint64_t connection = request.connection.value;
  nsp->connect(std::move(request), std::move(reply), [this, connection, nsp] {
    by_connection_.emplace(connection, nsp);
  });
}

void SocketServer::on_event(ConnectionId connection, Event event) {
  if (const auto found = by_connection_.find(connection.value); found != by_connection_.end()) {
    found->second->receive(connection, std::move(event));
  }
}

void SocketServer::on_ack(ConnectionId connection, Acknowledgement ack) {
  if (const auto found = by_connection_.find(connection.value); found != by_connection_.end()) {
    found->second->receive_answer(connection, std::move(ack));
  }
}

void SocketServer::on_disconnect(ConnectionId connection, std::string_view reason) {
  if (const auto node = by_connection_.extract(connection.value)) {
    node.mapped()->disconnected(connection, reason);
  }
}

}  // namespace cloudsync::gateway
