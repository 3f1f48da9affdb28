#pragma once
// The gateway's application on one loop: identities, REST, the web app, and the collaboration
// events.

#include "api/collaboration.h"
#include "api/node_context.h"
#include "api/rest.h"
#include "gateway/application.h"

namespace cloudsync::api {

class Application final : public gateway::Application {
 public:
  Application(const NodeContext& context, Collaboration& collaboration, std::uint32_t loop_index);

  bool has_session_cookie(const codec::http1::Request& request) const override;
  Result<gateway::Subject> authenticate(const codec::http1::Request& request,
                                        const gateway::RequestOrigin& origin) override;

  bool has_namespace(std::string_view nsp) const override { return nsp == "/"; }

  std::size_t weight_of(std::string_view event) const override;
  void on_connect(gateway::ConnectRequest request, gateway::ConnectReply reply) override;
  void on_event(gateway::ConnectionId connection, gateway::Event event) override;
  void on_disconnect(gateway::ConnectionId connection, std::string_view reason) override;
  void on_request(codec::http1::Request request,
                  const gateway::RequestOrigin& origin,
                  gateway::Responder respond) override;

 private:
  codec::http1::Response serve_file(const codec::http1::Request& request,
                                    const gateway::RequestOrigin& origin);

  const NodeContext& context_;
  Collaboration& collaboration_;
  Rest rest_;
};

}  // namespace cloudsync::api
