// Every edit of small JSON trees, and every two of them, in every combination: convergence,
// composing, undoing and cursors. No letter of a tree is in it twice or is put there by an edit, so
// that it is found again.

#include "exhaustion.h"
#include "json_cursors.h"
#include "json_edits.h"
#include "ot/json_cursor.h"
#include "ot/json_document.h"
#include "ot/json_value.h"
#include "ot/unicode.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace cloudsync::ot {
namespace {

constexpr std::array kTrees = {R"([])",
                               R"({})",
                               R"("xy𝒳")",
                               R"([1,"xy",[2,{"a":"z"}],{"b":[]}])",
                               R"([0,1,2,3,4])",
                               R"({"a":{"a":[1,"k"],"b":"xy"}})",
                               R"([[1,2],[3,[4]]])"};
constexpr std::array kSmallTrees = {
    R"([1,["a"]])", R"({"a":[1,2]})", R"([0,1,2])", R"("ab")", R"({"a":"x","b":{"a":"y"}})"};
constexpr std::array kTinyTrees = {R"([1,"a"])", R"({"a":[1]})"};

JsonValue json(std::string_view text) {
  return parse_json(text).value();
}

std::string text_of(const JsonOp& op) {
  return cloudsync::to_json(op.to_json());
}

JsonDocument applied(JsonDocument document, const JsonOp& op) {
  const auto result = document.apply(op);
  EXPECT_TRUE(result.has_value()) << text_of(op);
  return document;
}

std::vector<JsonOp> every_two_edits(const JsonValue& value) {
  std::vector<JsonOp> ops;
  for (const JsonOp& first : every_json_edit(value)) {
    JsonValue between = value;
    EXPECT_TRUE(apply_to_value(between, first).has_value());
    for (const JsonOp& second : every_json_edit(between)) {
      ops.push_back(compose(first, second));
    }
  }
  return ops;
}

void expect_convergence(const JsonValue& value,
                        const std::vector<JsonOp>& left,
                        const std::vector<JsonOp>& right) {
  exhaustion::expect_convergence(
      JsonDocument::parse(value).value(), {left.begin(), left.end()}, {right.begin(), right.end()});
}

TEST(OtJsonExhaustive, EveryPairOfEditsConverges) {
  for (const auto* text : kTrees) {
    const auto edits = every_json_edit(json(text));
    expect_convergence(json(text), edits, edits);
  }
}

TEST(OtJsonExhaustive, EveryEditConvergesWithEveryTwoEdits) {
  for (const auto* text : kSmallTrees) {
    const auto edits = every_json_edit(json(text));
    const auto two = every_two_edits(json(text));
    expect_convergence(json(text), edits, two);
    expect_convergence(json(text), two, edits);
  }
}

TEST(OtJsonExhaustive, EveryTwoEditsConvergeWithEveryTwo) {
  for (const auto* text : kTinyTrees) {
    const auto two = every_two_edits(json(text));
    expect_convergence(json(text), two, two);
  }
}

void expect_composition(const JsonValue& value, const std::vector<JsonOp>& first) {
  const JsonDocument document = JsonDocument::parse(value).value();
  for (const JsonOp& a : first) {
    const JsonDocument between = applied(document, a);
    for (const JsonOp& b : every_json_edit(between.to_json())) {
      const bool same = applied(document, compose(a, b)) == applied(between, b);
      ASSERT_TRUE(same) << text_of(a) << " then " << text_of(b) << " on "
                        << cloudsync::to_json(value);
    }
  }
}

TEST(OtJsonExhaustive, EveryEditComposesWithEveryNext) {
  for (const auto* text : kTrees) {
    expect_composition(json(text), every_json_edit(json(text)));
  }
  for (const auto* text : kSmallTrees) {
    expect_composition(json(text), every_two_edits(json(text)));
  }
}

TEST(OtJsonExhaustive, EveryTwoEditsAreUndone) {
  for (const auto* text : kTrees) {
    const JsonDocument document = JsonDocument::parse(json(text)).value();
    for (const JsonOp& op : every_two_edits(json(text))) {
      const JsonOp inverse = document.invert(op).value();
      const bool same = applied(applied(document, op), inverse) == document;
      ASSERT_TRUE(same) << text_of(op) << " on " << text;
    }
  }
}

// --- Cursors ---

// At every value, and at every place of every string.
std::vector<Range> every_place(const JsonValue& value) {
  std::vector<Range> places;
  for (const Range& cursor : every_json_cursor(value)) {
    for (std::uint64_t at = 0; at <= cursor.length; ++at) {
      const Range place{.index = at, .path = cursor.path};
      if (at == 0 || letters_at(value, place).before != letters_at(value, places.back()).before) {
        places.push_back(place);
      }
    }
  }
  return places;
}

bool is_in(const JsonValue& value, const std::string& letter) {
  return !letter.empty() && cloudsync::to_json(value).find(letter) != std::string::npos;
}

// The owner's cursor stays in front of the letter behind it, others' stay behind the letter before.
TEST(OtJsonExhaustive, CursorsStayBesideTheirLetter) {
  for (const auto* text : kTrees) {
    const JsonValue before = json(text);
    const JsonDocument document = JsonDocument::parse(before).value();
    for (const JsonOp& op : every_two_edits(before)) {
      const JsonDocument changed = applied(document, op);
      const JsonValue after = changed.to_json();
      for (const Range& cursor : every_place(before)) {
        SCOPED_TRACE(text_of(op) + " on " + text + ", cursor at " +
                     cloudsync::to_json(to_json(cursor.path)) + ", " +
                     std::to_string(cursor.index));
        const Letters beside = letters_at(before, cursor);
        const Range own = transform_cursor(cursor, op, true);
        const Range foreign = transform_cursor(cursor, op, false);
        ASSERT_TRUE(changed.contains(own) && changed.contains(foreign));
        if (is_in(after, beside.behind)) {
          ASSERT_EQ(letters_at(after, own).behind, beside.behind);
        }
        if (is_in(after, beside.before)) {
          ASSERT_EQ(letters_at(after, foreign).before, beside.before);
        }
      }
    }
  }
}

// In what is deleted: to what held it. In what is replaced: to the start of the new value.
TEST(OtJsonExhaustive, CursorsLeaveWhatIsDeleted) {
  for (const auto* text : kTrees) {
    for (const JsonOp& op : every_json_edit(json(text))) {
      const JsonComponent& edit = op.components().front();
      if (!edit.removed) {
        continue;
      }
      JsonPath gone = edit.path;
      gone.push_back(edit.key);
      for (const Range& cursor : every_place(json(text))) {
        if (is_prefix(gone, cursor.path)) {
          const Range expected{.path = edit.inserted ? gone : edit.path};
          ASSERT_EQ(transform_cursor(cursor, op, true), expected) << text_of(op) << " on " << text;
        }
      }
    }
  }
}

}  // namespace
}  // namespace cloudsync::ot
