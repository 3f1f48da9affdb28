#include "ot/text.h"

#include <gtest/gtest.h>

namespace cloudsync::ot {
namespace {

JsonValue json(std::string_view text) {
  return parse_json(text).value();
}

TextOp op(std::string_view text) {
  return TextOp::parse(json(text)).value();
}

std::string str(const TextOp& op) {
  return cloudsync::to_json(op.to_json());
}

std::string applied(std::string text, std::string_view operation) {
  TextDocument document(std::move(text));
  const auto result = document.apply(op(operation));
  return result ? document.text() : result.error().message;
}

std::string refusal(std::string_view text) {
  const auto parsed = TextOp::parse(json(text));
  EXPECT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, ErrorCode::kOpInvalid);
  return parsed.error().message;
}

TEST(TextOp, MergesNeighboursAndCountsDeletedText) {
  EXPECT_EQ(str(op(R"([1,"a","b",{"d":1},{"d":"💩é"},2,"c"])")), R"([1,"ab",{"d":3},2,"c"])");
}

TEST(TextOp, KeepsTheOrderOfInsertAndDelete) {
  EXPECT_EQ(str(op(R"([{"d":1},"x"])")), R"([{"d":1},"x"])");
  EXPECT_EQ(str(op(R"(["x",{"d":1}])")), R"(["x",{"d":1}])");
}

TEST(TextOp, NamesTheComponentItRefuses) {
  EXPECT_EQ(refusal(R"(["x",0,"y"])"),
            "component 1: a length must be a whole number from 1 to 2^53 - 1");
  EXPECT_EQ(refusal(R"(["x",1,1,"y"])"), "component 2: neighbouring skips must be combined");
}

TEST(TextOp, RefusesWhatIsNoOperation) {
  for (const auto* text : {R"("x")",
                           R"({"ops":[]})",
                           R"([null])",
                           R"([true])",
                           R"([[1]])",
                           R"([""])",
                           R"([-1,"x"])",
                           R"([0.5,"x"])",
                           R"([9007199254740992,"x"])",
                           R"([1e300,"x"])",
                           R"(["x",1])",
                           R"([{}])",
                           R"([{"d":0}])",
                           R"([{"d":-1}])",
                           R"([{"d":1.5}])",
                           R"([{"d":""}])",
                           R"([{"d":null}])",
                           R"([{"d":1,"e":1}])",
                           R"([{"e":1}])",
                           R"([{"d":9007199254740991},"x",{"d":1}])"}) {
    EXPECT_FALSE(TextOp::parse(json(text)).has_value()) << text;
  }
}

TEST(TextOp, TakesAsManyComponentsAsAllowed) {
  EXPECT_TRUE(TextOp::parse(json(R"([1,"a"])"), 2).has_value());
  EXPECT_FALSE(TextOp::parse(json(R"([1,"a"])"), 1).has_value());
}

TEST(TextOp, AcceptsTheLargestLength) {
  EXPECT_EQ(op(R"([{"d":9007199254740991}])").base_length(), 9007199254740991U);
}

TEST(TextDocument, AppliesInCodePoints) {
  EXPECT_EQ(applied("a💩b", R"([2,"x",{"d":1}])"), "a💩x");
  EXPECT_EQ(applied("ae\u0301", R"([2,{"d":1}])"), "ae");
  EXPECT_EQ(applied("", R"(["x"])"), "x");
  EXPECT_EQ(applied("abc", R"([{"d":3}])"), "");
  EXPECT_EQ(applied("abcdef", R"([1,"X",1,{"d":2},1,"Y"])"), "aXbeYf");
}

TEST(TextDocument, FindsPlacesBeyondOneBlockOfBytes) {
  std::string text;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    text += "é💩";
    expected += i == 90 ? "éX💩" : "é💩";
  }
  EXPECT_EQ(applied(text, R"([181,"X"])"), expected);
}

TEST(TextDocument, CountsItsLength) {
  TextDocument document("é💩");
  EXPECT_EQ(document.length(), 2U);
  ASSERT_TRUE(document.apply(op(R"([1,"中中中",{"d":1}])")).has_value());
  EXPECT_EQ(document.length(), 4U);
  EXPECT_EQ(document, TextDocument("é中中中"));
}

