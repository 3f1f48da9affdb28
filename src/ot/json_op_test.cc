#include "ot/json_op.h"

#include <gtest/gtest.h>

#include <string>

namespace cloudsync::ot {
namespace {

Result<JsonOp> parse(std::string_view text) {
  return JsonOp::parse(parse_json(text, kJsonDepthMax * 2).value());
}

// The operation in normal form, as JSON.
std::string normal(std::string_view text) {
  const auto op = parse(text);
  return op ? cloudsync::to_json(op->to_json()) : op.error().message;
}

TEST(JsonOp, KeepsEveryKindOfComponent) {
  for (const auto* text : {R"([{"p":["a",0],"na":-3}])",
                           R"([{"p":["a",0],"li":null}])",
                           R"([{"p":["a",0],"ld":[1,{"b":null}]}])",
                           R"([{"p":["a",0],"ld":1,"li":2}])",
                           R"([{"p":["a",0],"lm":5}])",
                           R"([{"p":["a",""],"oi":"x"}])",
                           R"([{"p":["a","0"],"od":false}])",
                           R"([{"p":["a","b"],"od":null,"oi":null}])",
                           R"([{"p":["a",0],"si":"💩"}])",
                           R"([{"p":["a",2],"sd":"é"}])",
                           R"([{"p":[],"na":1}])",
                           R"([{"p":[3],"si":"x"}])",
                           "[]"}) {
    EXPECT_EQ(normal(text), text);
  }
}

TEST(JsonOp, WritesTheSubtypeOfStringsAsPlainEdits) {
  EXPECT_EQ(normal(R"([{"p":["a"],"t":"text0","o":[{"p":3,"i":"x"},{"p":0,"d":"é"}]}])"),
            R"([{"p":["a",3],"si":"x"},{"p":["a",0],"sd":"é"}])");
  EXPECT_EQ(normal(R"([{"p":["a",0],"si":"x"},{"p":["a"],"t":"text0","o":[{"p":1,"i":"y"}]}])"),
            R"([{"p":["a",0],"si":"xy"}])");
  EXPECT_EQ(normal(R"([{"p":["a"],"t":"text0","o":[]}])"), "[]");
}

TEST(JsonOp, MergesWhatFollowsOnItself) {
  EXPECT_EQ(normal(R"([{"p":["a"],"na":1},{"p":["a"],"na":2}])"), R"([{"p":["a"],"na":3}])");
  EXPECT_EQ(normal(R"([{"p":["a"],"na":1},{"p":["a"],"na":-1}])"), "[]");
  EXPECT_EQ(normal(R"([{"p":[0],"li":1},{"p":[0],"ld":1}])"), "[]");
  EXPECT_EQ(normal(R"([{"p":[0],"ld":2,"li":1},{"p":[0],"ld":1}])"), R"([{"p":[0],"ld":2}])");
  EXPECT_EQ(normal(R"([{"p":["a"],"oi":1},{"p":["a"],"od":1}])"), "[]");
  EXPECT_EQ(normal(R"([{"p":["a"],"od":1},{"p":["a"],"oi":2}])"), R"([{"p":["a"],"od":1,"oi":2}])");
  EXPECT_EQ(normal(R"([{"p":["a"],"od":1,"oi":2},{"p":["a"],"od":2,"oi":3}])"),
            R"([{"p":["a"],"od":1,"oi":3}])");
  EXPECT_EQ(normal(R"([{"p":[1],"si":"ad"},{"p":[2],"si":"bc"}])"), R"([{"p":[1],"si":"abcd"}])");
  EXPECT_EQ(normal(R"([{"p":[1],"sd":"bc"},{"p":[0],"sd":"ad"}])"), R"([{"p":[0],"sd":"abcd"}])");
  EXPECT_EQ(normal(R"([{"p":[1],"lm":1},{"p":["a"],"na":0}])"), "[]");
}

TEST(JsonOp, LeavesApartWhatIsNotOneEdit) {
  for (const auto* text : {R"([{"p":["a"],"na":1},{"p":["b"],"na":1}])",
                           R"([{"p":[0],"li":[]},{"p":[0],"ld":[]}])",  // not compared
                           R"([{"p":[0],"li":1},{"p":[0],"ld":1,"li":2}])",
                           R"([{"p":["a",0],"si":"x"},{"p":["b",0],"si":"x"}])",
                           R"([{"p":[0],"si":"💩"},{"p":[1],"si":"x"}])",  // inside a pair
                           R"([{"p":[0],"si":"x"},{"p":[0],"sd":"x"}])",
                           R"([{"p":["a"],"na":9007199254740992},{"p":["a"],"na":1}])"}) {
    EXPECT_EQ(normal(text), text);
  }
}

// A merge makes the component before it merge, too.
TEST(JsonOp, MergesUntilNothingMerges) {
  EXPECT_EQ(normal(R"([{"p":[3],"sd":"b"},{"p":[5],"sd":"d"},{"p":[2],"sd":"a12c"}])"),
            R"([{"p":[2],"sd":"ab12dc"}])");
}

TEST(JsonOp, RefusesWhatTheReferenceTakes) {
  for (const auto* text : {"{}",
                           "[1]",
                           "[{}]",
                           R"([{"na":1}])",
                           R"([{"p":"a","na":1}])",
                           R"([{"p":["a"]}])",
                           R"([{"p":["a"],"na":1,"x":1}])",
                           R"([{"p":["a"],"na":1,"oi":1}])",
                           R"([{"p":["a"],"li":1,"oi":1}])",
                           R"([{"p":["a"],"na":"1"}])",
                           R"([{"p":["a"],"na":0.5}])",
                           R"([{"p":["a"],"na":9007199254740994}])",
                           R"([{"p":["a",-1],"li":1}])",
                           R"([{"p":["a",0.5],"li":1}])",
                           R"([{"p":["a","0"],"li":1}])",
                           R"([{"p":["a",null],"oi":1}])",
                           R"([{"p":["a",0],"oi":1}])",
                           R"([{"p":["a",0],"lm":-1}])",
                           R"([{"p":["a",0],"lm":"1"}])",
                           R"([{"p":[],"oi":1}])",
                           R"([{"p":[],"li":1}])",
                           R"([{"p":["a",0],"si":""}])",
                           R"([{"p":["a",0],"sd":1}])",
                           R"([{"p":["a",0],"si":"x","sd":"y"}])",
                           R"([{"p":["a"],"t":"text0"}])",
                           R"([{"p":["a"],"t":"other","o":[]}])",
                           R"([{"p":["a"],"t":"text0","o":[{"p":0}]}])",
                           R"([{"p":["a"],"t":"text0","o":[{"p":0,"i":"x","d":"y"}]}])",
                           R"([{"p":["a"],"t":"text0","o":[{"p":-1,"i":"x"}]}])",
                           R"([{"p":["a","__proto__"],"oi":1}])",
                           R"([{"p":["prototype","a"],"na":1}])",
                           R"([{"p":["a"],"oi":[{"constructor":1}]}])"}) {
    const auto op = parse(text);
    ASSERT_FALSE(op.has_value()) << text;
    EXPECT_EQ(op.error().code, ErrorCode::kOpInvalid);
  }
}

TEST(JsonOp, NamesTheComponentThatIsWrong) {
  EXPECT_EQ(normal(R"([{"p":[],"na":1},{"p":["a"],"na":0.5}])"),
            "component 1: na must be a whole number within 2^53 of 0");
}

TEST(JsonOp, BoundsComponentsInBothEncodings) {
  JsonArray edits;
  for (std::size_t i = 0; i < kJsonOpComponentsMax; ++i) {
    edits.push_back(JsonObject{{"p", 0}, {"i", "x"}});
  }
  JsonArray op{JsonObject{{"p", JsonArray()}, {"t", "text0"}, {"o", edits}}};
  EXPECT_FALSE(JsonOp::parse(op).has_value());  // one more than its parts
  edits.pop_back();
  op[0].as_object()["o"] = edits;
  EXPECT_TRUE(JsonOp::parse(op).has_value());
  const JsonArray plain(kJsonOpComponentsMax + 1, JsonObject{{"p", JsonArray{0}}, {"si", "x"}});
  EXPECT_FALSE(JsonOp::parse(plain).has_value());
}

// Each edit of text0 becomes a component with a path of its own.
TEST(JsonOp, BoundsTheKeysThatText0Repeats) {
  const auto parsed = [](std::size_t edits, std::size_t key_bytes) {
    const JsonArray insertions(edits, JsonObject{{"p", 0}, {"i", "x"}});
    return JsonOp::parse(JsonArray{JsonObject{
        {"p", JsonArray{std::string(key_bytes, 'k')}}, {"t", "text0"}, {"o", insertions}}});
  };
  EXPECT_TRUE(parsed(1, 2 * kJsonText0KeyBytesMax / 100).has_value());
  EXPECT_TRUE(parsed(50, kJsonText0KeyBytesMax / 100).has_value());
  EXPECT_FALSE(parsed(101, kJsonText0KeyBytesMax / 100).has_value());
}

TEST(JsonOp, BoundsTheLevelsOfContent) {
  const auto nested = [](std::size_t levels) {
    return parse(R"([{"p":["a"],"oi":)" + std::string(levels, '[') + std::string(levels, ']') +
                 "}]");
  };
  EXPECT_TRUE(nested(kJsonLevelsMax - 1).has_value());
  EXPECT_FALSE(nested(kJsonLevelsMax).has_value());
  JsonValue deep = 1;
  for (int i = 0; i < 10'000; ++i) {
    JsonArray outer;
    outer.push_back(std::move(deep));
    deep = std::move(outer);
  }
  EXPECT_EQ(JsonOp::parse(deep).error().code, ErrorCode::kOpInvalid);
  const JsonValue op = JsonArray{JsonObject{{"p", JsonArray{0}}, {"li", std::move(deep)}}};
  EXPECT_EQ(JsonOp::parse(op).error().code, ErrorCode::kOpInvalid);
}

TEST(JsonOp, InvertsWithoutTheDocument) {
  const JsonOp op = parse(R"([{"p":["n"],"na":2},{"p":["l",1],"lm":3},{"p":["l",0],"ld":1,"li":2},)"
                          R"({"p":["o"],"od":null},{"p":["s",2],"si":"x"}])")
                        .value();
  EXPECT_EQ(cloudsync::to_json(invert(op).to_json()),
            R"([{"p":["s",2],"sd":"x"},{"p":["o"],"oi":null},{"p":["l",0],"ld":2,"li":1},)"
            R"({"p":["l",3],"lm":1},{"p":["n"],"na":-2}])");
  EXPECT_EQ(invert(invert(op)), op);
}

}  // namespace
}  // namespace cloudsync::ot
