#include "loadtest/edits.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cloudsync::loadtest {
namespace {

constexpr std::uint64_t kUsualLength = 1'000;
constexpr std::uint64_t kUsualTasks = 20;
constexpr std::uint64_t kUsualTitle = 30;

std::uint64_t below(std::uint64_t limit, std::mt19937_64& random) {
  return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random);
}

/// True more often the more there is: at `usual`, half of the time.
bool is_time_to_shorten(std::uint64_t size, std::uint64_t usual, std::mt19937_64& random) {
  return size > 0 && below(2 * usual, random) < size;
}

// The newline that ends a rich text stays where it is.
std::uint64_t editable_length(const ot::Document& document) {
  return ot::length(document) - (ot::type_of(document) == ot::Type::kRichText ? 1 : 0);
}

char letter(std::mt19937_64& random) {
  return static_cast<char>('a' + below(26, random));
}

// --- JSON. All text is ASCII, so that an offset is a place in the bytes. ---

ot::JsonOp type_into(const JsonValue& string,
                     ot::JsonPath path,
                     std::uint64_t usual,
                     std::mt19937_64& random) {
  const std::string_view text = view(string.as_string());
  const bool erases = is_time_to_shorten(text.size(), usual, random);
  const std::uint64_t place = below(erases ? text.size() : text.size() + 1, random);
  path.emplace_back(place);
  return erases ? ot::JsonOp().erase_text(std::move(path), text.substr(place, 1))
                : ot::JsonOp().insert_text(std::move(path), std::string(1, letter(random)));
}

ot::JsonOp add_or_remove_task(const JsonArray& tasks, std::mt19937_64& random) {
  if (is_time_to_shorten(tasks.size(), kUsualTasks, random)) {
    const std::uint64_t index = below(tasks.size(), random);
    return ot::JsonOp().replace({"tasks", index}, tasks[index], std::nullopt);
  }
  return ot::JsonOp().replace({"tasks", below(tasks.size() + 1, random)},
                              std::nullopt,
                              JsonObject{{"title", std::string(1, letter(random))}});
}

// A task is checked for the first time by setting a new key, later by replacing its value.
ot::JsonOp check_task(const JsonValue& task, std::uint64_t index, std::mt19937_64& random) {
  const JsonValue* done = task.as_object().if_contains("done");
  if (done != nullptr && below(4, random) == 0) {
    return ot::JsonOp().replace({"tasks", index, "done"}, *done, std::nullopt);
  }
  const bool was_done = done != nullptr && done->as_bool();
  return ot::JsonOp().replace({"tasks", index, "done"},
                              done != nullptr ? std::optional(*done) : std::nullopt,
                              JsonValue(!was_done));
}

ot::JsonOp edit_a_task(const JsonArray& tasks, std::mt19937_64& random) {
  const std::uint64_t index = below(tasks.size(), random);
  switch (below(3, random)) {
    case 0:
      return type_into(tasks[index].at("title"), {"tasks", index, "title"}, kUsualTitle, random);
    case 1:
      return check_task(tasks[index], index, random);
    default:
      break;
  }
  if (tasks.size() == 1) {
    return check_task(tasks[index], index, random);
  }
  const std::uint64_t step = 1 + below(tasks.size() - 1, random);
  return ot::JsonOp().move({"tasks", index}, (index + step) % tasks.size());
}

ot::JsonOp make_json_edit(const JsonValue& content, std::mt19937_64& random) {
  // Whoever finds a member missing puts it there; of several at once, one is kept.
  const std::pair<const char*, JsonValue> members[] = {
      {"text", ""}, {"tasks", JsonArray()}, {"count", 0}};
  for (const auto& [key, empty] : members) {
    if (!content.as_object().contains(key)) {
      return ot::JsonOp().replace({key}, std::nullopt, empty);
    }
  }
  const JsonArray& tasks = content.at("tasks").as_array();
  const std::uint64_t kind = below(10, random);
  if (kind < 6) {
    return type_into(content.at("text"), {"text"}, kUsualLength, random);
  }
  if (kind == 6) {
    return ot::JsonOp().add({"count"}, 1);
  }
  return kind == 7 || tasks.empty() ? add_or_remove_task(tasks, random)
                                    : edit_a_task(tasks, random);
}

}  // namespace

std::uint64_t random_place(const ot::Document& document, std::mt19937_64& random) {
  return below(editable_length(document) + 1, random);
}

ot::Operation make_insert(const ot::Document& document,
                          std::uint64_t place,
                          std::mt19937_64& random) {
  const std::string text(1, letter(random));
  if (ot::type_of(document) == ot::Type::kRichText) {
    return ot::RichTextOp().retain(place).insert(text).trim();
  }
  return ot::TextOp().skip(place).insert(text).trim();
}

ot::Operation make_edit(const ot::Document& document, std::mt19937_64& random) {
  if (ot::type_of(document) == ot::Type::kJson) {
    return make_json_edit(ot::content(document), random);
  }
  const std::uint64_t editable = editable_length(document);
  if (!is_time_to_shorten(editable, kUsualLength, random)) {
    return make_insert(document, below(editable + 1, random), random);
  }
  const std::uint64_t place = below(editable, random);
  if (ot::type_of(document) == ot::Type::kRichText) {
    return ot::RichTextOp().retain(place).erase(1).trim();
  }
  return ot::TextOp().skip(place).erase(1).trim();
}

}  // namespace cloudsync::loadtest
