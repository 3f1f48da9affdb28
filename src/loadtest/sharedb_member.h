#pragma once
// A client of ShareDB (npm, protocol 1.2 as of its lib/agent.js) that edits one document of the
// type ot-text-unicode. It inserts one character at the start: such an operation is right at every
// version, so that the client needs no transform and no copy of the document, only its version; the
// server transforms. One operation is in flight, those that are due meanwhile wait for it.

#include "base/json.h"
#include "loadtest/peer_member.h"
#include "loadtest/websocket_client.h"

#include <list>

namespace cloudsync::loadtest {

class ShareDbMember final : public PeerMember, private WebSocketEvents {
 public:
  ShareDbMember(PeerContext& context, PeerRoom& room, std::size_t number)
      : PeerMember(context, room, number), client_(context.loop, *this, context.random) {}

  /// Asks for the document, which must be at the same version and have a character for each
  /// operation on it.
  void compare(UniqueFunction<void(bool equal)> done) override;

 private:
  void open(const std::optional<runtime::Endpoint>& source) override;

  void close() override { client_.abort("closed"); }

  void transmit(TimePoint due) override;

  void on_open() override;
  void on_text(std::string_view text) override;

  void on_binary(std::string_view) override { fail_with("bad_message"); }

  void on_disconnected(std::string_view reason) override;

  void on_message(const JsonObject& message);
  void on_subscribed(const JsonObject& snapshot);
  void on_operation(const JsonObject& message);
  void on_fetched(const JsonObject& snapshot);
  void submit(std::string_view change, JsonValue value, TimePoint due);
  void ask(JsonObject message);

  WebSocketClient client_;
  std::string id_;                        // the source of its operations
  std::optional<std::uint64_t> version_;  // of the document, once subscribed
  bool in_flight_ = false;
  std::list<TimePoint> waiting_;  // operations that were due meanwhile
  UniqueFunction<void(bool)> compared_;
};

}  // namespace cloudsync::loadtest
