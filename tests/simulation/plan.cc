#include "plan.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <utility>

namespace cloudsync::simulation {
namespace {

/// A line `name number` of a plan.
struct Field {
  std::string_view name;
  std::function<std::int64_t(const Plan&)> get;
  std::function<void(Plan&, std::int64_t)> set;
};

Field number(std::string_view name, std::int64_t Plan::*member) {
  return {.name = name,
          .get = [member](const Plan& plan) { return plan.*member; },
          .set = [member](Plan& plan, std::int64_t value) { plan.*member = value; }};
}

template <class Number>
Field limit(std::string_view name, Number Limits::*member) {
  return {
      .name = name,
      .get = [member](const Plan& plan) { return static_cast<std::int64_t>(plan.limits.*member); },
      .set = [member](Plan& plan,
                      std::int64_t value) { plan.limits.*member = static_cast<Number>(value); }};
}

Field limit(std::string_view name, std::chrono::milliseconds Limits::*member) {
  return {.name = name,
          .get = [member](const Plan& plan) { return (plan.limits.*member).count(); },
          .set =
              [member](Plan& plan, std::int64_t value) {
                plan.limits.*member = std::chrono::milliseconds(value);
              }};
}

const std::vector<Field>& fields() {
  static const std::vector<Field> kFields{
      {.name = "seed",
       .get = [](const Plan& plan) { return static_cast<std::int64_t>(plan.seed); },
       .set = [](Plan& plan,
                 std::int64_t value) { plan.seed = static_cast<std::uint64_t>(value); }},
      {.name = "bug",
       .get = [](const Plan& plan) { return static_cast<std::int64_t>(plan.bug); },
       .set = [](Plan& plan, std::int64_t value) { plan.bug = static_cast<Bug>(value); }},
      {.name = "type",
       .get = [](const Plan& plan) { return static_cast<std::int64_t>(plan.type); },
       .set = [](Plan& plan, std::int64_t value) { plan.type = static_cast<ot::Type>(value); }},
      number("nodes", &Plan::nodes),
      number("clients", &Plan::clients),
      number("end-ms", &Plan::end_ms),
      number("delay-ms-max", &Plan::delay_ms_max),
      number("store-ms-max", &Plan::store_ms_max),
      number("bus-ms-max", &Plan::bus_ms_max),
      number("journal-ms-max", &Plan::journal_ms_max),
      number("polling-ms", &Plan::polling_ms),
      limit("snapshot-ops", &Limits::snapshot_ops),
      limit("catch-up-ops", &Limits::catch_up_ops),
      limit("catch-up-bytes", &Limits::catch_up_bytes),
      limit("idle-documents", &Limits::idle_documents),
      limit("rebase-ops", &Limits::rebase_ops),
      limit("commit-batch-ops", &Limits::commit_batch_ops),
      limit("document-queue-ops", &Limits::document_queue_ops),
      limit("document-bytes", &Limits::document_bytes),
      limit("members-listed", &Limits::members_listed),
      limit("rebase-components", &Limits::rebase_components),
      limit("batch-window-ms", &Limits::batch_window),
      limit("presence-window-ms", &Limits::presence_window),
  };
  return kFields;
}

/// The words of a line, separated by single spaces.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

std::optional<std::int64_t> read_number(std::string_view word) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) {
    return std::nullopt;
  }
  return value;
}

bool read_line(Plan& plan, const std::vector<std::string_view>& words) {
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto value = read_number(words[i]);
    if (!value) {
      return false;
    }
    numbers.push_back(*value);
  }
  if (const auto act = act_from_name(words.front())) {
    if (numbers.size() != act_arguments(*act)) {
      return false;
    }
    Event event{.act = *act, .args = {}};
    std::copy(numbers.begin(), numbers.end(), event.args.begin());
    plan.events.push_back(event);
    return true;
  }
  const auto field =
      std::find_if(fields().begin(), fields().end(), [&words](const Field& candidate) {
        return candidate.name == words.front();
      });
  if (field == fields().end() || numbers.size() != 1) {
    return false;
  }
  field->set(plan, numbers.front());
  return true;
}

}  // namespace

Result<Plan> Plan::parse(std::string_view text) {
  Plan plan;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.front() != '#' && !read_line(plan, words_of(line))) {
      return fail(ErrorCode::kBadRequest, "no line of a plan: line " + std::to_string(number));
    }
  }
  return plan;
}

std::string Plan::text() const {
  std::string text;
  for (const Field& field : fields()) {
    text += std::string(field.name) + ' ' + std::to_string(field.get(*this)) + '\n';
  }
  for (const Event& event : events) {
    text += act_name(event.act);
    for (std::size_t i = 0; i < act_arguments(event.act); ++i) {
      text += ' ' + std::to_string(event.args[i]);
    }
    text += '\n';
  }
  return text;
}

}  // namespace cloudsync::simulation
