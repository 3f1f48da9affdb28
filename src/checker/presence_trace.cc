#include "checker/presence_trace.h"

namespace cloudsync::checker {

void PresenceTrace::members(const Event& event, Where where) {
  Members members{.ids = {event.ids.begin(), event.ids.end()}, .where = where};
  members.ids.insert(event.writer);
  members_[event.doc][event.writer] = std::move(members);
}

void PresenceTrace::cursor(const Event& event, Where where) {
  cursors_[{event.doc, event.author}][event.writer] =
      Cursor{.rev = event.rev, .range = event.text, .where = where};
}

void PresenceTrace::finish(Findings& findings) const {
  check_members(findings);
  check_cursors(findings);
}

void PresenceTrace::check_members(Findings& findings) const {
  for (const auto& [document, by_writer] : members_) {
    for (const auto& [writer, shown] : by_writer) {
      findings.count(Invariant::kI13);
      for (const std::string& id : shown.ids) {
        const auto connected = connected_.find(id);
        if (connected != connected_.end() && !connected->second) {
          findings.violate(
              Invariant::kI13, document, 0, shown.where, writer + " shows " + id + ", who is gone");
        }
      }
      // Each set has its writer, so that who is not shown by somebody is found, too.
      if (shown.ids != by_writer.begin()->second.ids) {
        findings.violate(Invariant::kI13,
                         document,
                         0,
                         shown.where,
                         writer + " shows other members than " + by_writer.begin()->first);
      }
    }
  }
}

void PresenceTrace::check_cursors(Findings& findings) const {
  for (const auto& [key, by_writer] : cursors_) {
    const auto& [document, of] = key;
    const auto own = by_writer.find(of);
    const auto& [name, expected] = own == by_writer.end() ? *by_writer.begin() : *own;
    for (const auto& [writer, shown] : by_writer) {
      findings.count(Invariant::kI13);
      if (shown.rev == expected.rev && shown.range != expected.range) {
        findings.violate(Invariant::kI13,
                         document,
                         shown.rev,
                         shown.where,
                         writer + " shows the selection of " + of + " elsewhere than " + name);
      }
    }
  }
}

}  // namespace cloudsync::checker
