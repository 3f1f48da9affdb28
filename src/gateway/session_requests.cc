// The engine's HTTP side for a session that there is: its requests go to its loop, and to it.

#include "codec/engineio/packet.h"
#include "codec/websocket/handshake.h"
#include "gateway/engine.h"

#include <utility>

namespace cloudsync::gateway {

namespace http1 = codec::http1;
using codec::engineio::RefusalCode;

void Engine::serve_session(Connection& connection, http1::Request request, const std::string& sid) {
  const std::size_t loop = kLoopAlphabet.find(sid.front());
  if (loop < peers_.size() && loop != loop_index_) {
    move_to_loop(connection, std::move(request), static_cast<std::uint32_t>(loop));
    return;
  }
  Session* session = find(sid);
  if (session != nullptr) {
    session->tick(loop_.now());
  }
  const bool last_poll =
      session != nullptr && session->lingering() && request.method == "GET" && !request.is_upgrade;
  if (session == nullptr || (session->closed() && !last_poll)) {
    refuse_engine(connection, request, RefusalCode::kSessionUnknown);
    return;
  }
  if (!speaks_for(connection, request, *session)) {
    refuse_engine(connection, request, RefusalCode::kSessionUnknown);
    return;
  }
  continue_session(connection, std::move(request), *session);
}

// Who opened a session with a cookie continues it with the same one.
bool Engine::speaks_for(const Connection& connection,
                        const http1::Request& request,
                        const Session& session) {
  const Subject subject = session.subject();
  if (!subject.from_cookie && !application_.has_session_cookie(request)) {
    return true;
  }
  const auto caller = application_.authenticate(request, connection.origin());
  return caller && caller->same_as(subject);
}

void Engine::continue_session(Connection& connection, http1::Request request, Session& session) {
  const bool upgrade = codec::websocket::is_websocket_upgrade(request);
  if (http1::query_value(request.query(), "EIO") != "4" ||
      http1::query_value(request.query(), "transport") != (upgrade ? "websocket" : "polling")) {
    refuse_engine(connection, request, RefusalCode::kBadRequest);
  } else if (upgrade) {
    if (session.transport() == Transport::kWebSocket || session.upgrading()) {
      refuse_engine(connection, request, RefusalCode::kBadRequest);
    } else if (auto refusal = codec::websocket::refuse_upgrade(request)) {
      refuse_upgrade(connection, *std::move(refusal));
    } else {
      connection.session = session.identity().id;
      session.begin_upgrade(connection);
      connection.accept_websocket(request);
    }
  } else if (session.transport() != Transport::kPolling) {
    refuse_engine(connection, request, RefusalCode::kBadRequest);
  } else if (request.method == "GET") {
    connection.session = session.identity().id;
    session.on_poll(connection);
  } else if (request.method == "POST") {
    connection.session = session.identity().id;
    session.on_post(connection, std::move(request));
  } else {
    refuse_engine(connection, request, RefusalCode::kBadHandshakeMethod);
  }
}

void Engine::move_to_loop(Connection& connection, http1::Request request, std::uint32_t loop) {
  if (connection.queued_bytes() > 0) {
    connection.ask_when_drained(std::move(request));
    return;
  }
  // The socket itself moves, so that a polling client stays with its session's loop from now on.
  auto released = connection.release();
  if (released.descriptor < 0) {
    connection.abort();  // only a socket that is closed has no queue and does not go
    return;
  }
  const RequestOrigin origin = connection.origin();
  loop_.post([this, address = &connection] { remove(*address); });
  Engine* target = peers_[loop];
  target->loop_.post([target,
                      descriptor = released.descriptor,
                      origin,
                      hold = std::move(connection.peer_hold),
                      moved = std::move(request),
                      input = std::move(released.input)]() mutable {
    target->adopt(descriptor, origin, std::move(hold), std::move(moved), std::move(input));
  });
}

void Engine::adopt(int descriptor,
                   RequestOrigin origin,
                   PeerLimits::ConnectionHold peer_hold,
                   http1::Request request,
                   std::string input) {
  Connection& connection = add_connection(std::move(origin));
  connection.peer_hold = std::move(peer_hold);
  connection.bind(loop_.adopt(descriptor, connection));
  connection.resume(std::move(request), std::move(input));
}

}  // namespace cloudsync::gateway
