#pragma once
// The REST routes of docs/protocol.md section 7 on one loop. Handlers are asynchronous: they ask
// the store or the document's loop and answer on this loop.

#include "api/node_context.h"
#include "gateway/application.h"

namespace cloudsync::api {

class Rest {
 public:
  Rest(const NodeContext& context, std::uint32_t loop_index);

  /// Answers `request` if it is one of the routes (or under /api/), else false and `respond` is
  /// left alone.
  bool handle(const codec::http1::Request& request,
              const gateway::RequestOrigin& origin,
              gateway::Responder& respond);

 private:
  void create_document(const codec::http1::Request& request,
                       const gateway::RequestOrigin& origin,
                       gateway::Responder respond);
  void list_documents(const codec::http1::Request& request, gateway::Responder respond);
  void get_document(const DocumentId& document, gateway::Responder respond);
  void get_snapshot(const DocumentId& document,
                    const codec::http1::Request& request,
                    gateway::Responder respond);
  void ready(gateway::Responder respond);
  /// Reads on the document's loop; `done` runs on this one.
  void read(const DocumentId& document,
            std::optional<Revision> revision,
            Completion<document::DocumentContent> done);

  const NodeContext& context_;
  const std::uint32_t loop_index_;

  Executor& executor() { return *context_.loops[loop_index_]; }
};

}  // namespace cloudsync::api
