#pragma once
// Members of rooms on servers that pass messages on (protocol.h): over Socket.IO, and over
// WebSocket alone. With options.echo they join none, and get their own messages back.

#include "loadtest/peer_member.h"
#include "loadtest/socket_io_client.h"
#include "loadtest/websocket_client.h"

namespace cloudsync::loadtest {

class SocketIoRoomMember final : public PeerMember, private SocketIoEvents {
 public:
  SocketIoRoomMember(PeerContext& context, PeerRoom& room, std::size_t number)
      : PeerMember(context, room, number), client_(context.loop, *this, context.random) {}

 private:
  void open(const std::optional<runtime::Endpoint>& source) override;

  void close() override { client_.close(); }

  void transmit(TimePoint due) override;

  void on_ready() override;
  bool try_packet(std::string_view text) override;
  void on_event(std::string_view name, const JsonArray& args, std::string_view text) override;
  void on_ack(std::uint64_t id, const JsonArray& args) override;

  void on_disconnected(std::string_view reason) override { on_lost(reason); }

  SocketIoClient client_;
};

class WebSocketRoomMember final : public PeerMember, private WebSocketEvents {
 public:
  WebSocketRoomMember(PeerContext& context, PeerRoom& room, std::size_t number)
      : PeerMember(context, room, number), client_(context.loop, *this, context.random) {}

 private:
  void open(const std::optional<runtime::Endpoint>& source) override;

  void close() override { client_.abort("closed"); }

  void transmit(TimePoint due) override;

  void on_open() override;
  void on_text(std::string_view text) override;

  void on_binary(std::string_view) override { fail_with("bad_message"); }

  void on_disconnected(std::string_view reason) override { on_lost(reason); }

  WebSocketClient client_;
};

}  // namespace cloudsync::loadtest
