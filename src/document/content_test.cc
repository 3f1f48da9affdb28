#include "document/content.h"

#include <gtest/gtest.h>

namespace cloudsync::document {
namespace {

Content content_of(ot::Type type, std::string_view json) {
  return Content(ot::parse_document(type, parse_json(json).value()).value());
}

Result<void> try_json(Content& content, ot::Type type, std::string_view text, std::size_t max) {
  const JsonValue json = parse_json(text).value();
  return content.try_op(
      ot::parse_operation(type, json).value(), measure_op(json, to_canonical_json(json)), max);
}

TEST(Content, TriesOnTheWorkingCopyAlone) {
  Content content = content_of(ot::Type::kText, R"("abc")");
  ASSERT_TRUE(try_json(content, ot::Type::kText, R"([3,"d"])", 100));
  ASSERT_TRUE(try_json(content, ot::Type::kText, R"([4,"e"])", 100));
  EXPECT_EQ(*content.json(), R"("abc")");
  content.drop_working();
  EXPECT_FALSE(try_json(content, ot::Type::kText, R"([4,"e"])", 100));
}

TEST(Content, TheWorkingCopyBecomesTheCommittedOne) {
  Content content = content_of(ot::Type::kText, R"("abc")");
  EXPECT_EQ(*content.json(), R"("abc")");
  ASSERT_TRUE(try_json(content, ot::Type::kText, R"([3,"d"])", 100));
  content.commit_working();
  EXPECT_EQ(*content.json(), R"("abcd")");
  ASSERT_TRUE(try_json(content, ot::Type::kText, R"([4,"e"])", 100));
  EXPECT_EQ(*content.json(), R"("abcd")");
}

TEST(Content, CountsAttributesThatASplitRepeats) {
  Content content = content_of(ot::Type::kRichText,
                               R"([{"insert":"abcdefgh","attributes":{"font":"0123456789"}}])");
  // 61 bytes; an insert without attributes inside makes the run's 23 bytes of attributes appear
  // twice.
  EXPECT_FALSE(try_json(content, ot::Type::kRichText, R"([{"retain":4},{"insert":"x"}])", 100));
  EXPECT_TRUE(try_json(content, ot::Type::kRichText, R"([{"retain":4},{"insert":"x"}])", 200));
}

TEST(Content, CountsAttributesThatFormattingRepeats) {
  // 10 runs; formatting them all adds 28 bytes to each.
  std::string runs = R"({"insert":"a"})";
  for (int i = 1; i < 10; ++i) {
    runs += R"(,{"insert":"a","attributes":{"n":)" + std::to_string(i) + "}}";
  }
  const std::string document = "[" + runs + "]";
  const auto* op = R"([{"retain":10,"attributes":{"font":"0123456789abcdef"}}])";
  Content content = content_of(ot::Type::kRichText, document);
  EXPECT_FALSE(try_json(content, ot::Type::kRichText, op, document.size() + 200));
  EXPECT_TRUE(try_json(content, ot::Type::kRichText, op, document.size() + 400));
}

TEST(Content, DoesNotTryWhatMightTakeMemoryWithoutMeasure) {
  const std::string link(100, 'l');
  Content content = content_of(
      ot::Type::kRichText, R"([{"insert":"abcdefghij","attributes":{"link":")" + link + R"("}}])");
  std::string inserts;
  for (int i = 0; i < 9; ++i) {
    inserts += R"(,{"retain":1},{"insert":{"b":1}})";
  }
  // Each insert repeats the link once: 1,000 bytes, which fit, but it might be 4,000.
  const auto refused = try_json(content, ot::Type::kRichText, "[" + inserts.substr(1) + "]", 1'800);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(try_json(content, ot::Type::kRichText, "[" + inserts.substr(1) + "]", 2'500));
}

TEST(Content, MeasuresAgainBeforeItRefuses) {
  Content content = content_of(ot::Type::kText, R"("12345678")");
  ASSERT_TRUE(try_json(content, ot::Type::kText, R"([{"d":8}])", 12));
  EXPECT_TRUE(try_json(content, ot::Type::kText, R"(["1234567"])", 12));
}

TEST(OpSize, SeparatesWhatAddsFromWhatDoesNot) {
  const JsonValue json =
      parse_json(R"([{"retain":1},{"delete":2},{"insert":"a","attributes":{"b":1}},)"
                 R"({"retain":1,"attributes":{"b":null}}])")
          .value();
  const OpSize size = measure_op(json, to_canonical_json(json));
  EXPECT_EQ(size.components, 4U);
  EXPECT_EQ(size.additions, 2U);
  EXPECT_EQ(size.attribute_bytes, std::string_view(R"({"b":null})").size());
}

TEST(OpSize, CountsWhatJsonOperationsAdd) {
  const JsonValue json =
      parse_json(R"([{"p":["a"],"od":1},{"p":[0],"ld":2},{"p":[0],"lm":2},{"p":[0],"sd":"a"},)"
                 R"({"p":["a"],"od":1,"oi":2},{"p":["n"],"na":1}])")
          .value();
  const OpSize size = measure_op(json, to_canonical_json(json));
  EXPECT_EQ(size.components, 6U);
  EXPECT_EQ(size.additions, 2U);
  EXPECT_EQ(size.added_bytes,
            std::string_view(R"({"p":["a"],"od":1,"oi":2}{"p":["n"],"na":1})").size());
}

TEST(Content, RefusesWhatIsTooLargeAndNothingThatOnlyMightBe) {
  // One long attribute makes the bound pessimistic: each addition might write it twice more.
  Content content = content_of(ot::Type::kRichText,
                               R"([{"insert":"a","attributes":{"link":")" + std::string(400, 'l') +
                                   R"("}},{"insert":"\n"}])");
  const auto try_op = [&content](const std::string& op) {
    return try_json(content, ot::Type::kRichText, op, 2'000);
  };
  EXPECT_TRUE(try_op(R"([{"insert":"x"},{"retain":1},{"insert":"y"},{"insert":{"b":1}}])"));
  const auto refused = try_op(R"([{"insert":")" + std::string(2'000, 'x') + R"("}])");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
  content.commit_working();
  EXPECT_TRUE(content.json()->starts_with(R"([{"insert":"x"})"));
}

}  // namespace
}  // namespace cloudsync::document
