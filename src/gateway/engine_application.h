#pragma once
// The border between an engine and what runs on it: whole HTTP requests, and the messages of
// sessions. All calls are made on the engine's loop.

#include "base/result.h"
#include "base/shared_text.h"
#include "base/unique_function.h"
#include "codec/http1/request.h"
#include "codec/http1/response.h"
#include "gateway/message_handler.h"
#include "runtime/loop.h"

#include <memory>
#include <string>

namespace cloudsync::gateway {

class Session;

/// Where a request came from.
struct RequestOrigin {
  SharedText address;  ///< the TCP peer's
  /// The listener is bound to a loopback address.
  bool loopback_listener = false;
};

/// What an application keeps of the request that opened a session.
struct Handshake {
  codec::http1::Headers headers;
  std::string query;  ///< of its URL, still encoded
  std::string address;
};

/// Who a session speaks for, as the application found at its handshake. Empty: nobody known yet.
struct Subject {
  SharedText user;
  /// The session cookie gave the identity: later requests of the session must carry the same.
  bool from_cookie = false;
  /// Without an account this peer may act as a guest.
  bool guests_allowed = false;
  /// For applications that ask for it: it costs memory for as long as the session lives.
  std::shared_ptr<const Handshake> handshake = nullptr;

  bool same_as(const Subject& other) const {
    return user == other.user && from_cookie == other.from_cookie &&
           guests_allowed == other.guests_allowed;
  }
};

/// Answers one HTTP request, once; from this loop. A no-op if the peer is gone.
using Responder = UniqueFunction<void(codec::http1::Response)>;

/// Whole requests, and who a peer is.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;

  /// Does the request carry a cookie of ours? It decides how strict the Origin rule is.
  virtual bool has_session_cookie(const codec::http1::Request& request) const = 0;

  /// Identifies the peer of an Engine.IO handshake. Errors: kUnauthenticated, kForbidden.
  virtual Result<Subject> authenticate(const codec::http1::Request& request,
                                       const RequestOrigin& origin) = 0;

  /// A request outside of the engine's path.
  virtual void on_request(codec::http1::Request request,
                          const RequestOrigin& origin,
                          Responder respond) = 0;
};

/// What runs on an engine.
class EngineApplication : public RequestHandler {
 public:
  /// A session is about to open: who gets its messages.
  virtual std::unique_ptr<MessageHandler> on_session(Session& session) = 0;
};

}  // namespace cloudsync::gateway
