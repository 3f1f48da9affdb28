// Every pair of small operations on documents of up to three characters: what random tests may miss
// is found here, and a failure is as small as it can be. For JSON: ot_json_exhaustive_test.cc.

#include "exhaustion.h"
#include "ot/type.h"

#include <gtest/gtest.h>

#include <functional>
#include <numeric>
#include <set>
#include <string>
#include <vector>

namespace cloudsync::ot {
namespace {

using exhaustion::applied;
using exhaustion::expect_convergence;
using exhaustion::Operations;
using exhaustion::written;

/// The lengths of a document's characters in its type's units.
using Characters = std::vector<std::uint64_t>;

Document parsed(Type type, std::string_view content) {
  return parse_document(type, parse_json(content).value()).value();
}

// Before each character one of `inserts`, then one of `changes` to the character itself; at the end
// an insert again. Each choice is one digit of a number counted up. Operations that are one in
// normal form are listed once.
template <class Op>
struct Alphabet {
  using Build = std::function<void(Op&, std::uint64_t length)>;

  std::vector<Build> inserts;
  std::vector<Build> changes;

  Operations operations(const Characters& characters) const {
    Operations result;
    std::set<std::string> seen;
    std::size_t count = inserts.size();
    for (std::size_t i = 0; i < characters.size(); ++i) {
      count *= inserts.size() * changes.size();
    }
    for (std::size_t number = 0; number < count; ++number) {
      Op op = operation(characters, number).trim();
      if (seen.insert(written(op)).second) {
        result.emplace_back(std::move(op));
      }
    }
    return result;
  }

