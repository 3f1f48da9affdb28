#include "loadtest/edits.h"

namespace cloudsync::loadtest {
namespace {

constexpr std::uint64_t kUsualLength = 1'000;

std::uint64_t below(std::uint64_t limit, std::mt19937_64& random) {
  return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random);
}

}  // namespace

ot::Operation make_edit(const ot::Document& document, std::mt19937_64& random) {
  const bool rich = ot::type_of(document) == ot::Type::kRichText;
  // The newline that ends a rich text stays where it is.
  const std::uint64_t editable = ot::length(document) - (rich ? 1 : 0);
  const bool erases = editable > 0 && below(2 * kUsualLength, random) < editable;
  const std::uint64_t place = below(erases ? editable : editable + 1, random);
  const char letter = static_cast<char>('a' + below(26, random));
  const std::string_view text(&letter, 1);
  if (rich) {
    ot::RichTextOp op;
    op.retain(place);
    return erases ? op.erase(1).trim() : op.insert(text).trim();
  }
  ot::TextOp op;
  op.skip(place);
  return erases ? op.erase(1).trim() : op.insert(text).trim();
}

}  // namespace cloudsync::loadtest
