#include "random_json_edit.h"

#include "ot/unicode.h"
#include "random_edit.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cloudsync::simulation {
namespace {

/// Containers and strings are shortened above these more often than they grow.
constexpr std::size_t kListLong = 6;
constexpr std::size_t kStringLong = 20;
/// New values are scalars below this level.
constexpr std::size_t kLevelsOfContainers = 4;

JsonValue random_value(Dice& dice, std::size_t level) {
  switch (dice.number(0, level < kLevelsOfContainers ? 6 : 3)) {
    case 0:
      return static_cast<std::int64_t>(dice.number(0, 9));  // as parse_json() reads it
    case 1:
      return nullptr;
    case 2:
    case 3:
      return JsonValue(random_text(dice));
    case 4:
      return JsonObject{{"n", 0}};
    case 5:
      return JsonArray{random_value(dice, level + 1), random_value(dice, level + 1)};
    default:
      return JsonArray{};
  }
}

/// Where an edit goes: a value of the document and the path to it.
struct Place {
  JsonValue document;
  const JsonValue* value = &document;
  ot::JsonPath path = {};

  Place(Dice& dice, const ot::JsonDocument& of) : document(of.to_json()) {
    while (step_inside(dice)) {
    }
  }

  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  ot::JsonPath at(ot::JsonKey key) const {
    ot::JsonPath inside = path;
    inside.push_back(std::move(key));
    return inside;
  }

 private:
  bool step_inside(Dice& dice) {
    const auto* object = value->if_object();
    const auto* list = value->if_array();
    const std::size_t size = object != nullptr ? object->size()
                             : list != nullptr ? list->size()
                                               : 0;
    if (size == 0 || dice.chance(0.3)) {
      return false;
    }
    const std::uint64_t child = dice.number(0, size - 1);
    if (list != nullptr) {
      path.emplace_back(child);
      value = &(*list)[child];
    } else {
      const auto& member = *(object->begin() + static_cast<std::ptrdiff_t>(child));
      path.emplace_back(std::string(member.key()));
      value = &member.value();
    }
    return true;
  }
};

ot::JsonOp edit_object(Dice& dice, const Place& place) {
  static constexpr std::array<const char*, 3> kKeys{"a", "b", "n"};
  const char* key = kKeys[dice.number(0, kKeys.size() - 1)];
  const JsonValue* present = place.value->get_object().if_contains(key);
  const bool removes = present != nullptr && dice.chance(0.4);
  return ot::JsonOp().replace(
      place.at(key),
      present != nullptr ? std::optional(*present) : std::nullopt,
      removes ? std::nullopt : std::optional(random_value(dice, place.path.size())));
}

ot::JsonOp edit_list(Dice& dice, const Place& place) {
  const JsonArray& list = place.value->get_array();
  if (list.empty() || dice.chance(list.size() > kListLong ? 0.1 : 0.4)) {
    return ot::JsonOp().replace(
        place.at(dice.number(0, list.size())), std::nullopt, random_value(dice, place.path.size()));
  }
  const std::uint64_t index = dice.number(0, list.size() - 1);
  if (dice.chance(0.4)) {
    return ot::JsonOp().move(place.at(index), dice.number(0, list.size() - 1));
  }
  const bool replaces = dice.chance(0.3);
  return ot::JsonOp().replace(
      place.at(index),
      list[index],
      replaces ? std::optional(random_value(dice, place.path.size())) : std::nullopt);
}

ot::JsonOp edit_string(Dice& dice, const Place& place) {
  const std::string_view text = view(place.value->get_string());
  const std::uint64_t points = ot::count_code_points(text);
  const std::uint64_t at = dice.number(0, points);
  const std::size_t bytes = ot::bytes_of_code_points(text, at);
  const std::string_view rest = text.substr(bytes);
  const std::uint64_t offset = ot::count_utf16_units(text.substr(0, bytes));
  if (at < points && dice.chance(text.size() > kStringLong ? 0.7 : 0.4)) {
    const std::uint64_t erased = dice.number(1, std::min<std::uint64_t>(points - at, 5));
    return ot::JsonOp().erase_text(place.at(offset),
                                   rest.substr(0, ot::bytes_of_code_points(rest, erased)));
  }
  return ot::JsonOp().insert_text(place.at(offset), random_text(dice));
}

}  // namespace

ot::JsonOp random_json_edit(Dice& dice, const ot::JsonDocument& document) {
  const Place place(dice, document);
  if (place.value->is_object()) {
    return edit_object(dice, place);
  }
  if (place.value->is_array()) {
    return edit_list(dice, place);
  }
  if (place.value->is_string()) {
    return edit_string(dice, place);
  }
  if (ot::read_counter(*place.value)) {
    const auto amount = static_cast<std::int64_t>(dice.number(1, 5));
    return ot::JsonOp().add(place.path, dice.chance(0.5) ? amount : -amount);
  }
  // A null: it is replaced where it is.
  return ot::JsonOp().replace(place.path, *place.value, random_value(dice, place.path.size()));
}

ot::Range random_json_cursor(Dice& dice, const ot::JsonDocument& document) {
  const Place place(dice, document);
  ot::Range range{.path = place.path};
  if (const auto* string = place.value->if_string()) {
    range.index = dice.number(0, ot::count_utf16_units(view(*string)));
  }
  return range;
}

}  // namespace cloudsync::simulation
