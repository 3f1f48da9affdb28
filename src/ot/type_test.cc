#include "ot/type.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>

namespace cloudsync::ot {
namespace {

Operation op(Type type, std::string_view text) {
  return parse_operation(type, parse_json(text).value()).value();
}

TEST(Type, HasANameThatLeadsBack) {
  EXPECT_EQ(type_from_name(type_name(Type::kText)), Type::kText);
  EXPECT_EQ(type_from_name(type_name(Type::kRichText)), Type::kRichText);
  EXPECT_EQ(type_from_name(type_name(Type::kJson)), Type::kJson);
  EXPECT_EQ(type_from_name("other"), std::nullopt);
}

TEST(Type, MakesEmptyDocuments) {
  EXPECT_EQ(cloudsync::to_json(content(make_document(Type::kText))), R"("")");
  EXPECT_EQ(cloudsync::to_json(content(make_document(Type::kRichText))), R"([{"insert":"\n"}])");
  EXPECT_EQ(cloudsync::to_json(content(make_document(Type::kJson))), "{}");
  EXPECT_EQ(length(make_document(Type::kRichText)), 1U);
}

TEST(Type, GivesContentThatParsesToTheSameDocument) {
  for (const Type type : {Type::kText, Type::kRichText, Type::kJson}) {
    const Document document = make_document(type);
    EXPECT_EQ(parse_document(type, content(document)).value(), document);
    EXPECT_EQ(type_of(document), type);
  }
}

TEST(Type, RefusesContentOfTheOtherType) {
  EXPECT_FALSE(parse_document(Type::kText, parse_json("[]").value()).has_value());
  EXPECT_FALSE(parse_document(Type::kRichText, parse_json(R"("")").value()).has_value());
}

TEST(Type, AppliesTransformsAndComposesEither) {
  Document text = make_document(Type::kText);
  const Operation a = op(Type::kText, R"(["a"])");
  ASSERT_TRUE(ot::apply(text, compose(a, transform(a, a, Side::kRight))).has_value());
  EXPECT_EQ(content(text), JsonValue("aa"));
  EXPECT_TRUE(is_noop(op(Type::kRichText, "[]")));
  EXPECT_FALSE(is_noop(a));
}

TEST(TransformRange, MovesBothEnds) {
  const Operation insert = op(Type::kText, R"([3,"xy"])");
  EXPECT_EQ(transform_range({2, 4}, insert, false), (Range{2, 6}));
  EXPECT_EQ(transform_range({3, 2}, insert, false), (Range{3, 4}));
  EXPECT_EQ(transform_range({3, 2}, insert, true), (Range{5, 2}));
}

TEST(TransformRange, ShrinksWithADelete) {
  EXPECT_EQ(transform_range({2, 4}, op(Type::kRichText, R"([{"retain":1},{"delete":2}])"), false),
            (Range{1, 3}));
}

TEST(TransformRange, InWhatIsReplacedIsAtTheStartOfTheNew) {
  const Range inside{.index = 2, .length = 1, .path = {"a", std::uint64_t{1}, "b"}};
  const auto after = [&](std::string_view text) {
    return transform_range(inside, op(Type::kJson, text), false);
  };
  EXPECT_EQ(after(R"([{"p":["a"],"od":[0,{"b":"xyz"}],"oi":"new"}])"), (Range{0, 0, {"a"}}));
  EXPECT_EQ(after(R"([{"p":["a"],"od":[0,{"b":"xyz"}]}])"), (Range{0, 0, {}}));
  EXPECT_EQ(after(R"([{"p":["a",1],"ld":{"b":"xyz"},"li":"new"}])"),
            (Range{0, 0, {"a", std::uint64_t{1}}}));
  EXPECT_EQ(after(R"([{"p":["a",1],"ld":{"b":"xyz"}}])"), (Range{0, 0, {"a"}}));
}

// What is moved over a long log is not copied at each step.
TEST(TransformInPlace, KeepsTheMemoryOfWhatIsInserted) {
  const std::string long_text(1'000, 'x');
  const std::pair<Type, std::string> ops[] = {
      {Type::kText, R"([1,"TEXT"])"},
      {Type::kRichText, R"([{"retain":1},{"insert":"TEXT"}])"},
      {Type::kJson, R"([{"p":["s",1],"si":"TEXT"}])"}};
  const std::string others[] = {R"(["y"])", R"([{"insert":"y"}])", R"([{"p":["s",0],"si":"y"}])"};
  for (const auto& [type, text] : ops) {
    std::string json = text;
    Operation inserting = op(type, json.replace(json.find("TEXT"), 4, long_text));
    const auto memory = [&] {
      return std::visit([](const auto& typed) { return typed.components().back().text.data(); },
                        inserting);
    };
    const char* const before = memory();
    const Operation other = op(type, others[static_cast<std::size_t>(type)]);
    const Operation copied = transform(inserting, other, Side::kLeft);
    transform_in_place(inserting, other, Side::kLeft);
    EXPECT_EQ(memory(), before) << type_name(type);
    EXPECT_EQ(inserting, copied) << type_name(type);
  }
}

TEST(TransformRange, SurvivesNumbersThatOverflow) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  const Range range = transform_range({kMax, kMax}, op(Type::kText, R"(["x"])"), true);
  EXPECT_LE(range.index, range.index + range.length);
}

TEST(Selection, IsReadAndWrittenInTheFormOfItsType) {
  const auto moved = [](Type type, std::string_view selection, std::string_view operation) {
    JsonObject object = parse_json(selection).value().as_object();
    const auto range = read_range(type, object);
    if (!range) {
      return std::string("refused");
    }
    write_range(object, type, transform_range(*range, op(type, operation), true));
    return cloudsync::to_json(object);
  };
  EXPECT_EQ(moved(Type::kText, R"({"index":0,"length":1,"x":2})", R"(["a"])"),
            R"({"index":1,"length":1,"x":2})");
  EXPECT_EQ(moved(Type::kText, R"({"index":0})", R"(["a"])"), "refused");
  EXPECT_EQ(moved(Type::kJson, R"({"path":[0]})", R"([{"p":[0],"li":1}])"), R"({"path":[1]})");
  EXPECT_EQ(moved(Type::kJson, R"({"path":[0],"index":0,"length":0})", R"([{"p":[0,0],"si":"a"}])"),
            R"({"path":[0],"index":1,"length":0})");
  for (const auto* selection : {"{}",
                                R"({"index":0,"length":0})",
                                R"({"path":[0],"index":0})",
                                R"({"path":[-1]})",
                                R"({"path":["__proto__"]})"}) {
    EXPECT_EQ(moved(Type::kJson, selection, "[]"), "refused");
  }
}

TEST(ParseCommitted, TakesMoreComponentsThanAPeerMaySend) {
  JsonArray json;
  for (std::size_t i = 0; i <= kJsonOpComponentsMax; ++i) {
    json.push_back(parse_json(R"({"p":[],"na":1})").value());
  }
  EXPECT_FALSE(parse_operation(Type::kJson, json).has_value());
  EXPECT_TRUE(parse_committed(Type::kJson, json).has_value());
}

}  // namespace
}  // namespace cloudsync::ot
