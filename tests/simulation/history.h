#pragma once
// What everybody saw, handed to the checker as it happens, and kept if it is to be written to a
// file.

#include "checker/checker.h"
#include "world.h"

#include <string>
#include <vector>

namespace cloudsync::simulation {

/// The one document of a run.
inline const DocumentId kDocument("doc");

/// An event, to be filled in.
inline checker::Event event_of(checker::Kind kind) {
  checker::Event event;
  event.kind = kind;
  return event;
}

class History {
 public:
  History(const World& world, bool keep) : world_(world), keep_(keep) {}

  /// An event of a client.
  void client(const ClientId& writer, checker::Event event) {
    event.writer = writer.value();
    add(std::move(event));
  }

  /// An event of a node.
  void node(const std::string& writer, checker::Event event) {
    event.by_node = true;
    event.writer = writer;
    add(std::move(event));
  }

  /// A row of the log, or what it starts from.
  void log(checker::Event event) { add(std::move(event)); }

  /// What must never happen, whatever the checker can see of it.
  void complain(std::string what) { complaints_.push_back(std::move(what)); }

  std::int64_t now() const { return world_.now().count() / 1'000; }

  /// If they are kept.
  std::vector<checker::Event> take_events() { return std::move(events_); }

  /// What is wrong, empty if nothing is. Call it once, last.
  std::vector<std::string> finish();

 private:
  void add(checker::Event event);

  const World& world_;
  bool keep_;
  checker::Checker checker_;
  std::uint64_t count_ = 0;
  std::vector<checker::Event> events_;
  std::vector<std::string> complaints_;
};

}  // namespace cloudsync::simulation
