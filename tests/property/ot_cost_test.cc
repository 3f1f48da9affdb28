// No operation of a peer makes the engine work or grow out of proportion: the longest operations,
// the largest numbers, and what repeats something long in many pieces.

#include "ot/type.h"
#include "ot_generators.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <limits>
#include <string>
#include <vector>

namespace cloudsync::ot {
namespace {

constexpr std::uint64_t kLargest = kJsonIntegerMax;

Operation op_of(Type type, const std::string& json) {
  return parse_operation(type, parse_json(json).value()).value();
}

Document document_of(Type type, const std::string& json) {
  return parse_document(type, parse_json(json).value()).value();
}

std::size_t bytes_of(const Operation& op) {
  return cloudsync::to_json(to_json(op)).size();
}

class OtCost : public testing::TestWithParam<Type> {};

// A component is cut where the other operation has a border, and nowhere else.
TEST_P(OtCost, ResultsHaveNoMoreComponentsThanBothOperations) {
  EXPECT_TRUE(rc::check([] {
    const Document document = any_document(GetParam());
    const Operation a = any_operation(document);
    const Operation b = any_operation(document);
    const Operation next = any_operation(applied(document, a));
    const std::size_t both = component_count(a) + component_count(b);
    RC_ASSERT(component_count(transform(a, b, any_side())) <= both + 1);
    RC_ASSERT(component_count(compose(a, next)) <= component_count(a) + component_count(next));
  }));
}

// The longest operations of a peer, with a border at every character.
struct Longest {
  std::string document;
  Operation first;
  Operation second;
};

Longest longest(Type type) {
  std::string first;
  std::string second;
  const auto add = [](std::string& op, const std::string& components) {
    op += (op.empty() ? "" : ",") + components;
  };
  if (type == Type::kText) {
    for (std::size_t i = 0; i < kOpComponentsMax / 2; ++i) {
      add(first, R"(1,"x")");
      add(second, R"({"d":1},"y")");
    }
  } else if (type == Type::kRichText) {
    for (std::size_t i = 0; i < kOpComponentsMax / 2; ++i) {
      add(first, R"({"retain":1,"attributes":{"b":1}},{"insert":"x"})");
      add(second, R"({"retain":1,"attributes":{"b":2}},{"insert":{"y":1}})");
    }
  } else {
    for (std::size_t i = 0; i < kJsonOpComponentsMax; ++i) {
      add(first, R"({"p":[)" + std::to_string(2 * i) + R"(],"si":"x"})");
      const std::string path = R"({"p":[)" + std::to_string(3 * i) + "],";
      add(second, path + (i % 2 == 0 ? R"("sd":"a"})" : R"("si":"yy"})"));
    }
  }
  const std::string text = '"' + std::string(kOpComponentsMax / 2, 'a') + '"';
  return {.document = type == Type::kRichText ? R"([{"insert":)" + text + "}]" : text,
          .first = op_of(type, "[" + first + "]"),
          .second = op_of(type, "[" + second + "]")};
}

TEST_P(OtCost, TheLongestOperationsConvergeComposeAndAreUndone) {
  const auto [json, a, b] = longest(GetParam());
  ASSERT_GE(component_count(a), std::size_t{1'000});
  ASSERT_GE(component_count(b), std::size_t{1'000});
  const Document document = document_of(GetParam(), json);
  const auto after = [](Document changed, const Operation& op) {
    EXPECT_TRUE(ot::apply(changed, op).has_value());
    return changed;
  };
  const Operation b_after_a = transform(b, a, Side::kRight);
  const Operation a_after_b = transform(a, b, Side::kLeft);
  const Document both = after(after(document, a), b_after_a);
  EXPECT_TRUE(both == after(after(document, b), a_after_b));
  EXPECT_TRUE(both == after(document, compose(a, b_after_a)));
  EXPECT_TRUE(document == after(after(document, a), invert(a, document).value()));
  EXPECT_LE(component_count(b_after_a), component_count(a) + component_count(b) + 1);
  EXPECT_LE(bytes_of(b_after_a), 4 * (bytes_of(a) + bytes_of(b)));
}

// They fit no document, but transforming and composing don't ask for one.
TEST_P(OtCost, TheLargestNumbersAreNumbersLikeOthers) {
  const std::string n = std::to_string(kLargest);
  const auto make = [&](const char* text, const char* rich, const char* json) {
    std::string op = GetParam() == Type::kText ? text : GetParam() == Type::kRichText ? rich : json;
    for (std::size_t at = op.find('N'); at != std::string::npos; at = op.find('N')) {
      op.replace(at, 1, n);
    }
    return op_of(GetParam(), op);
  };
  const std::vector<Operation> ops = {
      make(R"([N,"x"])", R"([{"retain":N},{"insert":"x"}])", R"([{"p":[N,N],"li":1}])"),
      make(R"(["x",{"d":N}])", R"([{"delete":N}])", R"([{"p":[N,N],"lm":0},{"p":[0],"lm":N}])"),
      make(R"([4503599627370496,"x",{"d":4503599627370495}])",
           R"([{"retain":N,"attributes":{"b":1}}])",
           R"([{"p":["k",N],"si":"x"},{"p":["k",N],"sd":"y"}])")};
  Document document = make_document(GetParam());
  for (const Operation& a : ops) {
    EXPECT_FALSE(ot::apply(document, a)) << cloudsync::to_json(to_json(a));
    EXPECT_FALSE(invert(a, document));
    Operation moved = a;
    for (int i = 0; i < 1'000; ++i) {
      moved = transform(moved, ops[static_cast<std::size_t>(i) % ops.size()], Side::kLeft);
    }
    EXPECT_LE(component_count(moved), 2'000U);
    for (const Operation& b : ops) {
      EXPECT_LE(component_count(compose(a, b)), component_count(a) + component_count(b) + 1);
    }
    for (const bool own : {false, true}) {
      const auto most = std::numeric_limits<std::uint64_t>::max();
      const Range range = transform_range({.index = most, .length = most}, a, own);
      EXPECT_LE(range.index, 2 * kLargest + 1);
    }
  }
  EXPECT_TRUE(document == make_document(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(EveryType,
                         OtCost,
                         testing::Values(Type::kText, Type::kRichText, Type::kJson),
                         [](const auto& parameter) {
                           std::string name(type_name(parameter.param));
                           std::erase(name, '-');
                           return name;
                         });

// A range with attributes as long as a peer may send, cut at every character.
TEST(OtCost, AttributesThatArePutInPiecesStayWithinALimit) {
  constexpr std::size_t kPieces = 1'000;
  std::string cuts;
  for (std::size_t i = 0; i < kPieces; ++i) {
    cuts += R"(,{"retain":1,"attributes":{")" + std::string(i % 2 == 0 ? "a" : "b") + R"(":1}})";
  }
  const Operation cut = op_of(Type::kRichText, "[" + cuts.substr(1) + "]");
  const std::string start =
      R"([{"retain":)" + std::to_string(kPieces) + R"(,"attributes":{"a":2,"link":")";
  const std::string end = R"("}}])";
  const std::size_t room = kAttributesBytesMax - std::string_view(R"({"a":2,"link":""})").size();
  const Operation formatting = op_of(Type::kRichText, start + std::string(room, 'l') + end);
  for (const Operation& result :
       {compose(formatting, cut), transform(formatting, cut, Side::kLeft)}) {
    EXPECT_EQ(component_count(result), kPieces);
    EXPECT_LE(bytes_of(result), kPieces * (kAttributesBytesMax + 100));
  }
  const JsonValue longer = parse_json(start + std::string(room + 1, 'l') + end).value();
  EXPECT_FALSE(parse_operation(Type::kRichText, longer));
  EXPECT_TRUE(parse_committed(Type::kRichText, longer));
}

// text0 writes its path once, si and sd write it each time.
TEST(OtCost, ManyTextEditsOfALongPathAreRefused) {
  const auto parse = [](std::size_t key, std::size_t edits) {
    std::string o;
    for (std::size_t i = 0; i < edits; ++i) {
      o += R"(,{"p":)" + std::to_string(2 * i) + R"(,"i":"x"})";
    }
    const std::string component =
        R"({"t":"text0","p":[")" + std::string(key, 'k') + R"("],"o":[)" + o.substr(1) + "]}";
    return parse_operation(Type::kJson, parse_json("[" + component + "]").value());
  };
  EXPECT_TRUE(parse(1'000, 999));
  EXPECT_TRUE(parse(500'000, 2));
  EXPECT_FALSE(parse(500'000, 3));
  EXPECT_FALSE(parse(1'100, 999));
}

}  // namespace
}  // namespace cloudsync::ot
