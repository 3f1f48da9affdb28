#pragma once
// I13: at the end all members of a document show the same members and the same selections.

#include "checker/findings.h"
#include "checker/history.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace cloudsync::checker {

class PresenceTrace {
 public:
  void connected(const std::string& client, bool up) { connected_[client] = up; }

  void members(const Event& event, Where where);
  void cursor(const Event& event, Where where);
  void finish(Findings& findings) const;

 private:
  struct Members {
    std::set<std::string> ids;  // the writer's own included
    Where where;
  };

  struct Cursor {
    std::uint64_t rev = 0;
    std::string range;
    Where where;
  };

  void check_members(Findings& findings) const;
  void check_cursors(Findings& findings) const;

  std::unordered_map<std::string, bool> connected_;
  // By document, then writer; the last that it said.
  std::map<std::string, std::map<std::string, Members>> members_;
  // By document and whose it is, then writer.
  std::map<std::pair<std::string, std::string>, std::map<std::string, Cursor>> cursors_;
};

}  // namespace cloudsync::checker
