// The rules of docs/ot.md for json, one by one.

#include "ot/json_transform.h"

#include "ot/json_op.h"

#include <gtest/gtest.h>

#include <string>

namespace cloudsync::ot {
namespace {

JsonOp op(std::string_view text) {
  return JsonOp::parse(parse_json("[" + std::string(text) + "]").value()).value();
}

std::string after(std::string_view a, std::string_view b, Side side) {
  const std::string list = cloudsync::to_json(transform(op(a), op(b), side).to_json());
  return list.substr(1, list.size() - 2);
}

std::string left(std::string_view a, std::string_view b) {
  return after(a, b, Side::kLeft);
}

std::string right(std::string_view a, std::string_view b) {
  return after(a, b, Side::kRight);
}

void expect_both(std::string_view a, std::string_view b, std::string_view result) {
  EXPECT_EQ(left(a, b), result);
  EXPECT_EQ(right(a, b), result);
}

TEST(JsonTransform, LeftInsertsFirst) {
  EXPECT_EQ(left(R"({"p":[1],"li":0})", R"({"p":[1],"li":1})"), R"({"p":[1],"li":0})");
  EXPECT_EQ(right(R"({"p":[1],"li":0})", R"({"p":[1],"li":1})"), R"({"p":[2],"li":0})");
  EXPECT_EQ(left(R"({"p":[1],"si":"x"})", R"({"p":[1],"si":"yz"})"), R"({"p":[1],"si":"x"})");
  EXPECT_EQ(right(R"({"p":[1],"si":"x"})", R"({"p":[1],"si":"yz"})"), R"({"p":[3],"si":"x"})");
}

TEST(JsonTransform, LeftsValueStays) {
  EXPECT_EQ(left(R"({"p":["a"],"oi":0})", R"({"p":["a"],"oi":1})"), R"({"p":["a"],"od":1,"oi":0})");
  EXPECT_EQ(right(R"({"p":["a"],"oi":0})", R"({"p":["a"],"oi":1})"), "");
  EXPECT_EQ(left(R"({"p":["a"],"od":9,"oi":0})", R"({"p":["a"],"od":9,"oi":1})"),
            R"({"p":["a"],"od":1,"oi":0})");
  EXPECT_EQ(left(R"({"p":[0],"ld":9,"li":0})", R"({"p":[0],"ld":9,"li":1})"),
            R"({"p":[0],"ld":1,"li":0})");
  EXPECT_EQ(right(R"({"p":[0],"ld":9,"li":0})", R"({"p":[0],"ld":9,"li":1})"), "");
}

TEST(JsonTransform, DeletesOnce) {
  expect_both(R"({"p":[0],"ld":9})", R"({"p":[0],"ld":9})", "");
  expect_both(R"({"p":["a"],"od":9})", R"({"p":["a"],"od":9})", "");
  expect_both(R"({"p":["a"],"od":9})", R"({"p":["a"],"od":9,"oi":1})", "");
  expect_both(R"({"p":[1],"sd":"bc"})", R"({"p":[0],"sd":"ab"})", R"({"p":[0],"sd":"c"})");
}

TEST(JsonTransform, AReplacementOfWhatIsGoneInserts) {
  expect_both(R"({"p":["a"],"od":9,"oi":1})", R"({"p":["a"],"od":9})", R"({"p":["a"],"oi":1})");
  expect_both(R"({"p":[0],"ld":9,"li":1})", R"({"p":[0],"ld":9})", R"({"p":[0],"li":1})");
}

TEST(JsonTransform, WhatIsInsideOfADeletionGoesWithIt) {
  expect_both(R"({"p":["a","b"],"oi":1})", R"({"p":["a"],"od":{}})", "");
  expect_both(R"({"p":[1,0],"si":"x"})", R"({"p":[1],"ld":""})", "");
  expect_both(R"({"p":[1],"na":1})", R"({"p":[1],"ld":0,"li":5})", "");
}

TEST(JsonTransform, ADeletionNamesWhatIsThereNow) {
  expect_both(
      R"({"p":["a"],"od":{"n":1}})", R"({"p":["a","n"],"na":2})", R"({"p":["a"],"od":{"n":3}})");
  expect_both(
      R"({"p":["a"],"od":5,"oi":0})", R"({"p":["a"],"na":2})", R"({"p":["a"],"od":7,"oi":0})");
  expect_both(R"({"p":[0],"ld":"ab"})", R"({"p":[0,1],"si":"💩"})", R"({"p":[0],"ld":"a💩b"})");
}

TEST(JsonTransform, PathsFollowTheirElement) {
  expect_both(R"({"p":[2,"a"],"oi":1})", R"({"p":[1],"li":0})", R"({"p":[3,"a"],"oi":1})");
  expect_both(R"({"p":[2,"a"],"oi":1})", R"({"p":[1],"ld":0})", R"({"p":[1,"a"],"oi":1})");
  expect_both(R"({"p":[2],"na":1})", R"({"p":[2],"lm":0})", R"({"p":[0],"na":1})");
  expect_both(R"({"p":[0],"na":1})", R"({"p":[2],"lm":0})", R"({"p":[1],"na":1})");
  expect_both(R"({"p":[2],"na":1})", R"({"p":[0],"lm":2})", R"({"p":[1],"na":1})");
}

TEST(JsonTransform, MovesOfOneElement) {
  EXPECT_EQ(left(R"({"p":[0],"lm":2})", R"({"p":[0],"lm":1})"), R"({"p":[1],"lm":2})");
  EXPECT_EQ(right(R"({"p":[0],"lm":2})", R"({"p":[0],"lm":1})"), "");
  expect_both(R"({"p":[0],"lm":2})", R"({"p":[0],"ld":0})", "");
}

TEST(JsonTransform, MovesToOnePlace) {
  EXPECT_EQ(left(R"({"p":[0],"lm":2})", R"({"p":[1],"lm":2})"), R"({"p":[0],"lm":1})");
  EXPECT_EQ(right(R"({"p":[0],"lm":2})", R"({"p":[1],"lm":2})"), R"({"p":[0],"lm":2})");
  expect_both(R"({"p":[0],"lm":1})", R"({"p":[2],"lm":1})", R"({"p":[0],"lm":2})");
}

TEST(JsonTransform, NumbersAddUp) {
  expect_both(R"({"p":["a"],"na":1})", R"({"p":["a"],"na":2})", R"({"p":["a"],"na":1})");
}

TEST(JsonTransform, BothEncodingsOfTextAreOne) {
  EXPECT_EQ(right(R"({"p":["a",1],"si":"x"})", R"({"p":["a"],"t":"text0","o":[{"p":1,"i":"y"}]})"),
            R"({"p":["a",2],"si":"x"})");
  expect_both(R"({"p":["a",0],"sd":"ab"})",
              R"({"p":["a"],"t":"text0","o":[{"p":1,"i":"-"}]})",
              R"({"p":["a",0],"sd":"a"},{"p":["a",1],"sd":"b"})");
}

TEST(JsonTransform, OperationsThatFitNoCommonDocumentCombine) {
  const char* misfits[] = {R"({"p":["a"],"oi":1})",
                           R"({"p":["a",0],"li":1})",
                           R"({"p":["a",0],"ld":{"b":1},"li":2})",
                           R"({"p":["a",0],"lm":3})",
                           R"({"p":["a",1],"sd":"💩"})",
                           R"({"p":["a",2],"sd":"xyz"})",
                           R"({"p":["a"],"na":1})",
                           R"({"p":["a","b"],"od":[]})",
                           R"({"p":["a",0,"b"],"od":[],"oi":3})",
                           R"({"p":["a",0,"b",3],"si":"x"})",
                           R"({"p":["a",0,"b",0,0],"ld":1})"};
  for (const auto* a : misfits) {
    for (const auto* b : misfits) {
      static_cast<void>(left(a, b));
      static_cast<void>(right(a, b));
    }
  }
}

// A deletion that is split by every component of the other: as many walks within each other as
// there are components, and no recursion.
TEST(JsonTransform, ADeletionMayBeSplitByEveryComponent) {
  JsonOp erase;
  erase.erase_text({std::uint64_t{0}}, std::string(kJsonOpComponentsMax + 1, 'a'));
  erase.insert_text({std::uint64_t{0}}, "b");
  JsonOp inserts;
  for (std::uint64_t i = 0; i < kJsonOpComponentsMax; ++i) {
    inserts.insert_text({2 * i + 1}, "-");
  }
  EXPECT_EQ(transform(erase, inserts, Side::kLeft).components().size(), kJsonOpComponentsMax + 2);
  EXPECT_EQ(transform(erase, inserts, Side::kRight).components().size(), kJsonOpComponentsMax + 2);
}

// Deletions of one string that overlap, so that walks are within walks, and moves in one list.
TEST(JsonTransform, InStepsGivesTheSame) {
  JsonOp a;
  JsonOp b;
  for (std::uint64_t i = 0; i < 40; ++i) {
    a.erase_text({"s", i}, "abc").insert_text({"s", 2 * i}, "x").move({"l", i}, 40 - i);
    b.insert_text({"s", i + 1}, "yy").erase_text({"s", 3 * i}, "bcd").move({"l", i + 1}, i / 2);
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const JsonOp at_once = transform(a, b, side);
    for (const std::size_t pairs : {1, 100, 1'000}) {
      JsonTransform steps(a, b, side);
      int turns = 0;
      for (; !steps.is_done(); ++turns) {
        EXPECT_LE(steps.go_on(pairs), pairs + 500);  // a list is not longer
      }
      EXPECT_GE(turns, 10) << pairs;
      EXPECT_EQ(steps.take(), at_once);
    }
  }
}

}  // namespace
}  // namespace cloudsync::ot
