#include "loadtest/line_channel.h"

#include "base/bytes.h"

#include <utility>

namespace cloudsync::loadtest {

LineChannel::LineChannel(runtime::Loop& loop, int descriptor, Received received, Ended ended)
    : loop_(loop), received_(std::move(received)), ended_(std::move(ended)) {
  socket_ = loop.adopt(descriptor, *this);
}

void LineChannel::send(const JsonObject& message) {
  if (socket_) {
    loop_.send(*socket_, share(to_json(message) + "\n"));
  }
}

void LineChannel::close() {
  if (socket_) {
    loop_.close(*socket_, runtime::CloseMode::kFlush);
  }
}

void LineChannel::on_data(runtime::SocketId, std::span<std::uint8_t> bytes) {
  unread_.append(as_text(bytes));
  if ((!take_lines() || unread_.size() > kLineBytesMax) && socket_) {
    loop_.close(*socket_, runtime::CloseMode::kAbort);
  }
}

/// False if one of the whole lines is no message.
bool LineChannel::take_lines() {
  std::size_t begin = 0;
  for (std::size_t end = unread_.find('\n'); end != std::string::npos;
       end = unread_.find('\n', begin)) {
    const auto json = parse_json(std::string_view(unread_).substr(begin, end - begin));
    const JsonObject* message = json ? json->if_object() : nullptr;
    if (message == nullptr) {
      return false;
    }
    received_(*message);
    begin = end + 1;
  }
  unread_.erase(0, begin);
  return true;
}

void LineChannel::on_closed(runtime::SocketId, runtime::CloseCause) {
  socket_.reset();
  if (auto ended = std::exchange(ended_, nullptr)) {
    ended();
  }
}

}  // namespace cloudsync::loadtest
