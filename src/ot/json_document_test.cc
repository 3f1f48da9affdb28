#include "ot/json_document.h"

#include "ot/json_cursor.h"

#include <gtest/gtest.h>

#include <string>

namespace cloudsync::ot {
namespace {

JsonOp op(std::string_view text) {
  return JsonOp::parse(parse_json(text).value()).value();
}

JsonDocument document(std::string_view text) {
  return JsonDocument::parse(parse_json(text).value()).value();
}

// The content after the operation, or why it was refused; a refusal changes nothing.
std::string applied(std::string_view content, std::string_view operation) {
  JsonDocument changed = document(content);
  const auto result = changed.apply(op(operation));
  if (!result) {
    EXPECT_EQ(changed, document(content));
    EXPECT_EQ(result.error().code, ErrorCode::kOpInvalid);
    return result.error().message;
  }
  return cloudsync::to_json(changed.to_json());
}

TEST(JsonDocument, AppliesEveryComponent) {
  EXPECT_EQ(applied(R"({"a":1})", R"([{"p":["a"],"na":-3}])"), R"({"a":-2})");
  EXPECT_EQ(applied("[1,2]", R"([{"p":[2],"li":3},{"p":[0],"ld":1},{"p":[0],"ld":2,"li":"x"}])"),
            R"(["x",3])");
  EXPECT_EQ(applied("[0,1,2,3]", R"([{"p":[0],"lm":2}])"), "[1,2,0,3]");
  EXPECT_EQ(applied("[0,1,2,3]", R"([{"p":[3],"lm":0}])"), "[3,0,1,2]");
  EXPECT_EQ(applied(R"({"b":1})", R"([{"p":["a"],"oi":[]},{"p":["b"],"od":1,"oi":null}])"),
            R"({"a":[],"b":null})");
  EXPECT_EQ(applied(R"({"b":1})", R"([{"p":["b"],"od":1}])"), "{}");
  EXPECT_EQ(applied(R"(["a💩b"])", R"([{"p":[0,3],"si":"é"},{"p":[0,1],"sd":"💩"}])"), R"(["aéb"])");
  EXPECT_EQ(applied("1", R"([{"p":[],"na":9007199254740991}])"), "9007199254740992");
}

TEST(JsonDocument, ValuesThatAreNamedAreComparedAsJson) {
  EXPECT_EQ(applied(R"([{"a":1,"b":[2]}])", R"([{"p":[0],"ld":{"b":[2.0],"a":1e0}}])"), "[]");
}

TEST(JsonDocument, RefusesWhatDoesNotFit) {
  EXPECT_EQ(applied("{}", R"([{"p":["a","b"],"oi":1}])"), "component 0: the path leads nowhere");
  EXPECT_EQ(applied("[]", R"([{"p":["0"],"oi":1}])"),
            "component 0: the path does not lead to an object");
  EXPECT_EQ(applied("{}", R"([{"p":[0],"li":1}])"),
            "component 0: the path does not lead to a list");
  EXPECT_EQ(applied("[]", R"([{"p":[0],"si":"x"}])"),
            "component 0: the path does not lead to a string");
  EXPECT_EQ(applied("[1]", R"([{"p":[0],"na":1},{"p":[3],"li":1}])"),
            "component 1: the index is past the end of the list");
  EXPECT_EQ(applied("[1]", R"([{"p":[0],"lm":1}])"),
            "component 0: the index is past the end of the list");
  EXPECT_EQ(applied("[1]", R"([{"p":[0],"ld":2}])"),
            "component 0: what is deleted is not what is there");
  EXPECT_EQ(applied(R"({"a":1})", R"([{"p":["a"],"od":[1],"oi":2}])"),
            "component 0: what is deleted is not what is there");
  EXPECT_EQ(applied("{}", R"([{"p":["a"],"od":1}])"),
            "component 0: what is deleted is not what is there");
  EXPECT_EQ(applied(R"({"a":1})", R"([{"p":["a"],"oi":2}])"),
            "component 0: the key exists: its value must be named with od");
  EXPECT_EQ(applied(R"("ab")", R"([{"p":[1],"sd":"bc"}])"),
            "component 0: what is deleted is not what is there");
  for (const auto* offset : {"1", "4"}) {
    EXPECT_EQ(applied(R"("💩b")", R"([{"p":[)" + std::string(offset) + R"(],"si":"x"}])"),
              "component 0: the offset is past the end of the string or inside a surrogate pair");
  }
  for (const auto* number : {"0.5", "9007199254740992", "1e300", R"("5")"}) {
    EXPECT_EQ(applied(number, R"([{"p":[],"na":1}])"),
              "component 0: na needs a whole number, and a result, within 2^53 of 0");
  }
}

TEST(JsonDocument, BoundsItsLevelsAndKeys) {
  const auto nested = [](std::size_t levels) {
    return JsonDocument::parse(
        parse_json(std::string(levels, '[') + std::string(levels, ']')).value());
  };
  EXPECT_TRUE(nested(kJsonLevelsMax).has_value());
  EXPECT_EQ(nested(kJsonLevelsMax + 1).error().code, ErrorCode::kOpInvalid);
  EXPECT_FALSE(JsonDocument::parse(parse_json(R"([{"__proto__":1}])").value()).has_value());
}

TEST(JsonDocument, CopiesDoNotSeeEachOther) {
  JsonDocument original = document(R"({"list":[1,2,3],"text":"abc"})");
  JsonDocument copy = original;
  ASSERT_TRUE(copy.apply(op(R"([{"p":["list",1],"na":5},{"p":["text",0],"si":"x"}])")));
  EXPECT_EQ(cloudsync::to_json(original.to_json()), R"({"list":[1,2,3],"text":"abc"})");
  ASSERT_TRUE(original.apply(op(R"([{"p":["list",0],"ld":1}])")));
  EXPECT_EQ(cloudsync::to_json(copy.to_json()), R"({"list":[1,7,3],"text":"xabc"})");
}

TEST(JsonDocument, KnowsWhichSelectionsAreInside) {
  const JsonDocument text = document(R"({"a":["💩b"]})");
  EXPECT_TRUE(text.contains({.index = 1, .length = 2, .path = {"a", std::uint64_t{0}}}));
  EXPECT_FALSE(text.contains({.index = 1, .length = 3, .path = {"a", std::uint64_t{0}}}));
  EXPECT_TRUE(text.contains({.path = {"a"}}));
  EXPECT_FALSE(text.contains({.index = 1, .path = {"a"}}));
  EXPECT_FALSE(text.contains({.path = {"b"}}));
}

Range in_text(std::uint64_t index, std::uint64_t length, JsonPath path = {"a", std::uint64_t{2}}) {
  return {.index = index, .length = length, .path = std::move(path)};
}

TEST(JsonCursor, FollowsItsValue) {
  const auto moved = [](std::string_view text) {
    return transform_cursor(in_text(1, 2), op(text), false);
  };
  EXPECT_EQ(moved(R"([{"p":["a",1],"li":0}])"), in_text(1, 2, {"a", std::uint64_t{3}}));
  EXPECT_EQ(moved(R"([{"p":["a",1],"ld":0}])"), in_text(1, 2, {"a", std::uint64_t{1}}));
  EXPECT_EQ(moved(R"([{"p":["a",2],"lm":0}])"), in_text(1, 2, {"a", std::uint64_t{0}}));
  EXPECT_EQ(moved(R"([{"p":["b"],"oi":0},{"p":["a",3],"ld":0},{"p":["b"],"na":1}])"),
            in_text(1, 2));
  EXPECT_EQ(moved(R"([{"p":["a",2],"ld":"abc"}])"), in_text(0, 0, {"a"}));
  EXPECT_EQ(moved(R"([{"p":["a",2],"ld":"abc","li":"x"}])"), in_text(0, 0));
  EXPECT_EQ(moved(R"([{"p":["a"],"od":[0,0,"abc"]}])"), in_text(0, 0, {}));
}

TEST(JsonCursor, FollowsItsTextAsItsOwnersOperationsDo) {
  const JsonOp insert = op(R"([{"p":["a",2,1],"si":"💩"}])");
  EXPECT_EQ(transform_cursor(in_text(1, 2), insert, false), in_text(1, 4));
  EXPECT_EQ(transform_cursor(in_text(1, 2), insert, true), in_text(3, 2));
  EXPECT_EQ(transform_cursor(in_text(1, 2), op(R"([{"p":["a",2,0],"sd":"ab"}])"), false),
            in_text(0, 1));
}

}  // namespace
}  // namespace cloudsync::ot
