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

JsonValue random_value(World& world, std::size_t level) {
  switch (world.number(0, level < kLevelsOfContainers ? 6 : 3)) {
    case 0:
      return static_cast<std::int64_t>(world.number(0, 9));  // as parse_json() reads it
    case 1:
      return nullptr;
    case 2:
    case 3:
      return JsonValue(random_text(world));
    case 4:
      return JsonObject{{"n", 0}};
    case 5:
      return JsonArray{random_value(world, level + 1), random_value(world, level + 1)};
    default:
      return JsonArray{};
  }
}

/// Where an edit goes: a value of the document and the path to it.
struct Place {
  JsonValue document;
  const JsonValue* value = &document;
  ot::JsonPath path = {};

  Place(World& world, const ot::JsonDocument& of) : document(of.to_json()) {
    while (step_inside(world)) {
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
  bool step_inside(World& world) {
    const auto* object = value->if_object();
    const auto* list = value->if_array();
    const std::size_t size = object != nullptr ? object->size()
                             : list != nullptr ? list->size()
                                               : 0;
    if (size == 0 || world.chance(0.3)) {
      return false;
    }
    const std::uint64_t child = world.number(0, size - 1);
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

ot::JsonOp edit_object(World& world, const Place& place) {
  static constexpr std::array<const char*, 3> kKeys{"a", "b", "n"};
  const char* key = kKeys[world.number(0, kKeys.size() - 1)];
  const JsonValue* present = place.value->get_object().if_contains(key);
  const bool removes = present != nullptr && world.chance(0.4);
  return ot::JsonOp().replace(
      place.at(key),
      present != nullptr ? std::optional(*present) : std::nullopt,
      removes ? std::nullopt : std::optional(random_value(world, place.path.size())));
}

ot::JsonOp edit_list(World& world, const Place& place) {
  const JsonArray& list = place.value->get_array();
  if (list.empty() || world.chance(list.size() > kListLong ? 0.1 : 0.4)) {
    return ot::JsonOp().replace(place.at(world.number(0, list.size())),
                                std::nullopt,
                                random_value(world, place.path.size()));
  }
  const std::uint64_t index = world.number(0, list.size() - 1);
  if (world.chance(0.4)) {
    return ot::JsonOp().move(place.at(index), world.number(0, list.size() - 1));
  }
  const bool replaces = world.chance(0.3);
  return ot::JsonOp().replace(
      place.at(index),
      list[index],
      replaces ? std::optional(random_value(world, place.path.size())) : std::nullopt);
}

ot::JsonOp edit_string(World& world, const Place& place) {
  const std::string_view text = view(place.value->get_string());
  const std::uint64_t points = ot::count_code_points(text);
  const std::uint64_t at = world.number(0, points);
  const std::size_t bytes = ot::bytes_of_code_points(text, at);
  const std::string_view rest = text.substr(bytes);
  const std::uint64_t offset = ot::count_utf16_units(text.substr(0, bytes));
  if (at < points && world.chance(text.size() > kStringLong ? 0.7 : 0.4)) {
    const std::uint64_t erased = world.number(1, std::min<std::uint64_t>(points - at, 5));
    return ot::JsonOp().erase_text(place.at(offset),
                                   rest.substr(0, ot::bytes_of_code_points(rest, erased)));
  }
  return ot::JsonOp().insert_text(place.at(offset), random_text(world));
}

}  // namespace

ot::JsonOp random_json_edit(World& world, const ot::JsonDocument& document) {
  const Place place(world, document);
  if (place.value->is_object()) {
    return edit_object(world, place);
  }
  if (place.value->is_array()) {
    return edit_list(world, place);
  }
  if (place.value->is_string()) {
    return edit_string(world, place);
  }
  if (ot::read_counter(*place.value)) {
    const auto amount = static_cast<std::int64_t>(world.number(1, 5));
    return ot::JsonOp().add(place.path, world.chance(0.5) ? amount : -amount);
  }
  // A null: it is replaced where it is.
  return ot::JsonOp().replace(place.path, *place.value, random_value(world, place.path.size()));
}

ot::Range random_json_cursor(World& world, const ot::JsonDocument& document) {
  const Place place(world, document);
  ot::Range range{.path = place.path};
  if (const auto* string = place.value->if_string()) {
    range.index = world.number(0, ot::count_utf16_units(view(*string)));
  }
  return range;
}

}  // namespace cloudsync::simulation
