#include "base/json.h"

#include <gtest/gtest.h>

#include <limits>

namespace cloudsync {
namespace {

std::string round_trip(std::string_view text) {
  return to_json(*parse_json(text));
}

TEST(Json, PrintsNumbersAsJavaScriptDoes) {
  EXPECT_EQ(round_trip("[1,1.0,1e0,-0,0.1]"), "[1,1,1,0,0.1]");
  EXPECT_EQ(round_trip("1e21"), "1e+21");
  EXPECT_EQ(round_trip("123456789012345680000"), "123456789012345680000");
  EXPECT_EQ(round_trip("1.5e-7"), "1.5e-7");
  EXPECT_EQ(round_trip("[0.30000000000000004,5e-324,1e-999]"), "[0.30000000000000004,5e-324,0]");
  EXPECT_EQ(round_trip("0.000001"), "0.000001");
  EXPECT_EQ(round_trip("-12.75"), "-12.75");
  EXPECT_EQ(round_trip("9007199254740993"), "9007199254740992");
  EXPECT_EQ(to_json(JsonValue(std::numeric_limits<double>::infinity())), "null");
}

TEST(Json, EscapesAsJavaScriptDoes) {
  EXPECT_EQ(round_trip(R"(["\u0000\u001f\n\"\\\/","\u00e9\ud83d\ude00\u2028"])"),
            "[\"\\u0000\\u001f\\n\\\"\\\\/\",\"\u00e9\U0001F600\u2028\"]");
}

TEST(Json, CanonicalFormSortsKeysAtEveryLevel) {
  EXPECT_EQ(to_canonical_json(*parse_json(R"({"b":{"d":1,"c":2},"a":3})")),
            R"({"a":3,"b":{"c":2,"d":1}})");
}

TEST(Json, EqualityIgnoresKeyOrderAndNumberSpelling) {
  EXPECT_EQ(*parse_json(R"({"a":1,"b":2.0})"), *parse_json(R"({"b":2,"a":1.0})"));
}

TEST(Json, RefusesMalformedText) {
  for (const char* text : {"",
                           "{",
                           "[1,]",
                           "01",
                           "nul",
                           "\"\\ud800\"",
                           "\"\xff\"",
                           "1 2",
                           "1e999",
                           "\"\\udc00\"",
                           "/**/1"}) {
    EXPECT_EQ(parse_json(text).error().code, ErrorCode::kBadRequest) << text;
  }
}

TEST(Json, ReplacesHalvesOfSurrogatePairsAndNothingElse) {
  const auto replaced = [](std::string text) {
    return std::pair(replace_lone_surrogates(text), text);
  };
  for (const std::string half : {R"(\ud800)", R"(\uDBFF)", R"(\udc00)", R"(\uDFFF)"}) {
    EXPECT_EQ(replaced('"' + half + "x\""), std::pair(true, std::string(R"("\ufffdx")")));
    EXPECT_EQ(replaced('"' + half + '"'), std::pair(true, std::string(R"("\ufffd")")));
  }
  EXPECT_EQ(replaced(R"("\ud83d\ud83d\ude00\ude00")"),
            std::pair(true, std::string(R"("\ufffd\ud83d\ude00\ufffd")")));
  EXPECT_EQ(replaced(R"("\ud83d\n\ude00")"), std::pair(true, std::string(R"("\ufffd\n\ufffd")")));
  for (const std::string text : {R"("\ud83d\ude00")",
                                 R"("\\ud800")",
                                 R"("\n\\\u0041")",
                                 R"("\ud80)",
                                 R"("\ud8zz")",
                                 "\\",
                                 ""}) {
    EXPECT_EQ(replaced(text), std::pair(false, text));
  }
}

TEST(Json, CapsTheDepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(kJsonDepthMax)));
  EXPECT_FALSE(parse_json(nested(kJsonDepthMax + 1)));
  EXPECT_FALSE(parse_json(nested(1'000'000)));
}

TEST(Json, FindsUnsignedNumbersOnlyWithinTheSafeRange) {
  const auto object =
      parse_json(R"({"a":7,"b":-1,"c":1.5,"d":"7","e":9007199254740992})")->get_object();
  EXPECT_EQ(find_unsigned(object, "a"), 7U);
  for (const char* key : {"b", "c", "d", "e", "f"}) {
    EXPECT_FALSE(find_unsigned(object, key)) << key;
  }
}

}  // namespace
}  // namespace cloudsync
