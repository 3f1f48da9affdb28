#include "document/members.h"

#include <gtest/gtest.h>

#include <string>

namespace cloudsync::document {
namespace {

constexpr std::uint64_t kCount = 40;

ClientId client(std::uint64_t number) {
  return ClientId("client-" + std::to_string(number * 7 % kCount));  // in another order than ids
}

MemberId id(std::uint64_t number) {
  return {.loop = static_cast<std::uint32_t>(number % 3), .connection = number};
}

void add(Members& members, std::uint64_t number) {
  members.add({.connection = id(number).connection,
               .loop = id(number).loop,
               .client = client(number),
               .user = UserId("user"),
               .name = {}});
}

/// Whether just `first` to `last` are there, by either id.
void expect_just(Members& members, std::uint64_t first, std::uint64_t last) {
  EXPECT_EQ(members.count(), last - first);
  for (std::uint64_t number = 0; number < kCount; ++number) {
    const bool there = number >= first && number < last;
    EXPECT_EQ(members.has_client(client(number)), there) << number;
    EXPECT_EQ(members.find(id(number)), members.find_client(client(number))) << number;
    EXPECT_EQ(members.find(id(number)) != nullptr, there) << number;
  }
}

TEST(Members, AreFoundByConnectionAndByClient) {
  Members members(100);
  expect_just(members, 0, 0);
  for (std::uint64_t number = 0; number < kCount; ++number) {
    add(members, number);
    expect_just(members, 0, number + 1);
  }
  for (std::uint64_t number = 0; number < kCount; ++number) {
    EXPECT_EQ(members.take(id(number)).client, client(number));
    expect_just(members, number + 1, kCount);
  }
  EXPECT_TRUE(members.empty());
  EXPECT_TRUE(members.loops({}).empty());
}

TEST(Members, AreListedWhileThereIsRoom) {
  Members members(2);
  for (std::uint64_t number = 0; number < 3; ++number) {
    add(members, number);
  }
  EXPECT_EQ(members.listed_count(), 2U);
  EXPECT_FALSE(members.try_list(*members.find(id(2))));
  members.take(id(0));
  EXPECT_TRUE(members.try_list(*members.find(id(2))));
  EXPECT_EQ(members.listed_count(), 2U);
}

TEST(Members, AreOnTheirLoops) {
  Members members(100);
  add(members, 0);
  add(members, 1);
  EXPECT_EQ(members.loops({}), (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(members.loops(id(0)), std::vector<std::uint32_t>{1});
  add(members, 3);
  EXPECT_EQ(members.loops(id(0)), (std::vector<std::uint32_t>{0, 1}));
}

}  // namespace
}  // namespace cloudsync::document
