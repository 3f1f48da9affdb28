#include "base/gate.h"

#include <gtest/gtest.h>

namespace cloudsync {
namespace {

TEST(Gate, ClosesAtOnceWhenIdle) {
  Gate gate;
  bool done = false;
  gate.close([&done] { done = true; });
  EXPECT_TRUE(done);
  EXPECT_FALSE(gate.try_enter());
}

TEST(Gate, WaitsForTheLastHold) {
  Gate gate;
  bool done = false;
  auto first = gate.try_enter();
  auto second = gate.try_enter();
  gate.close([&done] { done = true; });
  first.reset();
  EXPECT_FALSE(done);
  second.reset();
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace cloudsync
