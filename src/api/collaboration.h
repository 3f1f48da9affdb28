#pragma once
// The collaboration events of docs/protocol.md sections 3 and 4 on one loop: from Socket.IO events
// to document requests on the document's loop, and from documents' frames to the members'
// connections here. Order is kept by posting: a document's loop posts replies and frames of one
// member to the member's loop in the order that they must arrive.

#include "api/node_context.h"
#include "base/few.h"
#include "base/keyed.h"
#include "document/messages.h"
#include "gateway/event_rates.h"
#include "gateway/gateway.h"

#include <boost/unordered/unordered_flat_set.hpp>

#include <memory>
#include <optional>
#include <string>

namespace cloudsync::api {

class Collaboration final : public document::MemberSink {
 public:
  /// `gateway` is set before the loop runs (it needs the application, which needs this).
  Collaboration(const NodeContext& context, std::uint32_t loop_index);

  void set_gateway(gateway::Gateway& gateway) { gateway_ = &gateway; }

  Result<void> on_connect(gateway::ConnectionId connection,
                          const gateway::Subject& subject,
                          const JsonValue& auth);
  void on_event(gateway::ConnectionId connection, gateway::Event event);
  void on_disconnect(gateway::ConnectionId connection);

  // MemberSink: called on the document's loop, which is this one.
  void deliver(std::uint32_t loop, document::Frame frame) override;
  void supersede(document::MemberId member) override;

 private:
  /// A client's place in a document, from its first join on until the document's loop has no join
  /// of it left: until then it has to be told when the connection ends.
  struct Membership {
    DocumentId document;
    std::uint32_t joins_under_way = 0;
    std::uint32_t leaves = 0;  ///< a join that began before the last leave does not count
    bool joined = false;
  };

  /// One Socket.IO connection; 64 bytes with its one document, which is all that most have.
  struct Client {
    gateway::ConnectionId connection;
    UserId user;
    ClientId client;  ///< of an earlier connection, or made for the first join
    SharedText name;
    Few<Membership> documents;

    /// Null if it is not there.
    Membership* find(const DocumentId& document);
  };

  struct ConnectionOf {
    static std::uint64_t key(const std::unique_ptr<Client>& client) {
      return client->connection.value;
    }

    static std::uint64_t key(gateway::ConnectionId connection) { return connection.value; }
  };

  struct Call {
    gateway::ConnectionId connection;
    std::optional<std::uint64_t> ack;
    gateway::RequestTicket ticket;  ///< the last copy of a call ends it
  };

  /// Null if there is no such connection.
  Client* find(gateway::ConnectionId connection);

  /// False if the event was refused because there are too many. It may have been the client's last.
  bool within_rates(const Call& call, const Client& client, std::string_view event);
  void join_document(const Call& call, Client& client, const JsonObject& arguments);
  void leave_document(const Call& call, Client& client, const JsonObject& arguments);
  void submit_op(const Call& call, Client& client, const JsonObject& arguments);
  void fetch_ops(const Call& call, Client& client, const JsonObject& arguments);
  void presence(const Call& call, Client& client, const JsonObject& arguments);

  void finish_join(const Call& call,
                   const DocumentId& document,
                   std::uint32_t leaves,
                   Result<document::JoinReply> reply);
  void receive(const document::Frame& frame, TimePoint made);
  void receive_supersede(gateway::ConnectionId connection);
  /// Answers with {"ok":true,<fields>} and, if there is one, "snapshot".
  void accept(const Call& call, std::string_view fields, SharedBytes snapshot = nullptr);
  void refuse(const Call& call, const Error& error);
  /// Answers with `fields` or the error, back on this loop.
  template <class T, class Describe>
  Completion<T> answer(const Call& call, Describe describe);

  document::MemberId member(gateway::ConnectionId connection) const {
    return {loop_index_, connection.value};
  }

  /// Runs `request` with the document's service on the document's loop.
  void with_document(const DocumentId& document,
                     UniqueFunction<void(document::DocumentService&)> request);

  const NodeContext& context_;
  const std::uint32_t loop_index_;
  Histogram& delivery_seconds_;
  gateway::Gateway* gateway_ = nullptr;
  gateway::EventRates event_rates_;
  boost::unordered_flat_set<std::unique_ptr<Client>, KeyHash<ConnectionOf>, KeyEqual<ConnectionOf>>
      clients_;
};

}  // namespace cloudsync::api
