// The rooms application (src/loadtest/protocol.h) on Boost.Beast, as its documentation and examples
// (websocket/chat-multi) write a server: one thread, a websocket::stream for each session, frames
// that all receivers share, and a queue of them of which one is written at a time.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using Frame = std::shared_ptr<const std::string>;

class Session;
/// A session is in one from its join until it ends.
using Room = std::unordered_set<Session*>;
using Rooms = std::unordered_map<std::string, Room>;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Rooms& rooms) : stream_(std::move(socket)), rooms_(rooms) {}

  ~Session() {
    if (room_ != nullptr) {
      room_->erase(this);
    }
  }

  void start() {
    beast::get_lowest_layer(stream_).expires_never();  // the stream has its own timeouts
    beast::get_lowest_layer(stream_).socket().set_option(tcp::no_delay(true));
    stream_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    stream_.async_accept([self = shared_from_this()](beast::error_code error) {
      if (!error) {
        self->stream_.text(true);
        self->read();
      }
    });
  }

  void send(Frame frame) {
    queue_.push_back(std::move(frame));
    if (queue_.size() == 1) {
      write();
    }
  }

 private:
  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) {
        self->on_message();
        self->read();
      }
    });
  }

  void on_message() {
    constexpr std::string_view kJoin = "join ";
    auto text = std::make_shared<const std::string>(beast::buffers_to_string(buffer_.data()));
    buffer_.consume(buffer_.size());
    if (room_ == nullptr && text->starts_with(kJoin)) {
      room_ = &rooms_[text->substr(kJoin.size())];
      room_->insert(this);
      send(std::make_shared<const std::string>("joined"));
    } else if (room_ == nullptr) {
      send(std::move(text));
    } else {
      for (Session* member : *room_) {
        member->send(text);
      }
    }
  }

  void write() {
    stream_.async_write(asio::buffer(*queue_.front()),
                        [self = shared_from_this()](beast::error_code error, std::size_t) {
                          if (error) {
                            return;
                          }
                          self->queue_.erase(self->queue_.begin());
                          if (!self->queue_.empty()) {
                            self->write();
                          }
                        });
  }

  websocket::stream<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
  std::vector<Frame> queue_;  // the first is being written
  Rooms& rooms_;
  Room* room_ = nullptr;
};

class Listener {
 public:
  Listener(asio::io_context& context, Rooms& rooms)
      : acceptor_(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), rooms_(rooms) {
    acceptor_.listen(asio::socket_base::max_listen_connections);
    accept();
  }

  unsigned short port() const { return acceptor_.local_endpoint().port(); }

 private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (!error) {
        std::make_shared<Session>(std::move(socket), rooms_)->start();
      }
      if (error != asio::error::operation_aborted) {
        accept();
      }
    });
  }

  tcp::acceptor acceptor_;
  Rooms& rooms_;
};

}  // namespace

int main() {
  Rooms rooms;                  // outlive the sessions, which the context holds
  asio::io_context context(1);  // one thread: no locks
  Listener listener(context, rooms);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&context](beast::error_code, int) { context.stop(); });
  std::cout << "listening on http://127.0.0.1:" << listener.port() << std::endl;
  context.run();
  return 0;
}
