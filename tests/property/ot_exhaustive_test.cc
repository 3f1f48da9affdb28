// Every pair of small operations on tiny documents: what random tests may miss is found here, and a
// failure is as small as it can be.

#include "ot/type.h"

#include <gtest/gtest.h>

#include <vector>

namespace cloudsync::ot {
namespace {

// Before each character one of `inserts` (0 is none), then one thing done to the character itself;
// at the end an insert again. Each choice is one digit of a number counted up.
struct Alphabet {
  std::size_t inserts = 0;
  std::size_t changes = 0;
};

template <class Build>
std::vector<Operation> every_operation(std::size_t characters, Alphabet alphabet, Build build) {
  std::size_t count = alphabet.inserts;
  for (std::size_t i = 0; i < characters; ++i) {
    count *= alphabet.inserts * alphabet.changes;
  }
  std::vector<Operation> operations;
  operations.reserve(count);
  for (std::size_t number = 0; number < count; ++number) {
    std::size_t rest = number;
    const auto digit = [&rest](std::size_t base) {
      const std::size_t value = rest % base;
      rest /= base;
      return value;
    };
    operations.push_back(build(digit));
  }
  return operations;
}

std::vector<Operation> every_text_op(std::uint64_t length,
                                     const std::vector<std::string>& inserts) {
  return every_operation(length, {inserts.size(), 2}, [&](auto digit) {
    TextOp op;
    for (std::uint64_t i = 0; i < length; ++i) {
      op.insert(inserts[digit(inserts.size())]);
      digit(2) == 0 ? op.skip(1) : op.erase(1);
    }
    return op.insert(inserts[digit(inserts.size())]).trim();
  });
}

JsonObject bold(const JsonValue& value) {
  JsonObject attributes;
  attributes.emplace("bold", value);
  return attributes;
}

void change_character(RichTextOp& op, std::size_t choice) {
  switch (choice) {
    case 0:
      op.retain(1);
      break;
    case 1:
      op.erase(1);
      break;
    case 2:
      op.retain(1, bold(true));
      break;
    default:
      op.retain(1, bold(nullptr));
  }
}

void insert_some(RichTextOp& op, std::size_t choice) {
  if (choice == 1) {
    op.insert("x");
  } else if (choice == 2) {
    op.insert("x", bold(true));
  }
}

std::vector<Operation> every_rich_op(std::size_t length) {
  constexpr Alphabet kAlphabet{3, 4};
  return every_operation(length, kAlphabet, [&](auto digit) {
    RichTextOp op;
    for (std::size_t i = 0; i < length; ++i) {
      insert_some(op, digit(kAlphabet.inserts));
      change_character(op, digit(kAlphabet.changes));
    }
    insert_some(op, digit(kAlphabet.inserts));
    return op.trim();
  });
}

Document applied(Document document, const Operation& op) {
  const auto result = ot::apply(document, op);
  EXPECT_TRUE(result.has_value());
  return document;
}

void expect_convergence(const Document& document, const std::vector<Operation>& operations) {
  std::vector<Document> after;
  for (const Operation& op : operations) {
    after.push_back(applied(document, op));
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    for (std::size_t j = 0; j < operations.size(); ++j) {
      const Operation& a = operations[i];
      const Operation& b = operations[j];
      const bool converges = applied(after[i], transform(b, a, Side::kRight)) ==
                             applied(after[j], transform(a, b, Side::kLeft));
      ASSERT_TRUE(converges) << cloudsync::to_json(to_json(a)) << " with "
                             << cloudsync::to_json(to_json(b)) << " on "
                             << cloudsync::to_json(content(document));
    }
  }
}

TEST(OtExhaustive, EveryPairOfSmallTextOperationsConverges) {
  for (const auto* text : {"", "a", "💩b"}) {
    const TextDocument document{std::string(text)};
    expect_convergence(document, every_text_op(document.length(), {"", "x", "yz"}));
  }
  expect_convergence(TextDocument("abc"), every_text_op(3, {"", "x"}));
}

TEST(OtExhaustive, EverySmallTextOperationComposesWithEveryNext) {
  const TextDocument document("ab");
  for (const Operation& first : every_text_op(2, {"", "x"})) {
    const Document between = applied(document, first);
    for (const Operation& second : every_text_op(length(between), {"", "y"})) {
      const bool same = applied(document, compose(first, second)) == applied(between, second);
      ASSERT_TRUE(same) << cloudsync::to_json(to_json(first)) << " then "
                        << cloudsync::to_json(to_json(second));
    }
  }
}

Document rich(std::string_view content) {
  return parse_document(Type::kRichText, parse_json(content).value()).value();
}

TEST(OtExhaustive, EveryPairOfSmallRichTextOperationsConverges) {
  expect_convergence(rich("[]"), every_rich_op(0));
  expect_convergence(rich(R"([{"insert":"a"}])"), every_rich_op(1));
  expect_convergence(rich(R"([{"insert":{"image":"a"},"attributes":{"bold":true}}])"),
                     every_rich_op(1));
  expect_convergence(rich(R"([{"insert":"a"},{"insert":"b","attributes":{"bold":true}}])"),
                     every_rich_op(2));
}

TEST(OtExhaustive, EverySmallRichTextOperationComposesWithEveryNext) {
  const Document document = rich(R"([{"insert":"a","attributes":{"bold":true}}])");
  for (const Operation& first : every_rich_op(1)) {
    const Document between = applied(document, first);
    for (const Operation& second : every_rich_op(length(between))) {
      const bool same = applied(document, compose(first, second)) == applied(between, second);
      ASSERT_TRUE(same) << cloudsync::to_json(to_json(first)) << " then "
                        << cloudsync::to_json(to_json(second));
    }
  }
}

}  // namespace
}  // namespace cloudsync::ot
