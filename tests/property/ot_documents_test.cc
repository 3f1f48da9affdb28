// The documents of src/ot against naive ones, on documents of many chunks and runs.

#include "naive_document.h"
#include "ot/type.h"
#include "ot_generators.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace cloudsync::ot {
namespace {

class OtDocuments : public testing::TestWithParam<Type> {};

std::string written(const JsonValue& json) {
  return to_canonical_json(json);
}

TEST_P(OtDocuments, AreWhatNaiveDocumentsAre) {
  EXPECT_TRUE(rc::check([] {
    Document document = any_long_document(GetParam());
    NaiveDocument naive(GetParam(), content(document));
    for (int step = 0; step < 8; ++step) {
      const Operation op = any_operation(document);
      document = applied(std::move(document), op);
      RC_ASSERT(naive.apply(op));
      RC_ASSERT(written(content(document)) == written(naive.content()));
      RC_ASSERT(parse_document(GetParam(), content(document)).value() == document);
    }
  }));
}

TEST_P(OtDocuments, ChangeAsAWholeOrNotAtAll) {
  EXPECT_TRUE(rc::check([] {
    Document document = any_long_document(GetParam());
    NaiveDocument naive(GetParam(), content(document));
    const Document before = document;
    const Operation op = any_operation(any_long_document(GetParam()));  // of another document
    const bool is_applied = ot::apply(document, op).has_value();
    RC_ASSERT(is_applied == naive.apply(op));
    RC_ASSERT(written(content(document)) == written(naive.content()));
    RC_ASSERT(is_applied || document == before);
    RC_ASSERT(invert(op, before).has_value() == is_applied);
  }));
}

TEST_P(OtDocuments, CopiesKeepTheirContent) {
  EXPECT_TRUE(rc::check([] {
    Document document = any_long_document(GetParam());
    const Document copy = document;
    const std::string before = written(content(document));
    for (int step = 0; step < 4; ++step) {
      const Operation op = any_operation(document);
      document = applied(std::move(document), op);
    }
    RC_ASSERT(written(content(copy)) == before);
  }));
}

INSTANTIATE_TEST_SUITE_P(EveryType,
                         OtDocuments,
                         testing::Values(Type::kText, Type::kRichText),
                         [](const auto& parameter) {
                           return parameter.param == Type::kText ? "Text" : "RichText";
                         });

}  // namespace
}  // namespace cloudsync::ot
