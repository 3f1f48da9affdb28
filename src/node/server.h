#pragma once
// The composition root: builds a node from its settings, starts it, and stops it in order. Reading
// this file shows which parts exist and who knows whom.

#include "base/result.h"
#include "node/settings.h"
#include "runtime/loop.h"

#include <memory>
#include <string>

namespace cloudsync::node {

class Server {
 public:
  /// Opens the store, starts the loops and listens. Errors carry a message for the operator.
  static Result<std::unique_ptr<Server>> start(const Settings& settings);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// What browsers open: the bound address as a URL.
  std::string url() const;

  /// Stops in order: no new connections or operations; everything accepted is committed and
  /// answered; connections are closed; the store is closed. Blocks, about a second at most beyond
  /// what the store needs. Idempotent.
  void stop();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace cloudsync::node
