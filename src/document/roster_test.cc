#include "document/roster.h"

#include <gtest/gtest.h>

namespace cloudsync::document {
namespace {

Roster two_members() {
  return {
      .node = "n\"1",
      .number = 7,
      .unlisted = 3,
      .members = {
          {.client = ClientId("ann"),
           .user = UserId("u"),
           .name = "Ann \u00e9",
           .presence = ShownPresence{Revision(5), R"({"selection":null})"}},
          {.client = ClientId("bob"), .user = UserId("v"), .name = "", .presence = std::nullopt}}};
}

TEST(Roster, ItsBytesGiveItAgain) {
  const Roster sent = two_members();
  const auto got = decode_roster(encode_roster(sent), 100);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->node, sent.node);
  EXPECT_EQ(got->number, 7U);
  EXPECT_EQ(got->unlisted, 3U);
  ASSERT_EQ(got->members.size(), 2U);
  EXPECT_EQ(got->members[0].name, sent.members[0].name);
  EXPECT_EQ(got->members[0].presence, sent.members[0].presence);
  EXPECT_EQ(got->members[1].presence, std::nullopt);
}

TEST(Roster, WhoIsBeyondTheLimitIsCounted) {
  const auto got = decode_roster(encode_roster(two_members()), 1);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->members.size(), 1U);
  EXPECT_EQ(got->unlisted, 4U);
}

TEST(Roster, RefusesWhatIsNone) {
  const std::string good = encode_roster(two_members());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_roster(good.substr(0, size), 100)) << size;
  }
  EXPECT_FALSE(decode_roster("{}", 100));
  EXPECT_FALSE(
      decode_roster(R"({"format":2,"node":"n","number":1,"unlisted":0,"members":[]})", 100));
  EXPECT_FALSE(
      decode_roster(R"({"format":1,"node":"n","number":1,"unlisted":0,"members":[1]})", 100));
}

}  // namespace
}  // namespace cloudsync::document
