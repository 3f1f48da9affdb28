// Reading and writing the wire format of JSON operations.

#include "ot/attributes.h"
#include "ot/json_op.h"
#include "ot/op_json.h"
#include "ot/unicode.h"

#include <array>
#include <string_view>
#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = JsonComponent::Kind;

// The fields of a component, each once or not at all.
struct Fields {
  const JsonValue* p = nullptr;
  const JsonValue* na = nullptr;
  const JsonValue* li = nullptr;
  const JsonValue* ld = nullptr;
  const JsonValue* lm = nullptr;
  const JsonValue* oi = nullptr;
  const JsonValue* od = nullptr;
  const JsonValue* si = nullptr;
  const JsonValue* sd = nullptr;
  const JsonValue* t = nullptr;
  const JsonValue* o = nullptr;
};

struct FieldName {
  std::string_view name;
  const JsonValue* Fields::*field;
};

constexpr std::array<FieldName, 11> kFields{{{"p", &Fields::p},
                                             {"na", &Fields::na},
                                             {"li", &Fields::li},
                                             {"ld", &Fields::ld},
                                             {"lm", &Fields::lm},
                                             {"oi", &Fields::oi},
                                             {"od", &Fields::od},
                                             {"si", &Fields::si},
                                             {"sd", &Fields::sd},
                                             {"t", &Fields::t},
                                             {"o", &Fields::o}}};

Result<Fields> read_fields(const JsonValue& json, std::size_t index) {
  const auto* object = json.if_object();
  if (object == nullptr) {
    return component_error(index, "must be an object");
  }
  Fields fields;
  for (const FieldName& known : kFields) {
    fields.*known.field = object->if_contains({known.name.data(), known.name.size()});
  }
  for (const auto& [key, value] : *object) {
    const std::string_view name{key.data(), key.size()};
    if (std::none_of(kFields.begin(), kFields.end(), [=](const FieldName& known) {
          return known.name == name;
        })) {
      return component_error(index,
                             "the field is unknown; known are p na li ld lm oi od si sd t o");
    }
  }
  if (fields.p == nullptr) {
    return component_error(index, "the path p is missing");
  }
  return fields;
}

// How many of li/ld, oi/od and the other actions are there: there must be one.
std::size_t count_actions(const Fields& fields) {
  const auto any = [](const JsonValue* a, const JsonValue* b = nullptr) {
    return std::size_t{a != nullptr || b != nullptr};
  };
  return any(fields.na) + any(fields.li, fields.ld) + any(fields.lm) + any(fields.oi, fields.od) +
         any(fields.si) + any(fields.sd) + any(fields.t, fields.o);
}

Result<std::int64_t> parse_addend(const JsonValue& json, std::size_t index) {
  if (const auto number = read_counter(json)) {
    return *number;
  }
  return component_error(index, "na must be a whole number within 2^53 of 0");
}

Result<std::uint64_t> parse_index(const JsonValue& json, std::string_view name, std::size_t index) {
  if (const auto* whole = json.if_int64(); whole != nullptr && *whole >= 0) {
    return static_cast<std::uint64_t>(*whole);
  }
  return component_error(index, std::string(name) + " must be a whole number from 0 to 2^53 - 1");
}

// The last element of the path becomes the key; it must be an index, or a name for kObject.
Result<void> split_path(JsonComponent& component, std::size_t index) {
  const bool wants_name = component.kind == Kind::kObject;
  if (component.path.empty() ||
      std::holds_alternative<std::string>(component.path.back()) != wants_name) {
    return component_error(index,
                           wants_name ? "the path must end in a key of an object"
                                      : "the path must end in an index or offset");
  }
  component.key = std::move(component.path.back());
  component.path.pop_back();
  return {};
}

Result<void> set_text(JsonComponent& component, const JsonValue& json, std::size_t index) {
  const auto* text = json.if_string();
  if (text == nullptr || text->empty()) {
    return component_error(index, "what is inserted or deleted must be a string, not empty");
  }
  component.text = view(*text);
  component.units = count_utf16_units(component.text);
  return {};
}

Result<void> set_values(JsonComponent& component,
                        const JsonValue* removed,
                        const JsonValue* inserted,
                        std::size_t index) {
  const std::size_t levels = kJsonLevelsMax - component.path.size() - 1;
  if (removed != nullptr) {
    CS_TRY(check_value(*removed, levels, index));
    component.removed = *removed;
  }
  if (inserted != nullptr) {
    CS_TRY(check_value(*inserted, levels, index));
    component.inserted = *inserted;
  }
  return {};
}

Kind kind_of(const Fields& fields) {
  if (fields.na != nullptr) {
    return Kind::kAdd;
  }
  if (fields.lm != nullptr) {
    return Kind::kMove;
  }
  if (fields.li != nullptr || fields.ld != nullptr) {
    return Kind::kList;
  }
  if (fields.oi != nullptr || fields.od != nullptr) {
    return Kind::kObject;
  }
  return fields.si != nullptr ? Kind::kTextInsert : Kind::kTextDelete;
}