TEST(TextDocument, RefusesToWalkPastItsEndAndStaysAsItWas) {
  TextDocument document("abc");
  for (const auto* text : {R"([{"d":4}])", R"([4,"x"])", R"(["x",2,{"d":2}])"}) {
    const auto result = document.apply(op(text));
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_EQ(result.error().code, ErrorCode::kOpInvalid);
  }
  EXPECT_EQ(document, TextDocument("abc"));
  EXPECT_EQ(applied("abc", R"(["x",2,{"d":2}])"),
            "component 2: walks past the end of the document, which has 3 code points");
}

TEST(TextTransform, PutsTheLeftInsertFirst) {
  EXPECT_EQ(str(transform(op(R"(["a"])"), op(R"(["bb"])"), Side::kLeft)), R"(["a"])");
  EXPECT_EQ(str(transform(op(R"(["a"])"), op(R"(["bb"])"), Side::kRight)), R"([2,"a"])");
}

TEST(TextTransform, KeepsAnInsertInsideADeletedRange) {
  EXPECT_EQ(str(transform(op(R"([2,"a"])"), op(R"([1,{"d":3}])"), Side::kLeft)), R"([1,"a"])");
}

TEST(TextTransform, DeletesOnlyOnce) {
  EXPECT_EQ(str(transform(op(R"([{"d":3}])"), op(R"([1,{"d":1}])"), Side::kLeft)), R"([{"d":2}])");
  EXPECT_EQ(str(transform(op(R"([{"d":3}])"), op(R"([{"d":3}])"), Side::kLeft)), "[]");
}

// The two orders of insert and delete part here, as in the reference.
TEST(TextTransform, TellsInsertBeforeDeleteFromInsertAfterIt) {
  const TextOp other = op(R"([1,"y"])");
  EXPECT_EQ(str(transform(op(R"(["x",{"d":1}])"), other, Side::kLeft)), R"(["x",{"d":1}])");
  EXPECT_EQ(str(transform(op(R"([{"d":1},"x"])"), other, Side::kRight)), R"([{"d":1},1,"x"])");
}

TEST(TextCompose, CancelsADeletedInsert) {
  EXPECT_EQ(str(compose(op(R"([1,"abc"])"), op(R"([2,{"d":1}])"))), R"([1,"ac"])");
  EXPECT_EQ(str(compose(op(R"(["a"])"), op(R"([{"d":1}])"))), "[]");
}

TEST(TextCompose, PutsAnInsertInFrontOfAnEarlierDelete) {
  EXPECT_EQ(str(compose(op(R"([{"d":1}])"), op(R"(["x"])"))), R"(["x",{"d":1}])");
}

TEST(TextCompose, CutsInsertsBetweenCodePoints) {
  EXPECT_EQ(str(compose(op(R"(["💩é"])"), op(R"([1,"x"])"))), R"(["💩xé"])");
}

TEST(TextPosition, MovesPastAnInsertAtItsPlaceOnlyIfOwn) {
  EXPECT_EQ(transform_position(2, op(R"([2,"ab"])"), false), 2U);
  EXPECT_EQ(transform_position(2, op(R"([2,"ab"])"), true), 4U);
  EXPECT_EQ(transform_position(2, op(R"([1,"ab"])"), false), 4U);
  EXPECT_EQ(transform_position(2, op(R"([3,"ab"])"), true), 2U);
}

TEST(TextPosition, FallsToTheStartOfADeletedRange) {
  EXPECT_EQ(transform_position(4, op(R"([1,{"d":5}])"), false), 1U);
  EXPECT_EQ(transform_position(4, op(R"([1,{"d":2}])"), false), 2U);
  EXPECT_EQ(transform_position(1, op(R"([1,{"d":5}])"), false), 1U);
}

TEST(TextPosition, StandsBehindTheOwnersReplacementOfASelection) {
  EXPECT_EQ(transform_position(1, op(R"([1,{"d":3},"x"])"), true), 2U);
  EXPECT_EQ(transform_position(4, op(R"([1,{"d":3},"x"])"), true), 2U);
}

}  // namespace
}  // namespace cloudsync::ot
