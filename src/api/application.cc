#include "api/application.h"

#include "api/event_kinds.h"
#include "api/responses.h"

#include <utility>

namespace cloudsync::api {

using codec::http1::Request;
using codec::http1::Response;

Application::Application(const NodeContext& context,
                         Collaboration& collaboration,
                         std::uint32_t loop_index)
    : context_(context), collaboration_(collaboration), rest_(context, loop_index) {}

bool Application::has_session_cookie(const Request& request) const {
  return context_.guests.from_cookie(request).has_value();
}

Result<gateway::Subject> Application::authenticate(const Request& request,
                                                   const gateway::RequestOrigin& origin) {
  const auto user = context_.guests.from_cookie(request);
  return gateway::Subject{.user = user ? SharedText(user->value()) : SharedText(),
                          .from_cookie = user.has_value(),
                          .guests_allowed = context_.guests.allowed(request, origin)};
}

void Application::on_connect(gateway::ConnectRequest request, gateway::ConnectReply reply) {
  const auto accepted =
      collaboration_.on_connect(request.connection, request.subject, request.auth);
  if (accepted) {
    reply({});
  } else {
    reply({.refusal = gateway::connect_refusal(accepted.error())});
  }
}

std::size_t Application::weight_of(std::string_view event) const {
  return event_weight(event);
}

void Application::on_event(gateway::ConnectionId connection, gateway::Event event) {
  collaboration_.on_event(connection, std::move(event));
}

void Application::on_disconnect(gateway::ConnectionId connection, std::string_view) {
  collaboration_.on_disconnect(connection);
}

void Application::on_request(Request request,
                             const gateway::RequestOrigin& origin,
                             gateway::Responder respond) {
  gateway::Responder secured = [respond = std::move(respond)](Response response) mutable {
    add_security_headers(response);
    respond(std::move(response));
  };
  if (rest_.handle(request, origin, secured)) {
    return;
  }
  if (request.method != "GET" && request.method != "HEAD") {
    secured(error_response({ErrorCode::kNotFound, "no such route"}));
    return;
  }
  secured(serve_file(request, origin));
}

// A browser becomes a guest when it opens a page, so that its socket carries the cookie already.
Response Application::serve_file(const Request& request, const gateway::RequestOrigin& origin) {
  Response response = context_.static_files.serve(request);
  if (StaticFiles::is_page(request.path()) && !has_session_cookie(request) &&
      context_.guests.allowed(request, origin)) {
    for (auto& header : response.headers) {
      if (header.name == "cache-control") {
        header.value = "private, no-cache";  // a shared cache must not hand out one guest's cookie
      }
    }
    response.headers.push_back({"set-cookie", context_.guests.cookie(context_.guests.make_user())});
  }
  return response;
}

}  // namespace cloudsync::api
