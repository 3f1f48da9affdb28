#include "loadtest/edits.h"

#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

class Edits : public testing::TestWithParam<ot::Type> {};

TEST_P(Edits, FitAndKeepTheDocumentNearItsUsualLength) {
  std::mt19937_64 random(7);
  ot::Document document = ot::make_document(GetParam());
  for (int i = 0; i < 20'000; ++i) {
    const ot::Operation op = make_edit(document, random);
    ASSERT_FALSE(ot::is_noop(op));
    ASSERT_TRUE(ot::apply(document, op).has_value());
  }
  EXPECT_GT(ot::length(document), 700U);
  EXPECT_LT(ot::length(document), 1'300U);
}

TEST_P(Edits, AreTheSameForTheSameSeed) {
  std::mt19937_64 first(9);
  std::mt19937_64 second(9);
  const ot::Document document = ot::make_document(GetParam());
  EXPECT_EQ(make_edit(document, first), make_edit(document, second));
}

INSTANTIATE_TEST_SUITE_P(Types, Edits, testing::Values(ot::Type::kText, ot::Type::kRichText));

}  // namespace
}  // namespace cloudsync::loadtest
