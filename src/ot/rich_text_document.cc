// Changing a rich-text document: an operation is checked as a whole, then its components change the
// text and the runs one after the other.

#include "ot/attributes.h"
#include "ot/op_json.h"
#include "ot/rich_text.h"

#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = RichTextComponent::Kind;

constexpr auto kUnit = &TextSize::utf16_units;

}  // namespace

Result<void> RichTextDocument::check_fits(const RichTextOp& op) const {
  // Without characters of two units there is nothing to cut, and no need to look.
  const bool has_pairs = rope_.size().utf16_units != rope_.size().code_points;
  std::uint64_t walked = 0;
  for (std::size_t i = 0; i < op.components().size(); ++i) {
    const RichTextComponent& component = op.components()[i];
    if (component.is_insert()) {
      continue;
    }
    walked += component.length;
    if (walked > length()) {
      return component_error(i,
                             "walks past the end of the document, which has " +
                                 std::to_string(length()) + " UTF-16 units");
    }
    if (has_pairs && !rope_.is_border(kUnit, walked)) {
      return component_error(i, "ends inside a surrogate pair");
    }
  }
  return {};
}

Result<void> RichTextDocument::apply(const RichTextOp& op) {
  CS_TRY(check_fits(op));
  std::uint64_t at = 0;
  for (const RichTextComponent& component : op.components()) {
    if (component.kind == Kind::kDelete) {
      rope_.erase(kUnit, at, at + component.length);
      runs_.erase(at, at + component.length);
      continue;
    }
    if (component.is_insert()) {
      insert(at, component);
    } else if (!component.attributes.empty()) {
      runs_.format(at, at + component.length, component.attributes);
    }
    at += component.length;
  }
  return {};
}

void RichTextDocument::insert(std::uint64_t at, const RichTextComponent& component) {
  const bool is_text = component.kind == Kind::kInsertText;
  rope_.insert(kUnit, at, is_text ? std::string_view(component.text) : kEmbedText);
  runs_.insert(at, {component.length, component.embed, component.attributes});
}

RichTextComponents RichTextDocument::inserts(std::uint64_t first, std::uint64_t last) const {
  RichTextComponents components;
  runs_.visit(first, last, [&](RichTextRun run) {
    RichTextComponent component{.kind = run.embed.empty() ? Kind::kInsertText : Kind::kInsertEmbed,
                                .length = run.length,
                                .text = {},
                                .embed = std::move(run.embed),
                                .attributes = std::move(run.attributes)};
    if (component.kind == Kind::kInsertText) {
      component.text = rope_.slice(kUnit, first, first + run.length);
    }
    first += run.length;
    components.push_back(std::move(component));
  });
  return components;
}

Result<RichTextOp> RichTextDocument::invert(const RichTextOp& op) const {
  CS_TRY(check_fits(op));
  RichTextOp inverse;
  std::uint64_t at = 0;  // in this document, which has not seen `op`
  for (const RichTextComponent& component : op.components()) {
    if (component.is_insert()) {
      inverse.erase(component.length);
      continue;
    }
    const std::uint64_t end = at + component.length;
    if (component.kind == Kind::kDelete) {
      for (RichTextComponent& removed : inserts(at, end)) {
        inverse.push(std::move(removed));
      }
    } else if (component.attributes.empty()) {
      inverse.retain(component.length);
    } else {
      runs_.visit(at, end, [&](const RichTextRun& run) {
        inverse.retain(run.length, invert_attributes(component.attributes, run.attributes));
      });
    }
    at = end;
  }
  return inverse.trim();
}

}  // namespace cloudsync::ot
