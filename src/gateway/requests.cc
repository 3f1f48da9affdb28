// The engine's HTTP side: who may ask, CORS, and how a session opens. The requests of one that is
// open are in session_requests.cc.

#include "base/error_json.h"
#include "codec/engineio/packet.h"
#include "codec/websocket/handshake.h"
#include "gateway/client_bundle.h"
#include "gateway/engine.h"

#include <algorithm>
#include <utility>

namespace cloudsync::gateway {

namespace engineio = codec::engineio;
namespace http1 = codec::http1;
using engineio::RefusalCode;

namespace {

http1::Response error_response(int status, const Error& error) {
  return {.status = status,
          .headers = {{"content-type", "application/json"}},
          .body = error_body(error)};
}

/// Of an answer of the application's: what a caller may not do. What is not there (404) or not
/// ready (503, which /readyz says, too) is no refusal.
std::optional<std::string_view> refusal_reason(int status) {
  switch (status) {
    case 401:
      return "unauthenticated";
    case 403:
      return "forbidden";
    case 413:
      return "too_large";
    case 415:
      return "media_type";
    case 429:
      return "rate_limited";
    default:
      return std::nullopt;
  }
}

/// The label of a refusal that clients know by its number.
std::string_view reason_of(RefusalCode code) {
  switch (code) {
    case RefusalCode::kTransportUnknown:
      return "transport_unknown";
    case RefusalCode::kSessionUnknown:
      return "session_unknown";
    case RefusalCode::kBadHandshakeMethod:
      return "bad_handshake_method";
    case RefusalCode::kBadRequest:
      return "bad_request";
    case RefusalCode::kForbidden:
      return "forbidden";
    case RefusalCode::kUnsupportedProtocol:
      break;
  }
  return "unsupported_protocol";
}

}  // namespace

// A session takes one POST at a time, and ends when its client gives one up. One that came to
// another loop is seen when it is whole.
std::optional<http1::Response> Engine::on_head(Connection& connection,
                                               const http1::Request& request) {
  if (request.method != "POST" || !request.path().starts_with(options_.path)) {
    return std::nullopt;
  }
  Session* session = find(http1::query_value(request.query(), "sid").value_or(""));
  if (session == nullptr || session->closed() || session->transport() != Transport::kPolling) {
    return std::nullopt;
  }
  // Whose it is not is refused when it is whole, and disturbs nothing until then.
  if (!speaks_for(connection, request, *session)) {
    return std::nullopt;
  }
  connection.session = session->identity().id;
  return session->on_post_head(connection);
}

void Engine::on_request(Connection& connection, http1::Request request) {
  // Before anything may refuse the request: its connection can be another session's next.
  if (Session* session = session_of(connection)) {
    session->on_body(connection);
  }
  connection.session = {};  // an earlier request's
  if (!check_access(connection, request) || answer_cross_origin(connection, request)) {
    return;
  }
  if (request.path().starts_with(options_.path)) {
    serve_engine(connection, std::move(request));
    return;
  }
  const RequestOrigin origin = connection.origin();
  application_.on_request(std::move(request),
                          origin,
                          [this,
                           address = &connection,
                           socket = connection.socket(),
                           number = connection.request_number()](http1::Response response) {
                            // The connection may be gone, or even another at the same address: its
                            // socket tells.
                            const auto found = connections_.find(address);
                            if (found != connections_.end() && (*found)->socket() == socket &&
                                (*found)->request_number() == number) {
                              answer(**found, std::move(response));
                            }
                          });
}

void Engine::note_refused_request(const Connection& connection, std::string_view reason) {
  refusals_.note({"request_refused", reason, connection.address()});
}

void Engine::answer(Connection& connection, http1::Response response) {
  if (const auto reason = refusal_reason(response.status)) {
    note_refused_request(connection, *reason);
  }
  if (queued_answers_.add(connection, response)) {
    connection.respond(std::move(response));
    return;
  }
  metrics_.limit("http_answer_bytes").add();
  refuse_for_now(connection,
                 {ErrorCode::kOverloaded, "this node has too many answers that nobody takes"});
}

bool Engine::check_access(Connection& connection, const http1::Request& request) {
  const bool engine = request.path().starts_with(options_.path);
  const bool reads_only =
      !engine && (request.method == "GET" || request.method == "HEAD") && !request.is_upgrade;
  const auto refusal = policy_.check(request, application_.has_session_cookie(request), reads_only);
  if (!refusal) {
    return true;
  }
  const std::string_view reason = refusal->status == 421 ? "host_refused" : "origin_refused";
  metrics_.limit(reason).add();
  note_refused_request(connection, reason);
  const ErrorCode code = refusal->status == 421 ? ErrorCode::kBadRequest : ErrorCode::kForbidden;
  connection.respond(
      error_response(refusal->status, {.code = code, .message = std::string(refusal->reason)}));
  return false;
}

// CORS, for the origins of --allow-origin alone. A page of another origin was refused before this.
bool Engine::answer_cross_origin(Connection& connection, const http1::Request& request) {
  const std::string_view path = request.path();
  if (!policy_.lists_origins() || !(path.starts_with(options_.path) || path.starts_with("/api/"))) {
    return false;
  }
  connection.response_headers().push_back({"vary", "Origin"});
  const std::string* origin = request.find("origin");
  if (origin == nullptr || !policy_.is_listed(*origin)) {
    return false;
  }
  connection.response_headers().push_back({"access-control-allow-origin", *origin});
  connection.response_headers().push_back({"access-control-allow-credentials", "true"});
  if (request.method != "OPTIONS") {
    return false;
  }
  http1::Headers headers = {{"access-control-allow-methods", "GET, POST"}};
  // Clients may be set to send any (extraHeaders); a listed origin is trusted with all of them.
  if (const std::string* wanted = request.find("access-control-request-headers")) {
    headers.push_back({"access-control-allow-headers", *wanted});
    headers.push_back({"vary", "Access-Control-Request-Headers"});
  }
  connection.respond({.status = 204, .headers = std::move(headers), .body = {}});
  return true;
}

void Engine::refuse_engine(Connection& connection,
                           const http1::Request& request,
                           RefusalCode code,
                           std::string_view message) {
  note_refused_request(connection, reason_of(code));
  http1::Response response{.status = engineio::refusal_status(code),
                           .headers = {{"content-type", "application/json"}},
                           .body = engineio::refusal_json(code, message)};
  if (request.is_upgrade) {
    // Clients of an upgrade read no JSON: the stock server answers the bare message.
    response.status = 400;
    response.headers = {{"content-type", "text/html"}};
    response.body = std::string(message.empty() ? engineio::refusal_message(code) : message);
  }
  connection.respond(std::move(response));
}

// The order of the checks is the stock server's.
void Engine::serve_engine(Connection& connection, http1::Request request) {
  // A polling answer may be text that another client wrote: it is never to be taken for a page.
  connection.response_headers().push_back({"x-content-type-options", "nosniff"});
  if (options_.client_bundle != nullptr) {
    const std::string_view name = request.path().substr(options_.path.size());
    if (auto file = options_.client_bundle->serve(request, name)) {
      connection.respond(*std::move(file));
      return;
    }
  }
  const auto transport = http1::query_value(request.query(), "transport");
  if (!transport || (*transport != "polling" && *transport != "websocket")) {
    refuse_engine(connection, request, RefusalCode::kTransportUnknown);
    return;
  }
  const bool websocket = *transport == "websocket";
  const auto sid = http1::query_value(request.query(), "sid");
  if (sid && !sid->empty()) {
    serve_session(connection, std::move(request), *sid);
    return;
  }
  if (!sid && http1::has_query_key(request.query(), "sid")) {
    refuse_engine(connection, request, RefusalCode::kSessionUnknown);
    return;
  }
  if (request.method != "GET") {
    refuse_engine(connection, request, RefusalCode::kBadHandshakeMethod);
  } else if (websocket != codec::websocket::is_websocket_upgrade(request)) {
    refuse_engine(connection, request, RefusalCode::kBadRequest);
  } else if (http1::query_value(request.query(), "EIO") != "4") {
    refuse_engine(connection, request, RefusalCode::kUnsupportedProtocol);
  } else {
    open_session(connection, request, websocket);
  }
}

void Engine::refuse_upgrade(Connection& connection, http1::Response response) {
  note_refused_request(connection, "bad_upgrade");
  connection.respond(std::move(response));
}

void Engine::refuse_for_now(Connection& connection, const Error& error) {
  note_refused_request(connection, error_name(error.code));
  http1::Response response =
      error_response(error.code == ErrorCode::kRateLimited ? 429 : 503, error);
  const std::uint32_t seconds = (error.retry_after_ms.value_or(1'000) + 999) / 1'000;
  response.headers.push_back({"retry-after", std::to_string(seconds)});
  connection.respond(std::move(response));
}

std::optional<Error> Engine::refuse_session() {
  if (draining_) {
    return Error{ErrorCode::kUnavailable, "this node is shutting down"};
  }
  // Each session of a well-behaved client has a connection, so they share the limit.
  if (static_cast<std::size_t>(sessions_gauge_.value()) >= limits_.connections) {
    metrics_.limit("connections").add();
    return Error{ErrorCode::kOverloaded, "this node has all the sessions it can hold"};
  }
  return refuse_overloaded();
}

// A session that exists is never refused for this: it would come back, and cost more.
std::optional<Error> Engine::refuse_overloaded() {
  // What waited for a late turn comes before that turn's sweep: it is late already.
  if (std::max(lag_, loop_.now() - sweep_due_) > limits_.loop_lag) {
    metrics_.limit("loop_lag").add();
    return Error{ErrorCode::kOverloaded, "this node is too busy"};
  }
  if (queued_gauge_.value() > static_cast<std::int64_t>(limits_.node_queue_bytes)) {
    metrics_.limit("node_queue_bytes").add();
    return Error{ErrorCode::kOverloaded, "this node has too much to deliver"};
  }
  return std::nullopt;
}

void Engine::open_session(Connection& connection, const http1::Request& request, bool websocket) {
  if (const auto refusal = refuse_session()) {
    refuse_for_now(connection, *refusal);
    return;
  }
  auto arrival = peer_limits_.handshake(connection.address(), loop_.now());
  if (!arrival) {
    refuse_for_now(connection, arrival.error());
    return;
  }
  auto subject = application_.authenticate(request, connection.origin());
  if (!subject) {
    refuse_engine(connection, request, RefusalCode::kForbidden, subject.error().message);
    return;
  }
  if (websocket) {
    if (auto refusal = codec::websocket::refuse_upgrade(request)) {
      refuse_upgrade(connection, *std::move(refusal));
      return;
    }
  }
  Session& session = add_session(
      connection.origin(), *subject, websocket ? Transport::kWebSocket : Transport::kPolling);
  session.hold(*std::move(arrival));
  if (websocket) {
    connection.session = session.identity().id;
    // The open packet must be queued before input behind the handshake is handled.
    connection.accept_websocket(request);
    session.open_websocket(connection);
  } else {
    session.open_polling(connection, session_cookie(session));
  }
}

// For balancers, so in the polling handshake alone: a WebSocket stays where it is.
http1::Headers Engine::session_cookie(const Session& session) const {
  if (options_.cookie.empty()) {
    return {};
  }
  return {{"set-cookie",
           options_.cookie + '=' + session.sid() + "; Path=/; HttpOnly; SameSite=Lax" +
               (options_.https ? "; Secure" : "")}};
}

}  // namespace cloudsync::gateway
