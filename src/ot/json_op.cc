#include "ot/json_op.h"

#include "ot/json_merge.h"
#include "ot/unicode.h"

#include <iterator>
#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = JsonComponent::Kind;

JsonComponent component_at(Kind kind, JsonPath path) {
  JsonComponent component{.kind = kind};
  if (kind != Kind::kAdd) {
    component.key = std::move(path.back());
    path.pop_back();
  }
  component.path = std::move(path);
  return component;
}

}  // namespace

std::optional<std::int64_t> read_counter(const JsonValue& value) {
  if (const auto* whole = value.if_int64()) {
    return *whole >= -kJsonCounterMax && *whole <= kJsonCounterMax ? std::optional(*whole)
                                                                   : std::nullopt;
  }
  const auto* number = value.if_double();
  constexpr auto kMax = static_cast<double>(kJsonCounterMax);
  if (number != nullptr && (*number == kMax || *number == -kMax)) {
    return static_cast<std::int64_t>(*number);
  }
  return std::nullopt;
}

JsonValue counter_to_json(std::int64_t number) {
  if (number > kJsonIntegerMax || number < -kJsonIntegerMax) {
    return static_cast<double>(number);
  }
  return number;
}

// A merge changes the last component, which may then merge with the one before.
JsonOp& JsonOp::append(JsonComponent component) {
  if (component.is_noop()) {
    return *this;
  }
  while (!components_.empty()) {
    const Merged merged = merge(components_.back(), component);
    if (merged == Merged::kNo) {
      break;
    }
    component = std::move(components_.back());
    components_.pop_back();
    if (merged == Merged::kCancelled) {
      return *this;
    }
  }
  components_.push_back(std::move(component));
  return *this;
}

JsonOp& JsonOp::add(JsonPath path, std::int64_t number) {
  JsonComponent component = component_at(Kind::kAdd, std::move(path));
  component.number = number;
  return append(std::move(component));
}

JsonOp& JsonOp::replace(JsonPath path,
                        std::optional<JsonValue> removed,
                        std::optional<JsonValue> inserted) {
  const bool is_list = std::holds_alternative<std::uint64_t>(path.back());
  JsonComponent component = component_at(is_list ? Kind::kList : Kind::kObject, std::move(path));
  component.removed = std::move(removed);
  component.inserted = std::move(inserted);
  return append(std::move(component));
}

JsonOp& JsonOp::move(JsonPath path, std::uint64_t to) {
  JsonComponent component = component_at(Kind::kMove, std::move(path));
  component.to = to;
  return append(std::move(component));
}

JsonOp& JsonOp::insert_text(JsonPath path, std::string_view text) {
  JsonComponent component = component_at(Kind::kTextInsert, std::move(path));
  component.text = text;
  component.units = count_utf16_units(text);
  return append(std::move(component));
}

JsonOp& JsonOp::erase_text(JsonPath path, std::string_view text) {
  JsonComponent component = component_at(Kind::kTextDelete, std::move(path));
  component.text = text;
  component.units = count_utf16_units(text);
  return append(std::move(component));
}

JsonOp compose(const JsonOp& first, const JsonOp& second) {
  JsonOp result = first;
  for (const JsonComponent& component : second.components()) {
    result.append(component);
  }
  return result;
}

namespace {

JsonComponent inverted(JsonComponent component) {
  switch (component.kind) {
    case Kind::kAdd:
      component.number = -component.number;
      break;
    case Kind::kList:
    case Kind::kObject:
      std::swap(component.removed, component.inserted);
      break;
    case Kind::kMove: {
      const std::uint64_t from = component.index();
      component.key = std::exchange(component.to, from);
      break;
    }
    case Kind::kTextInsert:
      component.kind = Kind::kTextDelete;
      break;
    case Kind::kTextDelete:
      component.kind = Kind::kTextInsert;
      break;
  }
  return component;
}

}  // namespace

JsonOp invert(const JsonOp& op) {
  JsonOp result;
  const auto& components = op.components();
  for (auto it = components.rbegin(); it != components.rend(); ++it) {
    result.append(inverted(*it));
  }
  return result;
}

}  // namespace cloudsync::ot
