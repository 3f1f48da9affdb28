#include "ot/rich_text.h"

#include <gtest/gtest.h>

namespace cloudsync::ot {
namespace {

JsonValue json(std::string_view text) {
  return parse_json(text).value();
}

RichTextOp op(std::string_view text) {
  return RichTextOp::parse(json(text)).value();
}

RichTextDocument document(std::string_view text) {
  return RichTextDocument::parse(json(text)).value();
}

std::string str(const RichTextOp& op) {
  return to_canonical_json(op.to_json());
}

std::string applied(std::string_view content, std::string_view operation) {
  RichTextDocument changed = document(content);
  const auto result = changed.apply(op(operation));
  return result ? to_canonical_json(changed.to_json()) : result.error().message;
}

TEST(RichTextOp, ReadsBothSpellings) {
  EXPECT_EQ(op(R"([{"insert":"a"}])"), op(R"({"ops":[{"insert":"a"}]})"));
  EXPECT_EQ(str(op(R"({"ops":[{"insert":"a"}]})")), R"([{"insert":"a"}])");
}

TEST(RichTextOp, MergesEqualNeighboursWhateverTheirKeyOrder) {
  EXPECT_EQ(
      str(op(R"([{"insert":"a","attributes":{"x":1,"y":{"p":1,"q":2}}},
                       {"insert":"b","attributes":{"y":{"q":2,"p":1},"x":1}},
                       {"insert":"c"},{"delete":1},{"delete":2}])")),
      R"([{"attributes":{"x":1,"y":{"p":1,"q":2}},"insert":"ab"},{"insert":"c"},{"delete":3}])");
}

TEST(RichTextOp, PutsInsertsBeforeDeletesAndDropsThePlainRetainAtTheEnd) {
  EXPECT_EQ(str(op(R"([{"retain":1},{"delete":1},{"insert":"a"},{"retain":3}])")),
            R"([{"retain":1},{"insert":"a"},{"delete":1}])");
}

TEST(RichTextOp, KeepsNullsOfRetainsAndDropsThoseOfInserts) {
  EXPECT_EQ(
      str(op(R"([{"insert":"a","attributes":{"b":null}},{"retain":1,"attributes":{"b":null}}])")),
      R"([{"insert":"a"},{"attributes":{"b":null},"retain":1}])");
}

TEST(RichTextOp, NeverMergesEmbeds) {
  EXPECT_EQ(op(R"([{"insert":{"image":"x"}},{"insert":{"image":"x"}}])").components().size(), 2U);
}

TEST(RichTextOp, NamesTheComponentItRefuses) {
  const auto parsed = RichTextOp::parse(json(R"([{"retain":1},{"insert":"x","delete":1}])"));
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error(),
            (Error{ErrorCode::kOpInvalid,
                   "component 1: only one of insert, retain and delete is allowed"}));
}

TEST(RichTextOp, RefusesWhatIsNoOperation) {
  for (const auto* text : {R"("x")",
                           R"({})",
                           R"({"ops":1})",
                           R"({"ops":[],"x":1})",
                           R"([1])",
                           R"([{}])",
                           R"([{"foo":1}])",
                           R"([{"insert":"x","foo":1}])",
                           R"([{"insert":"x","retain":1}])",
                           R"([{"retain":0}])",
                           R"([{"delete":-1}])",
                           R"([{"retain":0.5}])",
                           R"([{"retain":"1"}])",
                           R"([{"retain":9007199254740992}])",
                           R"([{"insert":""}])",
                           R"([{"insert":1}])",
                           R"([{"insert":null}])",
                           R"([{"insert":[]}])",
                           R"([{"insert":{}}])",
                           R"([{"retain":{"image":1}}])",
                           R"([{"insert":"x","attributes":null}])",
                           R"([{"insert":"x","attributes":[]}])",
                           R"([{"delete":1,"attributes":{}}])",
                           R"([{"attributes":{"b":1}}])",
                           R"([{"delete":9007199254740991},{"retain":1,"attributes":{"b":1}}])"}) {
    EXPECT_FALSE(RichTextOp::parse(json(text)).has_value()) << text;
  }
}

TEST(RichTextOp, RefusesKeysThatAreNotDataInJavaScript) {
  for (const auto* text : {R"([{"insert":"x","attributes":{"__proto__":1}}])",
                           R"([{"retain":1,"attributes":{"a":[{"constructor":1}]}}])",
                           R"([{"insert":{"image":{"prototype":1}}}])",
                           R"([{"insert":{"__proto__":1}}])"}) {
    EXPECT_FALSE(RichTextOp::parse(json(text)).has_value()) << text;
  }
}

TEST(RichTextOp, TakesAsManyComponentsAsAllowed) {
  EXPECT_TRUE(RichTextOp::parse(json(R"([{"retain":1},{"insert":"a"}])"), 2).has_value());
  EXPECT_FALSE(RichTextOp::parse(json(R"([{"retain":1},{"insert":"a"}])"), 1).has_value());
}

TEST(RichTextDocument, RefusesWhatIsNoInsert) {
  EXPECT_FALSE(RichTextDocument::parse(json(R"([{"insert":"a"},{"retain":1}])")).has_value());
  EXPECT_FALSE(RichTextDocument::parse(json(R"([{"delete":1}])")).has_value());
}

TEST(RichTextDocument, CountsUtf16UnitsAndEmbedsAsOne) {
  RichTextDocument changed = document(R"([{"insert":"a💩"},{"insert":{"image":"x"}}])");
  EXPECT_EQ(changed.length(), 4U);
  ASSERT_TRUE(changed.apply(op(R"([{"retain":1},{"insert":"é"},{"delete":2}])")).has_value());
  EXPECT_EQ(changed.length(), 3U);
  EXPECT_EQ(changed, document(R"([{"insert":"aé"},{"insert":{"image":"x"}}])"));
}

TEST(RichTextDocument, FormatsAndUnformats) {
  EXPECT_EQ(applied(R"([{"insert":"abc"}])", R"([{"retain":1},{"retain":1,"attributes":{"b":1}}])"),
            R"([{"insert":"a"},{"attributes":{"b":1},"insert":"b"},{"insert":"c"}])");
  EXPECT_EQ(applied(R"([{"insert":"a"},{"insert":"b","attributes":{"b":1}},{"insert":"c"}])",
                    R"([{"retain":2,"attributes":{"b":null}}])"),
            R"([{"insert":"abc"}])");
}

TEST(RichTextDocument, MergesAtBothSeamsOfAChange) {
  const auto* content =
      R"([{"insert":"ab"},{"insert":"X","attributes":{"b":1}},{"insert":"cd"},{"insert":{"i":1}}])";
  EXPECT_EQ(applied(content, R"([{"retain":2},{"delete":1}])"),
            R"([{"insert":"abcd"},{"insert":{"i":1}}])");
  EXPECT_EQ(
      applied(content, R"([{"retain":3},{"insert":"Y","attributes":{"b":1}}])"),
      R"([{"insert":"ab"},{"attributes":{"b":1},"insert":"XY"},{"insert":"cd"},{"insert":{"i":1}}])");
}

TEST(RichTextDocument, RefusesToWalkPastItsEndAndStaysAsItWas) {
  RichTextDocument unchanged = document(R"([{"insert":"abc"}])");
  for (const auto* text : {R"([{"delete":4}])",
                           R"([{"retain":4},{"insert":"x"}])",
                           R"([{"insert":"x"},{"retain":4,"attributes":{"b":1}}])"}) {
    EXPECT_FALSE(unchanged.apply(op(text)).has_value()) << text;
  }
  EXPECT_EQ(unchanged, document(R"([{"insert":"abc"}])"));
}

TEST(RichTextDocument, RefusesToCutASurrogatePairAndStaysAsItWas) {
  RichTextDocument unchanged = document(R"([{"insert":"a💩b"}])");
  for (const auto* text : {R"([{"retain":2},{"insert":"x"}])",
                           R"([{"delete":2}])",
                           R"([{"retain":1},{"delete":1}])",
                           R"([{"retain":2},{"delete":1}])",
                           R"([{"retain":2,"attributes":{"b":1}}])"}) {
    const auto result = unchanged.apply(op(text));
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_NE(result.error().message.find("surrogate"), std::string::npos);
  }
  EXPECT_EQ(unchanged, document(R"([{"insert":"a💩b"}])"));
}

TEST(RichTextTransform, PutsTheRightInsertFirst) {
  const RichTextOp a = op(R"([{"insert":"a"}])");
  const RichTextOp b = op(R"([{"insert":"bb"}])");
  EXPECT_EQ(str(transform(a, b, Side::kLeft)), R"([{"retain":2},{"insert":"a"}])");
  EXPECT_EQ(str(transform(a, b, Side::kRight)), R"([{"insert":"a"}])");
}

TEST(RichTextTransform, LetsTheRightAttributeStay) {
  const RichTextOp a = op(R"([{"retain":1,"attributes":{"b":1,"c":1}}])");
  const RichTextOp b = op(R"([{"retain":1,"attributes":{"b":2}}])");
  EXPECT_EQ(str(transform(a, b, Side::kLeft)), R"([{"attributes":{"c":1},"retain":1}])");
  EXPECT_EQ(transform(a, b, Side::kRight), a);
}

TEST(RichTextTransform, DropsFormattingOfWhatIsDeleted) {
  EXPECT_TRUE(
      transform(op(R"([{"retain":1,"attributes":{"b":1}}])"), op(R"([{"delete":1}])"), Side::kRight)
          .is_noop());
}

TEST(RichTextCompose, KeepsNullsOverRetainsAndAppliesThemToInserts) {
  const RichTextOp clear = op(R"([{"retain":1,"attributes":{"b":null}}])");
  EXPECT_EQ(compose(op(R"([{"retain":1,"attributes":{"b":1}}])"), clear), clear);
  EXPECT_EQ(str(compose(op(R"([{"insert":"a","attributes":{"b":1}}])"), clear)),
            R"([{"insert":"a"}])");
}

TEST(RichTextCompose, CancelsADeletedInsert) {
  EXPECT_EQ(str(compose(op(R"([{"insert":"abc"}])"), op(R"([{"retain":1},{"delete":1}])"))),
            R"([{"insert":"ac"}])");
}

// A caller's bug, but a survivable one: no half characters, lengths that are those of the text.
TEST(RichTextCompose, SurvivesASecondOperationThatDoesNotFit) {
  const RichTextOp result =
      compose(op(R"([{"insert":"a💩b"}])"), op(R"([{"retain":2,"attributes":{"b":1}}])"));
  EXPECT_EQ(RichTextOp::parse(result.to_json()).value(), result);
}

TEST(RichTextPosition, MovesPastAnInsertAtItsPlaceOnlyIfOwn) {
  const RichTextOp insert = op(R"([{"retain":2},{"insert":"ab"}])");
  EXPECT_EQ(transform_position(2, insert, false), 2U);
  EXPECT_EQ(transform_position(2, insert, true), 4U);
  EXPECT_EQ(transform_position(3, insert, false), 5U);
  EXPECT_EQ(transform_position(1, insert, true), 1U);
}

TEST(RichTextPosition, FallsToTheStartOfADeletedRange) {
  EXPECT_EQ(transform_position(4, op(R"([{"retain":1},{"delete":5}])"), false), 1U);
}

}  // namespace
}  // namespace cloudsync::ot
