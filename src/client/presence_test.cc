#include "client/presence.h"

#include <gtest/gtest.h>

namespace cloudsync::client {
namespace {

const ClientId kBob("bob");
constexpr ot::Range kAtTwo{.index = 2, .length = 0};

TEST(PresenceMap, DropsAPresenceOlderThanTheText) {
  PresenceMap map;
  map.on_presence(kBob, Revision(3), kAtTwo, Revision(4), {});
  map.on_revision(Revision(5), {});
  EXPECT_TRUE(map.shown().empty());
}

TEST(PresenceMap, KeepsOnlyTheLatestHeld) {
  PresenceMap map;
  map.on_presence(kBob, Revision(5), kAtTwo, Revision(4), {});
  map.on_presence(kBob, Revision(6), ot::Range{.index = 9, .length = 1}, Revision(4), {});
  map.on_revision(Revision(5), {});
  EXPECT_TRUE(map.shown().empty());
  map.on_revision(Revision(6), {});
  EXPECT_EQ(map.shown().at(kBob), (ot::Range{.index = 9, .length = 1}));
}

TEST(PresenceMap, IsWithdrawnWithoutASelection) {
  PresenceMap map;
  map.on_presence(kBob, Revision(4), kAtTwo, Revision(4), {});
  map.on_presence(kBob, Revision(4), std::nullopt, Revision(4), {});
  EXPECT_TRUE(map.shown().empty());
}

TEST(PresenceMap, HoldsABoundedNumberOfAuthors) {
  PresenceMap map;
  for (std::size_t i = 0; i <= kPresenceAuthorsMax; ++i) {
    map.on_presence(ClientId("c" + std::to_string(i)), Revision(1), kAtTwo, Revision(1), {});
  }
  EXPECT_EQ(map.shown().size(), kPresenceAuthorsMax);
  map.on_presence(ClientId("c0"), Revision(1), ot::Range{.index = 5}, Revision(1), {});
  EXPECT_EQ(map.shown().at(ClientId("c0")).index, 5U);
}

}  // namespace
}  // namespace cloudsync::client