 private:
  Op operation(const Characters& characters, std::size_t number) const {
    const auto choose = [&number](const std::vector<Build>& choices) {
      const std::size_t chosen = number % choices.size();
      number /= choices.size();
      return choices[chosen];
    };
    Op op;
    for (const std::uint64_t length : characters) {
      choose(inserts)(op, 0);
      choose(changes)(op, length);
    }
    choose(inserts)(op, 0);
    return op;
  }
};

using TextAlphabet = Alphabet<TextOp>;
using RichAlphabet = Alphabet<RichTextOp>;

TextAlphabet text_alphabet(const std::vector<std::string>& inserts) {
  TextAlphabet alphabet;
  for (const std::string& text : inserts) {
    alphabet.inserts.emplace_back([=](TextOp& op, std::uint64_t) { op.insert(text); });
  }
  alphabet.changes = {[](TextOp& op, std::uint64_t length) { op.skip(length); },
                      [](TextOp& op, std::uint64_t length) { op.erase(length); }};
  return alphabet;
}

SharedObject attributes(std::string_view json) {
  return json.empty() ? SharedObject() : SharedObject(parse_json(json).value().as_object());
}

// Inserts and changes by their attributes as JSON, "" for none; besides no insert, and a deletion.
RichAlphabet rich_alphabet(std::string_view text,
                           const std::vector<std::string>& inserts,
                           const std::vector<std::string>& changes) {
  RichAlphabet alphabet;
  alphabet.inserts = {[](RichTextOp&, std::uint64_t) {}};
  alphabet.changes = {[](RichTextOp& op, std::uint64_t length) { op.erase(length); }};
  for (const std::string& json : inserts) {
    alphabet.inserts.emplace_back([text = std::string(text), format = attributes(json)](
                                      RichTextOp& op, std::uint64_t) { op.insert(text, format); });
  }
  for (const std::string& json : changes) {
    alphabet.changes.emplace_back(
        [format = attributes(json)](RichTextOp& op, std::uint64_t length) {
          op.retain(length, format);
        });
  }
  return alphabet;
}

constexpr auto kBold = R"({"b":1})";
constexpr auto kOther = R"({"b":2})";
constexpr auto kPlain = R"({"b":null})";
constexpr auto kBoth = R"({"b":2,"i":1})";

// Two authors insert different texts: which is first must show.
RichAlphabet small_rich_alphabet(std::string_view text) {
  return rich_alphabet(text, {""}, {"", kBold});
}

RichAlphabet format_alphabet() {
  return rich_alphabet("", {}, {"", kBold, kPlain, kBoth});
}

// --- TP1 ---

TEST(OtExhaustive, EveryPairOfSmallTextOperationsConverges) {
  const TextAlphabet lengths = text_alphabet({"", "x", "yz"});
  for (const auto* text : {"", "a", "💩b"}) {
    const TextDocument document{std::string(text)};
    const Operations ops = lengths.operations(Characters(document.length(), 1));
    expect_convergence(document, ops, ops);
  }
  const Characters three(3, 1);
  for (const auto* text : {"abc", "a💩c"}) {
    expect_convergence(TextDocument(text),
                       text_alphabet({"", "x"}).operations(three),
                       text_alphabet({"", "💩"}).operations(three));
  }
}

TEST(OtExhaustive, EveryPairOfSmallRichTextOperationsConverges) {
  const RichAlphabet all = rich_alphabet("x", {"", kBold}, {"", kBold, kPlain});
  const RichAlphabet some = rich_alphabet("y", {""}, {"", kOther});
  const auto expect = [&](std::string_view content, const Characters& characters) {
    const Document document = parsed(Type::kRichText, content);
    expect_convergence(document, all.operations(characters), some.operations(characters));
    expect_convergence(document, some.operations(characters), all.operations(characters));
  };
  expect("[]", {});
  expect(R"([{"insert":"a"}])", {1});
  expect(R"([{"insert":{"image":"a"},"attributes":{"b":1}}])", {1});
  expect(R"([{"insert":"💩"},{"insert":"b","attributes":{"b":1}}])", {2, 1});
}

TEST(OtExhaustive, EveryPairOfRichTextOperationsOnThreeCharactersConverges) {
  const Document document =
      parsed(Type::kRichText,
             R"([{"insert":"a"},{"insert":{"image":"b"}},{"insert":"💩","attributes":{"b":1}}])");
  const Characters characters{1, 1, 2};
  expect_convergence(document,
                     small_rich_alphabet("x").operations(characters),
                     small_rich_alphabet("y").operations(characters));
  const Operations formats = format_alphabet().operations(characters);
  expect_convergence(document, formats, formats);
}

// --- Compose: `next` of a document's characters after the first operation ---

template <class NextAlphabet>
void expect_composition(const Document& document,
                        const Operations& first,
                        const NextAlphabet& next) {
  std::vector<Operations> next_of_length;
  for (const Operation& a : first) {
    const Document between = applied(document, a);
    const std::size_t length = ot::length(between);
    while (next_of_length.size() <= length) {
      next_of_length.push_back(next.operations(Characters(next_of_length.size(), 1)));
    }
    for (const Operation& b : next_of_length[length]) {
      const bool same = applied(document, compose(a, b)) == applied(between, b);
      ASSERT_TRUE(same) << written(a) << " then " << written(b) << " on "
                        << cloudsync::to_json(content(document));
    }
  }
}

TEST(OtExhaustive, EverySmallTextOperationComposesWithEveryNext) {
  const TextAlphabet all = text_alphabet({"", "💩"});
  const TextAlphabet next = text_alphabet({"", "y"});
  const TextAlphabet none = text_alphabet({""});
  for (const auto* text : {"", "a", "ab"}) {
    const TextDocument document{std::string(text)};
    expect_composition(document, all.operations(Characters(document.length(), 1)), next);
  }
  const TextDocument three("a💩c");
  expect_composition(three, all.operations({1, 1, 1}), none);
  expect_composition(three, none.operations({1, 1, 1}), next);
}

TEST(OtExhaustive, EverySmallRichTextOperationComposesWithEveryNext) {
  const RichAlphabet all = rich_alphabet("x", {"", kBold}, {"", kBold, kPlain});
  expect_composition(parsed(Type::kRichText, R"([{"insert":"a","attributes":{"b":1}}])"),
                     all.operations({1}),
                     all);
  const Document three =
      parsed(Type::kRichText,
             R"([{"insert":"a"},{"insert":"b","attributes":{"b":1}},{"insert":{"image":"c"}}])");
  expect_composition(three,
                     rich_alphabet("x", {""}, {kBold}).operations({1, 1, 1}),
                     rich_alphabet("", {}, {"", kPlain}));
  expect_composition(three, format_alphabet().operations({1, 1, 1}), format_alphabet());
}

// --- Invert and cursors: every operation alone ---

bool is_insert(const TextComponent& component) {
  return component.kind == TextComponent::Kind::kInsert;
}

bool is_insert(const RichTextComponent& component) {
  return component.is_insert();
}

template <class Component>
bool is_delete(const Component& component) {
  return component.kind == Component::Kind::kDelete;
}

// Where a cursor is that knows characters only: behind those before it that are left, and behind
// what was inserted before it. The owner's inserts at its place are before it, others' behind it.
template <class Op>
std::uint64_t move_by_characters(std::uint64_t cursor, const Op& op, bool own) {
  struct Insert {
    std::uint64_t at = 0;    // in the old document
    std::uint64_t left = 0;  // characters before it that are left
    std::uint64_t length = 0;
  };

  std::vector<Insert> inserts;
  std::uint64_t at = 0;
  std::uint64_t left = 0;
  std::uint64_t erased_before = 0;
  for (const auto& component : op.components()) {
    if (is_insert(component)) {
      inserts.push_back({at, left, component.length});
      continue;
    }
    const std::uint64_t end = at + component.length;
    if (is_delete(component)) {
      erased_before += std::min(end, cursor) - std::min(at, cursor);
    } else {
      left += component.length;
    }
    at = end;
  }
  std::uint64_t moved = cursor - erased_before;
  const std::uint64_t left_before = moved;
  for (const Insert& insert : inserts) {
    const bool is_before = own ? insert.left <= left_before : insert.at < cursor;
    moved += is_before ? insert.length : 0;
  }
  return moved;
}

template <class Op>
void expect_inverses_and_cursors(const Document& document,
                                 const Characters& characters,
                                 const Operations& operations) {
  for (const Operation& op : operations) {
    SCOPED_TRACE(written(op) + " on " + cloudsync::to_json(content(document)));
    const Document after = applied(document, op);
    ASSERT_TRUE(applied(after, invert(op, document).value()) == document);
    for (std::size_t first = 0; first <= characters.size(); ++first) {
      const auto at = [&](std::size_t end) {
        return std::accumulate(characters.begin(), characters.begin() + end, std::uint64_t{0});
      };
      for (std::size_t last = first; last <= characters.size(); ++last) {
        const Range range{.index = at(first), .length = at(last) - at(first)};
        for (const bool own : {false, true}) {
          const Range moved = transform_range(range, op, own);
          ASSERT_EQ(moved.index, move_by_characters(at(first), std::get<Op>(op), own));
          ASSERT_EQ(moved.index + moved.length,
                    move_by_characters(at(last), std::get<Op>(op), own));
          ASSERT_TRUE(contains(after, moved));
        }
      }
    }
  }
}

TEST(OtExhaustive, EverySmallTextOperationIsUndoneAndMovesCursors) {
  for (const auto* text : {"", "a", "ab", "a💩c"}) {
    const TextDocument document{std::string(text)};
    const Characters characters(document.length(), 1);
    expect_inverses_and_cursors<TextOp>(
        document, characters, text_alphabet({"", "x", "y💩"}).operations(characters));
  }
}

TEST(OtExhaustive, EverySmallRichTextOperationIsUndoneAndMovesCursors) {
  const RichAlphabet alphabet = rich_alphabet("x💩", {"", kBold}, {"", kOther, kPlain});
  const auto expect = [&](std::string_view content, const Characters& characters) {
    expect_inverses_and_cursors<RichTextOp>(
        parsed(Type::kRichText, content), characters, alphabet.operations(characters));
  };
  expect("[]", {});
  expect(R"([{"insert":{"image":"a"},"attributes":{"b":1,"i":1}}])", {1});
  expect(R"([{"insert":"💩"},{"insert":"b","attributes":{"b":1}}])", {2, 1});
  expect(R"([{"insert":"a","attributes":{"b":1}},{"insert":"💩"},{"insert":{"image":"c"}}])",
         {1, 2, 1});
}

}  // namespace
}  // namespace cloudsync::ot
