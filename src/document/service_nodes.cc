// DocumentService: what nodes on one store tell each other of the open documents, and the checks of
// the heads for what they missed.

#include "base/log.h"
#include "document/publication.h"
#include "document/service_impl.h"

#include <utility>

namespace cloudsync::document {
namespace {

/// Intervals between rosters of a document in which nothing changes.
constexpr std::uint64_t kHeartbeat = 10;

}  // namespace

void DocumentService::Impl::subscribe(const Document& document) {
  if (deps_.pubsub == nullptr || !is_shared()) {
    return;
  }
  subscribe(document, publication_topic(document.id), &Impl::on_publication);
  subscribe(document, roster_topic(document.id), &Impl::on_roster);
}

void DocumentService::Impl::subscribe(const Document& document,
                                      std::string topic,
                                      OnMessage on_message) {
  deps_.pubsub->subscribe(
      std::move(topic),
      deps_.executor,
      guard([this, id = document.id, generation = document.generation, on_message](
                const SharedBytes& message) {
        Document* found = find(id, generation);
        if (found != nullptr && found->authority != nullptr) {
          (this->*on_message)(*found, *message);
        }
      }));
}

void DocumentService::Impl::on_publication(Document& document, std::string_view message) {
  auto updates = decode_publication(message);
  if (!updates) {
    log_warning("publication_unreadable", {{"document", document.id.value()}});
    return;
  }
  document.authority->on_publication(*std::move(updates), moment());
  settle(document);
}

void DocumentService::Impl::on_roster(Document& document, std::string_view message) {
  auto roster = decode_roster(message, deps_.limits.members_listed);
  if (!roster) {
    log_warning("roster_unreadable", {{"document", document.id.value()}});
    return;
  }
  document.authority->on_roster(*std::move(roster), deps_.clock.wall());
  settle(document);
}

void DocumentService::Impl::unsubscribe(const DocumentId& id) {
  if (deps_.pubsub != nullptr && is_shared()) {
    deps_.pubsub->unsubscribe(publication_topic(id));
    deps_.pubsub->unsubscribe(roster_topic(id));
  }
}

bool DocumentService::Impl::tells_presence() const {
  return is_shared() && deps_.pubsub != nullptr && deps_.run_after &&
         deps_.limits.presence_interval > Duration(0);
}

// `time` counts the intervals.
void DocumentService::Impl::tell_presence_later(std::uint64_t time) {
  if (!tells_presence()) {
    return;
  }
  deps_.run_after(deps_.limits.presence_interval, guard([this, time] {
                    for (const auto& [id, document] : documents_) {
                      if (document->authority != nullptr) {
                        document->authority->beat(time % kHeartbeat == 0, deps_.clock.wall());
                        run_effects(*document);  // none of them closes a document
                      }
                    }
                    if (!closing_) {
                      tell_presence_later(time + 1);
                    }
                  }));
}

void DocumentService::Impl::check_heads_later() {
  const Duration interval = deps_.limits.head_check_interval;
  if (is_shared() && interval > Duration(0) && deps_.run_after) {
    deps_.run_after(interval, guard([this] {
                      if (!closing_) {
                        check_heads();
                        check_heads_later();
                      }
                    }));
  }
}

// In every document with members: the others' heads are looked at when somebody comes.
void DocumentService::Impl::check_heads() {
  std::vector<DocumentId> ids;  // settle() may evict
  for (const auto& [id, document] : documents_) {
    if (document->authority != nullptr && document->authority->has_members()) {
      ids.push_back(id);
    }
  }
  for (const DocumentId& id : ids) {
    if (Document* document = find(id)) {
      metrics_.count_head_check();
      document->authority->check_head();
      settle(*document);
    }
  }
}

}  // namespace cloudsync::document
