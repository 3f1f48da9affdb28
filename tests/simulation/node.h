#pragma once
// One run of a node's process: the document service, and what gateway and API do for it in reality,
// reduced to the messages of one document. Destroying it is a crash: memory is gone, the store
// stays.

#include "base/metrics.h"
#include "base/random.h"
#include "bus.h"
#include "disk.h"
#include "document/service.h"
#include "network.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace cloudsync::simulation {

class Node final : public document::MemberSink {
 public:
  struct Dependencies {
    Environment& environment;
    Disk& disk;
    Bus& bus;
    NodeClock& clock;
    std::int64_t index;
    std::uint64_t run;  ///< which process of the node it is
    /// Ends the process soon, for so long.
    std::function<void(Duration)> crash;
  };

  explicit Node(Dependencies dependencies);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// `client` is who it says it is: identities are checked elsewhere.
  void accept(const std::shared_ptr<Connection>& connection, const ClientId& client);

  /// Somebody reads the head, as REST does. `then`, if set, gets the answer.
  void read(std::function<void(const Result<document::DocumentContent>&)> then = nullptr);

  /// Somebody reads a revision that was, which one by `key`.
  void read_old(std::uint64_t key);

  void pause() { executor_.pause(); }

  void resume() { executor_.resume(); }

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
  void note_answer(const ClientId& client, std::uint64_t seq, Revision revision);
  bool may_publish();

  Environment& environment_;
  std::string name_;
  std::function<void(Duration)> crash_;
  std::optional<Duration> crash_at_publish_;
  ProcessExecutor executor_;
  SeededRandom random_;
  Metrics metrics_;
  DiskClient disk_;
  BusEnd bus_;
  std::map<std::uint64_t, Peer> peers_;
  document::DocumentService service_;
};

}  // namespace cloudsync::simulation
