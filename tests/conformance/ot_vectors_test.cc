// The engine gives the answers of tests/conformance/vectors, as must the TypeScript SDK
// (clients/typescript/test/vectors.test.ts). Those of the references were written by
// tests/differential/make_vectors.js, the ties (docs/ot.md) by hand.

#include "base/json.h"
#include "ot_tool/request.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace cloudsync {
namespace {

std::vector<std::string> read_lines(const std::string& name) {
  std::ifstream file(std::string(CLOUDSYNC_VECTORS) + "/" + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  return lines;
}

JsonObject parse_object(const std::string& text) {
  auto json = parse_json(text);
  EXPECT_TRUE(json) << text;
  return json ? json->as_object() : JsonObject();
}

std::string answer(const JsonObject& request) {
  return ot_tool::answer(to_json(request));
}

// An inverse is compared by what it does: the reference's may also take away what was not there.
void expect_undone(const JsonObject& vector, const JsonValue& inverse) {
  JsonObject request = vector;
  request["call"] = "apply";
  const JsonObject after = parse_object(answer(request));
  request["doc"] = after.at("result");
  request["op"] = inverse;
  const JsonObject before = parse_object(answer(request));
  const JsonValue* document = vector.if_contains("doc");
  const auto* wrapped = document->if_object();
  const bool is_delta = vector.at("type") == "rich-text" && wrapped != nullptr;
  EXPECT_EQ(to_canonical_json(before.at("result")),
            to_canonical_json(is_delta ? wrapped->at("ops") : *document));
}

class OtVectors : public testing::TestWithParam<const char*> {};

TEST_P(OtVectors, AreAnswered) {
  const std::vector<std::string> lines = read_lines(GetParam());
  ASSERT_GE(lines.size(), 30U);
  for (const std::string& line : lines) {
    SCOPED_TRACE(line);
    const JsonObject vector = parse_object(line);
    if (vector.at("call") == "invert") {
      expect_undone(vector, vector.at("result"));
      expect_undone(vector, parse_object(answer(vector)).at("result"));
    } else {
      EXPECT_EQ(answer(vector), to_canonical_json(JsonObject{{"result", vector.at("result")}}));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files,
    OtVectors,
    testing::Values("text.jsonl", "rich-text.jsonl", "json.jsonl", "ties.jsonl"),
    [](const auto& file) {
      std::string name = file.param;
      name.resize(name.find('.'));
      std::erase(name, '-');
      return name;
    });

}  // namespace
}  // namespace cloudsync
