#pragma once
// A simulated person with a client: edits at random, connects again when the connection breaks,
// resends what is not answered in time. It notes what the checker wants to know.

#include "client/document_client.h"
#include "network.h"
#include "plan.h"
#include "world.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cloudsync::simulation {

class Editor {
 public:
  /// Opens a connection for the client, or returns null while the server is down.
  using Connect = std::function<std::shared_ptr<Connection>(const ClientId&)>;

  struct Ack {
    ClientSeq seq;
    Revision revision;
  };

  struct SeenHash {
    Revision revision;
    std::string hash;
  };

  Editor(World& world, const Plan& plan, ClientId id, Connect connect);

  void start();
  /// No more faults on its connection.
  void heal();

  bool has_edits_left() const { return edits_left_ > 0; }

  const client::DocumentClient& client() const { return client_; }

  const std::vector<Ack>& acks() const { return acks_; }

  const std::vector<SeenHash>& hashes() const { return hashes_; }

  /// What must never happen to a client of a correct server.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  void edit_now_and_then();
  void try_connect();
  void on_closed();
  void on_message(const Message& message);
  void on_joined(const JsonObject& body);
  void on_submitted(const JsonObject& body);
  void on_fetched(const JsonObject& body);
  void on_ops(const JsonObject& body);
  void on_presence(const JsonObject& body);
  void pump();
  void send_submission(const client::OutgoingSubmission& submission);
  void send_fetch(client::FetchRange range);
  void cut_if_silent(std::uint64_t request);

  void complain(std::string what) { complaints_.push_back(std::move(what)); }

  World& world_;
  const Plan& plan_;
  Connect connect_;
  client::DocumentClient client_;
  std::uint64_t edits_left_;
  bool healed_ = false;

  std::shared_ptr<Connection> connection_;
  std::uint64_t last_request_ = 0;
  std::uint64_t join_request_ = 0;   // unanswered; 0 if none
  std::uint64_t fetch_request_ = 0;  // unanswered; 0 if none

  std::vector<Ack> acks_;
  std::vector<SeenHash> hashes_;
  std::vector<std::string> complaints_;
};

}  // namespace cloudsync::simulation
