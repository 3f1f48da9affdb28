#include "document/members.h"

#include "base/assert.h"

#include <utility>

namespace cloudsync::document {

Member& Members::add(Member member) {
  const MemberId id = member.id;
  ++per_loop_[id.loop];
  member.listed = false;
  const auto [it, inserted] = members_.emplace(id, std::move(member));
  CS_ASSERT(inserted, "a member joins once");
  const bool new_client = by_client_.insert(&it->second).second;
  CS_ASSERT(new_client, "a client id has one member");
  (void)try_list(it->second);
  return it->second;
}

Member Members::take(MemberId id) {
  const auto it = members_.find(id);
  CS_ASSERT(it != members_.end(), "only a member is removed");
  listed_count_ -= it->second.listed ? 1 : 0;
  by_client_.erase(&it->second);
  if (--per_loop_[id.loop] == 0) {
    per_loop_.erase(id.loop);
  }
  return std::move(members_.extract(it).mapped());
}

Member* Members::find(MemberId id) {
  const auto it = members_.find(id);
  return it == members_.end() ? nullptr : &it->second;
}

const Member* Members::find_client(const ClientId& client) const {
  const auto it = by_client_.find(client);
  return it == by_client_.end() ? nullptr : *it;
}

bool Members::try_list(Member& member) {
  if (!member.listed && listed_count_ < listed_max_) {
    member.listed = true;
    ++listed_count_;
  }
  return member.listed;
}

std::vector<std::uint32_t> Members::loops(const std::optional<MemberId>& except) const {
  std::vector<std::uint32_t> loops;
  for (const auto& [loop, count] : per_loop_) {
    const bool only_except =
        except && except->loop == loop && count == 1 && members_.contains(*except);
    if (!only_except) {
      loops.push_back(loop);
    }
  }
  return loops;
}

}  // namespace cloudsync::document