// All but t and o.
Result<JsonComponent> parse_plain(const Fields& fields, JsonPath path, std::size_t index) {
  JsonComponent component{.kind = kind_of(fields), .path = std::move(path)};
  if (component.kind != Kind::kAdd) {
    CS_TRY(split_path(component, index));
  }
  switch (component.kind) {
    case Kind::kAdd: {
      CS_TRY_ASSIGN(component.number, parse_addend(*fields.na, index));
      break;
    }
    case Kind::kMove: {
      CS_TRY_ASSIGN(component.to, parse_index(*fields.lm, "lm", index));
      break;
    }
    case Kind::kList:
      CS_TRY(set_values(component, fields.ld, fields.li, index));
      break;
    case Kind::kObject:
      CS_TRY(set_values(component, fields.od, fields.oi, index));
      break;
    case Kind::kTextInsert:
      CS_TRY(set_text(component, *fields.si, index));
      break;
    case Kind::kTextDelete:
      CS_TRY(set_text(component, *fields.sd, index));
      break;
  }
  return component;
}

// One component of a text0 operation, {"p": offset, "i" or "d": text}.
Result<JsonComponent> parse_text0(const JsonValue& json, const JsonPath& path, std::size_t index) {
  const auto* object = json.if_object();
  const JsonValue* offset = object == nullptr ? nullptr : object->if_contains("p");
  const JsonValue* inserted = object == nullptr ? nullptr : object->if_contains("i");
  const JsonValue* removed = object == nullptr ? nullptr : object->if_contains("d");
  if (offset == nullptr || object->size() != 2 || (inserted == nullptr && removed == nullptr)) {
    return component_error(index, "text0 has components {\"p\": offset, \"i\" or \"d\": text}");
  }
  JsonComponent component{.kind = inserted != nullptr ? Kind::kTextInsert : Kind::kTextDelete,
                          .path = path};
  CS_TRY_ASSIGN(component.key, parse_index(*offset, "p", index));
  CS_TRY(set_text(component, inserted != nullptr ? *inserted : *removed, index));
  return component;
}

Result<const JsonArray*> subtype_components(const Fields& fields, std::size_t index) {
  const auto* type = fields.t == nullptr ? nullptr : fields.t->if_string();
  if (type == nullptr || *type != "text0") {
    return component_error(index, "the subtype t must be \"text0\"");
  }
  const auto* array = fields.o == nullptr ? nullptr : fields.o->if_array();
  if (array == nullptr) {
    return component_error(index, "o must be an array");
  }
  return array;
}

std::size_t key_bytes(const JsonPath& path) {
  std::size_t bytes = 0;
  for (const JsonKey& key : path) {
    const auto* name = std::get_if<std::string>(&key);
    bytes += name == nullptr ? 0 : name->size();
  }
  return bytes;
}

// What text0 components may still add to an operation.
struct Text0Left {
  std::size_t components = 0;
  std::size_t key_bytes = kJsonText0KeyBytesMax;
};

Result<void> parse_component(JsonOp& op,
                             const JsonValue& json,
                             Text0Left& left,
                             std::size_t index) {
  CS_TRY_ASSIGN(const Fields fields, read_fields(json, index));
  if (count_actions(fields) != 1) {
    return component_error(index, "needs one action: na, li/ld, lm, oi/od, si, sd, or t with o");
  }
  CS_TRY_ASSIGN(JsonPath path, parse_path(*fields.p, index));
  if (fields.t == nullptr && fields.o == nullptr) {
    CS_TRY_ASSIGN(JsonComponent component, parse_plain(fields, std::move(path), index));
    op.append(std::move(component));
    return {};
  }
  CS_TRY_ASSIGN(const JsonArray* edits, subtype_components(fields, index));
  const std::size_t keys = edits->size() * key_bytes(path);
  if (edits->size() > left.components || keys > left.key_bytes) {
    return component_error(index, "o has too many components, or too many for so long a path");
  }
  left.components -= edits->size();
  left.key_bytes -= keys;
  for (const JsonValue& edit : *edits) {
    CS_TRY_ASSIGN(JsonComponent component, parse_text0(edit, path, index));
    op.append(std::move(component));
  }
  return {};
}

JsonObject component_to_json(const JsonComponent& component) {
  JsonArray path = to_json(component.path);
  if (component.kind != Kind::kAdd) {
    path.push_back(to_json(std::span(&component.key, 1)).front());
  }
  JsonObject json;
  json.emplace("p", std::move(path));
  const auto emplace = [&](std::string_view key, const std::optional<JsonValue>& value) {
    if (value) {
      json.emplace(boost::json::string_view(key.data(), key.size()), *value);
    }
  };
  switch (component.kind) {
    case Kind::kAdd:
      json.emplace("na", counter_to_json(component.number));
      break;
    case Kind::kList:
      emplace("ld", component.removed);
      emplace("li", component.inserted);
      break;
    case Kind::kMove:
      json.emplace("lm", static_cast<std::int64_t>(component.to));
      break;
    case Kind::kObject:
      emplace("od", component.removed);
      emplace("oi", component.inserted);
      break;
    case Kind::kTextInsert:
      json.emplace("si", component.text);
      break;
    case Kind::kTextDelete:
      json.emplace("sd", component.text);
      break;
  }
  return json;
}

}  // namespace

Result<JsonOp> JsonOp::parse(const JsonValue& json, std::size_t components_max) {
  CS_TRY_ASSIGN(const JsonArray* array, parse_components(json, components_max));
  JsonOp op;
  Text0Left left{.components = components_max - array->size()};
  for (std::size_t i = 0; i < array->size(); ++i) {
    CS_TRY(parse_component(op, (*array)[i], left, i));
  }
  return op;
}

JsonValue JsonOp::to_json() const {
  JsonArray array;
  array.reserve(components_.size());
  for (const JsonComponent& component : components_) {
    array.push_back(component_to_json(component));
  }
  return array;
}

}  // namespace cloudsync::ot
