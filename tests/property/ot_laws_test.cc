// The laws of operational transform over random documents and operations, for every type.

#include "ot/type.h"
#include "ot_generators.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

namespace cloudsync::ot {
namespace {

class OtLaws : public testing::TestWithParam<Type> {};

TEST_P(OtLaws, ConcurrentOperationsConvergeInEitherOrder) {
  EXPECT_TRUE(rc::check([] {
    const Document document = any_document(GetParam());
    const Operation a = any_operation(document);
    const Operation b = any_operation(document);
    RC_ASSERT(applied(applied(document, a), transform(b, a, Side::kRight)) ==
              applied(applied(document, b), transform(a, b, Side::kLeft)));
  }));
}

TEST_P(OtLaws, ComposedOperationsDoWhatTheyDoInTurn) {
  EXPECT_TRUE(rc::check([] {
    const Document document = any_document(GetParam());
    const Operation first = any_operation(document);
    const Document between = applied(document, first);
    const Operation second = any_operation(between);
    RC_ASSERT(applied(document, compose(first, second)) == applied(between, second));
  }));
}

TEST_P(OtLaws, TheInverseUndoes) {
  EXPECT_TRUE(rc::check([] {
    const Document document = any_document(GetParam());
    const Operation op = any_operation(document);
    const Operation inverse = invert(op, document).value();
    RC_ASSERT(applied(applied(document, op), inverse) == document);
    const JsonValue json = parse_json(cloudsync::to_json(to_json(inverse))).value();
    RC_ASSERT(parse_operation(GetParam(), json).value() == inverse);
  }));
}

TEST_P(OtLaws, ComposingIsAssociativeInEffect) {
  EXPECT_TRUE(rc::check([] {
    const Document document = any_document(GetParam());
    const Operation a = any_operation(document);
    const Operation b = any_operation(applied(document, a));
    const Operation c = any_operation(applied(document, compose(a, b)));
    RC_ASSERT(applied(document, compose(compose(a, b), c)) ==
              applied(document, compose(a, compose(b, c))));
  }));
}

std::vector<Operation> any_history(Document document) {
  std::vector<Operation> history;
  for (int left = *rc::gen::inRange(0, 5); left > 0; --left) {
    history.push_back(any_operation(document));
    document = applied(std::move(document), history.back());
  }
  return history;
}

// What a client with several operations of its own does with what others committed meanwhile.
TEST_P(OtLaws, HistoriesConvergeTransformedOperationByOperation) {
  EXPECT_TRUE(rc::check([] {
    const Document document = any_document(GetParam());
    const std::vector<Operation> committed = any_history(document);
    std::vector<Operation> own = any_history(document);
    Document client = document;
    for (const Operation& op : own) {
      client = applied(std::move(client), op);
    }
    Document server = document;
    for (Operation theirs : committed) {
      server = applied(std::move(server), theirs);
      for (Operation& op : own) {
        const Operation before = op;
        op = transform(before, theirs, Side::kLeft);
        theirs = transform(theirs, before, Side::kRight);
      }
      client = applied(std::move(client), theirs);
    }
    for (const Operation& op : own) {
      server = applied(std::move(server), op);
    }
    RC_ASSERT(server == client);
  }));
}

TEST_P(OtLaws, ResultsAreInNormalFormAndSurviveTheWire) {
  EXPECT_TRUE(rc::check([] {
    const Document document = any_document(GetParam());
    const Operation a = any_operation(document);
    const Operation b = any_operation(document);
    const Operation next = any_operation(applied(document, a));
    for (const Operation& op : {a, transform(a, b, any_side()), compose(a, next)}) {
      const JsonValue json = parse_json(cloudsync::to_json(to_json(op))).value();
      RC_ASSERT(parse_operation(GetParam(), json).value() == op);
    }
  }));
}

TEST_P(OtLaws, ContentSurvivesTheWire) {
  EXPECT_TRUE(rc::check([] {
    const Document document = any_document(GetParam());
    const Document changed = applied(document, any_operation(document));
    const JsonValue json = parse_json(cloudsync::to_json(content(changed))).value();
    const Document parsed = parse_document(GetParam(), json).value();
    RC_ASSERT(parsed == changed);
    RC_ASSERT(length(parsed) == length(changed));
  }));
}

TEST_P(OtLaws, RangesStayInsideTheDocument) {
  EXPECT_TRUE(rc::check([] {
    const Document document = any_document(GetParam());
    const Operation op = any_operation(document);
    const Range range = any_range(document);
    RC_ASSERT(contains(document, range));
    RC_ASSERT(
        contains(applied(document, op), transform_range(range, op, *rc::gen::arbitrary<bool>())));
  }));
}

// Own and foreign differ only by inserts exactly at the cursor.
TEST_P(OtLaws, OwnCursorsAreNeverBehindForeignOnes) {
  EXPECT_TRUE(rc::check([] {
    const Document document = any_document(GetParam());
    const Operation op = any_operation(document);
    Range cursor = any_range(document);
    cursor.length = 0;
    RC_ASSERT(transform_range(cursor, op, true).index >= transform_range(cursor, op, false).index);
  }));
}

std::string name_of(const testing::TestParamInfo<Type>& parameter) {
  switch (parameter.param) {
    case Type::kText:
      return "Text";
    case Type::kRichText:
      return "RichText";
    case Type::kJson:
      break;
  }
  return "Json";
}

INSTANTIATE_TEST_SUITE_P(EveryType,
                         OtLaws,
                         testing::Values(Type::kText, Type::kRichText, Type::kJson),
                         name_of);

}  // namespace
}  // namespace cloudsync::ot
