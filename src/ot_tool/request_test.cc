#include "ot_tool/request.h"

#include <gtest/gtest.h>

#include <string>

namespace cloudsync::ot_tool {
namespace {

std::string error(std::string_view code, std::string_view message) {
  return R"({"error":{"code":")" + std::string(code) + R"(","message":")" + std::string(message) +
         R"("}})";
}

TEST(OtTool, AnswersEveryCallOfEveryType) {
  EXPECT_EQ(answer(R"({"type":"text","call":"apply","doc":"ab","op":[1,"x"]})"),
            R"({"result":"axb"})");
  EXPECT_EQ(answer(R"({"type":"text","call":"check","op":["a","b"]})"), R"({"result":["ab"]})");
  EXPECT_EQ(answer(R"({"type":"json","call":"compose","op":[{"p":["a"],"na":1}],)"
                   R"("other":[{"p":["a"],"na":2}]})"),
            R"({"result":[{"na":3,"p":["a"]}]})");
  EXPECT_EQ(answer(R"({"type":"text","call":"transform","op":["x"],"other":["y"],"side":"right"})"),
            R"({"result":[1,"x"]})");
  EXPECT_EQ(answer(R"({"type":"text","call":"invert","doc":"ab","op":[{"d":1}]})"),
            R"({"result":["a"]})");
  EXPECT_EQ(answer(R"({"type":"rich-text","call":"apply","doc":{"ops":[{"insert":"a"}]},)"
                   R"("op":{"ops":[{"retain":1},{"insert":"b"}]}})"),
            R"({"result":[{"insert":"ab"}]})");
}

TEST(OtTool, MovesCursorsInTheFormInWhichTheyCame) {
  EXPECT_EQ(answer(R"({"type":"text","call":"transform-cursor","op":["xy"],"cursor":1})"),
            R"({"result":3})");
  EXPECT_EQ(answer(R"({"type":"text","call":"transform-cursor","op":["x"],"own":true,)"
                   R"("cursor":{"index":0,"length":2}})"),
            R"({"result":{"index":1,"length":2}})");
  EXPECT_EQ(answer(R"({"type":"json","call":"transform-cursor","op":[{"p":[0],"li":1}],)"
                   R"("cursor":{"path":[2,"a"]}})"),
            R"({"result":{"path":[3,"a"]}})");
}

TEST(OtTool, HashesDoNotDependOnTheOrderOfKeys) {
  const auto hash = answer(R"({"type":"json","call":"hash","doc":{"a":1,"b":[]}})");
  EXPECT_EQ(hash, answer(R"({"call":"hash","doc":{"b":[],"a":1.0},"type":"json"})"));
  EXPECT_NE(hash, answer(R"({"type":"json","call":"hash","doc":{"a":1,"b":{}}})"));
  // printf '%s' '{}' | sha256sum
  EXPECT_EQ(answer(R"({"type":"json","call":"hash","doc":{}})"),
            R"({"result":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"})");
}

TEST(OtTool, ErrorsAreAnsweredWithTheirCode) {
  EXPECT_EQ(answer("[1"), error("bad_request", "malformed JSON: incomplete JSON"));
  EXPECT_EQ(answer("[]"), error("bad_request", "a request must be an object"));
  EXPECT_EQ(answer(R"({"type":"text","call":"apply","doc":""})"),
            error("bad_request", "op is missing"));
  EXPECT_EQ(answer(R"({"type":"text","call":"check","op":["x",0]})"),
            error("op_invalid", "component 1: a length must be a whole number from 1 to 2^53 - 1"));
}

TEST(OtTool, NestingBeyondEveryLimitIsAnInvalidOperation) {
  const std::string deep = std::string(10'000, '[') + std::string(10'000, ']');
  for (const auto* type : {"text", "rich-text", "json"}) {
    const std::string start = R"({"type":")" + std::string(type) + R"(","call":"apply",)";
    EXPECT_EQ(answer(start + R"("doc":"","op":)" + deep + "}").substr(0, 30),
              R"({"error":{"code":"op_invalid",)");
    EXPECT_EQ(answer(start + R"("op":[],"doc":)" + deep + "}").substr(0, 30),
              R"({"error":{"code":"op_invalid",)");
  }
}

}  // namespace
}  // namespace cloudsync::ot_tool
