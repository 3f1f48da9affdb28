#include "document/remote_members.h"

#include <gtest/gtest.h>

namespace cloudsync::document {
namespace {

Roster roster(const std::string& node,
              std::uint64_t number,
              const std::vector<std::string>& names) {
  Roster made{.node = node, .number = number, .unlisted = 0, .members = {}};
  for (const std::string& name : names) {
    made.members.push_back({.client = ClientId(name),
                            .user = UserId("u-" + name),
                            .name = name + "@" + node,
                            .presence = std::nullopt});
  }
  return made;
}

std::vector<std::string> names(const RemoteMembers& members, std::size_t members_max = 100) {
  std::vector<std::string> found;
  for (const auto& [client, member] : members.all(members_max)) {
    found.emplace_back(member.name.str());
  }
  return found;
}

using Names = std::vector<std::string>;

TEST(RemoteMembers, TheNewestRosterOfANodeCounts) {
  RemoteMembers members;
  EXPECT_TRUE(members.take(roster("n", 2, {"ann", "bob"}), 4));
  EXPECT_TRUE(members.take(roster("n", 1, {"cid"}), 4));  // overtaken
  EXPECT_TRUE(members.take(roster("n", 2, {"cid"}), 4));  // or twice
  EXPECT_EQ(names(members), (Names{"ann@n", "bob@n"}));
  EXPECT_TRUE(members.take(roster("n", 3, {"bob"}), 4));
  EXPECT_EQ(names(members), Names{"bob@n"});
}

TEST(RemoteMembers, WhoIsAtTwoNodesIsWhereItCameLast) {
  RemoteMembers members;
  EXPECT_TRUE(members.take(roster("new", 1, {}), 4));
  EXPECT_TRUE(members.take(roster("old", 1, {"ann"}), 4));
  EXPECT_TRUE(members.take(roster("new", 2, {"ann"}), 4));
  EXPECT_TRUE(members.take(roster("old", 2, {"ann"}), 4));  // half-open, and told again
  EXPECT_EQ(names(members), Names{"ann@new"});
  EXPECT_TRUE(members.take(roster("old", 3, {}), 4));
  EXPECT_EQ(names(members), Names{"ann@new"});
}

TEST(RemoteMembers, ASilentNodeIsGone) {
  RemoteMembers members;
  EXPECT_TRUE(members.take(roster("loud", 1, {"ann"}), 4));
  EXPECT_TRUE(members.take(roster("quiet", 1, {"bob"}), 4));
  for (std::uint32_t beat = 1; beat <= RemoteMembers::kSilentBeatsMax; ++beat) {
    EXPECT_TRUE(members.take(roster("loud", 1 + beat, {"ann"}), 4));
    EXPECT_FALSE(members.beat());
  }
  EXPECT_TRUE(members.take(roster("loud", 9, {"ann"}), 4));
  EXPECT_TRUE(members.beat());
  EXPECT_EQ(names(members), Names{"ann@loud"});
}

TEST(RemoteMembers, IsBounded) {
  RemoteMembers members;
  EXPECT_TRUE(members.take(roster("a", 1, {"a1", "a2"}), 2));
  EXPECT_TRUE(members.take(roster("b", 1, {"b1", "b2"}), 2));
  EXPECT_FALSE(members.take(roster("c", 1, {"c1"}), 2));
  EXPECT_EQ(names(members, 3), (Names{"a1@a", "a2@a", "b1@b"}));
}

}  // namespace
}  // namespace cloudsync::document
