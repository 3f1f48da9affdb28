#include "gateway/rooms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync::gateway {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr ConnectionId kAnn{1};
constexpr ConnectionId kBen{2};
constexpr ConnectionId kCid{3};

TEST(Rooms, HasOneNameForAllMembersOfARoom) {
  Gauge count;
  Rooms rooms(count);
  const std::string& name = rooms.join("a", kAnn);
  for (const char* other : {"b", "c", "d"}) {
    rooms.join(other, kAnn);
  }
  EXPECT_EQ(name, "a");
  EXPECT_EQ(&rooms.join("a", kBen), &name);
  EXPECT_THAT(rooms.members("a"), UnorderedElementsAre(kAnn, kBen));
  rooms.leave(name, kAnn);
  rooms.leave(name, kBen);  // its own name, which goes with it
  EXPECT_EQ(rooms.size(), 3U);
}

TEST(Rooms, KeepsTheOthersWhenOneLeaves) {
  Gauge count;
  Rooms rooms(count);
  for (const ConnectionId member : {kAnn, kBen, kCid}) {
    rooms.join("a", member);
  }
  rooms.leave("a", kAnn);
  EXPECT_THAT(rooms.members("a"), UnorderedElementsAre(kBen, kCid));
}

TEST(Rooms, ForgetsARoomWithoutMembers) {
  Gauge count;
  Rooms rooms(count);
  rooms.join("a", kAnn);
  rooms.join("b", kAnn);
  EXPECT_EQ(rooms.size(), 2U);
  rooms.leave("a", kAnn);
  EXPECT_EQ(rooms.size(), 1U);
  EXPECT_THAT(rooms.members("a"), IsEmpty());
}

TEST(Rooms, IgnoresALeaveOfSomebodyElse) {
  Gauge count;
  Rooms rooms(count);
  rooms.join("a", kAnn);
  rooms.leave("a", kBen);
  rooms.leave("b", kAnn);
  EXPECT_THAT(rooms.members("a"), UnorderedElementsAre(kAnn));
}

}  // namespace
}  // namespace cloudsync::gateway
