#include "loadtest/edits.h"

#include <gtest/gtest.h>

#include <map>

namespace cloudsync::loadtest {
namespace {

/// Characters that the edits keep near 1,000: of a JSON document, those of its text.
std::uint64_t characters(const ot::Document& document) {
  return ot::type_of(document) == ot::Type::kJson
             ? ot::content(document).at("text").as_string().size()
             : ot::length(document);
}

class Edits : public testing::TestWithParam<ot::Type> {};

TEST_P(Edits, FitAndKeepTheDocumentNearItsUsualLength) {
  std::mt19937_64 random(7);
  ot::Document document = ot::make_document(GetParam());
  for (int i = 0; i < 20'000; ++i) {
    const ot::Operation op = make_edit(document, random);
    ASSERT_FALSE(ot::is_noop(op));
    ASSERT_TRUE(ot::apply(document, op).has_value());
  }
  EXPECT_GT(characters(document), 700U);
  EXPECT_LT(characters(document), 1'300U);
}

TEST(JsonEdits, AreOfEveryKindAndKeepAboutTwentyTasks) {
  using Kind = ot::JsonComponent::Kind;
  std::mt19937_64 random(7);
  ot::Document document = ot::make_document(ot::Type::kJson);
  std::map<Kind, int> kinds;
  for (int i = 0; i < 5'000; ++i) {
    const auto op = std::get<ot::JsonOp>(make_edit(document, random));
    ASSERT_EQ(op.components().size(), 1U);
    ++kinds[op.components().front().kind];
    ASSERT_TRUE(ot::apply(document, op).has_value());
  }
  for (const auto kind : {Kind::kAdd,
                          Kind::kList,
                          Kind::kMove,
                          Kind::kObject,
                          Kind::kTextInsert,
                          Kind::kTextDelete}) {
    EXPECT_GT(kinds[kind], 100) << static_cast<int>(kind);
  }
  const JsonValue content = ot::content(document);
  EXPECT_GT(content.at("tasks").as_array().size(), 10U);
  EXPECT_LT(content.at("tasks").as_array().size(), 30U);
  EXPECT_GT(content.at("count").as_int64(), 300);
}

TEST_P(Edits, AreTheSameForTheSameSeed) {
  std::mt19937_64 first(9);
  std::mt19937_64 second(9);
  const ot::Document document = ot::make_document(GetParam());
  EXPECT_EQ(make_edit(document, first), make_edit(document, second));
}

INSTANTIATE_TEST_SUITE_P(Types,
                         Edits,
                         testing::Values(ot::Type::kText, ot::Type::kRichText, ot::Type::kJson));

}  // namespace
}  // namespace cloudsync::loadtest
