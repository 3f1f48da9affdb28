#pragma once
// One run of a server process: the document service, and what gateway and API do for it in reality,
// reduced to the messages of one document. Destroying it is a crash: memory is gone, the store
// stays.

#include "base/metrics.h"
#include "base/random.h"
#include "document/service.h"
#include "faulty_store.h"
#include "network.h"
#include "plan.h"
#include "world.h"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace cloudsync::simulation {

class Server final : public document::MemberSink {
 public:
  Server(World& world, const Plan& plan, FaultyStore& store);
  ~Server() override;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// `client` is who it says it is: identities are checked elsewhere.
  void accept(const std::shared_ptr<Connection>& connection, const ClientId& client);

  void close(UniqueFunction<void()> done) { service_.close(std::move(done)); }

  void deliver(std::uint32_t loop, document::Frame frame) override;
  void supersede(document::MemberId member) override;

 private:
  struct Peer {
    std::shared_ptr<Connection> connection;
    ClientId client;
    bool joined = false;
  };

  static document::MemberId member_of(std::uint64_t connection) {
    return {.loop = static_cast<std::uint32_t>(connection % 2), .connection = connection};
  }

  void on_message(std::uint64_t connection, const Message& message);
  void on_join(std::uint64_t connection, std::uint64_t request, const JsonObject& body);
  void on_submit(std::uint64_t connection, std::uint64_t request, const JsonObject& body);
  void on_fetch(std::uint64_t connection, std::uint64_t request, const JsonObject& body);
  void reply(std::uint64_t connection,
             std::uint64_t request,
             std::string_view name,
             const std::string& fields);
  void refuse(std::uint64_t connection,
              std::uint64_t request,
              std::string_view name,
              const Error& error,
              const std::string& fields = "");

  World& world_;
  const Plan& plan_;
  ProcessExecutor executor_;
  SeededRandom random_;
  Metrics metrics_;
  std::map<std::uint64_t, Peer> peers_;
  document::DocumentService service_;
};

}  // namespace cloudsync::simulation
