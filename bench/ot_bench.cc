// Operations a second of the operational transform types, and allocations for each: apply against
// the size of the document, at a cursor that moves on and at random places; invert; transform and
// compose against the number of components. bench/ot_ratios.js runs the npm packages on the same
// cases, which it finds by their names here.

#include "allocations.h"
#include "ot/type.h"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <random>
#include <string>
#include <utility>

namespace cloudsync::ot {
namespace {

// Runs `work`, which does `operations`, until the time is over.
template <class Work>
void measure(benchmark::State& state, std::int64_t operations, Work work) {
  const std::size_t before = bench::allocations();
  for (auto _ : state) {
    work();
  }
  const auto done = static_cast<double>(state.iterations() * operations);
  state.SetItemsProcessed(state.iterations() * operations);
  state.counters["allocations"] = static_cast<double>(bench::allocations() - before) / done;
}

// Where the next edit is.
enum class Walk : bool { kCursor, kRandom };

class Places {
 public:
  Places(Walk walk, std::uint64_t length) : walk_(walk), length_(length) {}

  std::uint64_t next() {
    if (walk_ == Walk::kRandom) {
      return random_() % length_;
    }
    return at_ = (at_ + 1) % length_;
  }

 private:
  Walk walk_;
  std::uint64_t length_;
  std::uint64_t at_ = length_ / 2;
  std::minstd_rand random_;
};

std::string ascii(std::size_t size) {
  std::string text;
  while (text.size() < size) {
    text += text.size() % 60 == 59 ? '\n' : static_cast<char>('a' + text.size() % 26);
  }
  return text;
}

std::string astral(std::size_t characters) {
  std::string text;
  for (std::size_t i = 0; i < characters; ++i) {
    text += i % 16 == 0 ? "💩" : "é";
  }
  return text;
}

JsonObject bold() {
  JsonObject attributes;
  attributes.emplace("bold", true);
  return attributes;
}

// Documents are opened from their JSON.
RichTextDocument rich_text(const RichTextOp& inserts) {
  return RichTextDocument::parse(inserts.to_json()).value();
}

RichTextDocument plain(std::size_t size) {
  return rich_text(RichTextOp().insert(ascii(size)));
}

// Every second run of 40 characters is bold.
RichTextDocument formatted(std::size_t size) {
  constexpr std::size_t kRun = 40;
  RichTextOp inserts;
  for (std::size_t i = 0; i < size; i += 2 * kRun) {
    inserts.insert(ascii(kRun)).insert(ascii(kRun), bold());
  }
  return rich_text(inserts);
}

TextOp insert_at(const TextDocument&, std::uint64_t at) {
  return TextOp().skip(at).insert("x");
}

TextOp erase_at(const TextDocument&, std::uint64_t at) {
  return TextOp().skip(at).erase(1);
}

RichTextOp insert_at(const RichTextDocument&, std::uint64_t at) {
  return RichTextOp().retain(at).insert("x");
}

RichTextOp erase_at(const RichTextDocument&, std::uint64_t at) {
  return RichTextOp().retain(at).erase(1);
}

// One character in and out again, so that the document stays what it is.
template <class Document>
void apply(benchmark::State& state, Document document, Walk walk) {
  Places places(walk, document.length());
  measure(state, 2, [&] {
    const std::uint64_t at = places.next();
    benchmark::DoNotOptimize(document.apply(insert_at(document, at)).has_value());
    benchmark::DoNotOptimize(document.apply(erase_at(document, at)).has_value());
  });
}

// As the authority does: each operation is tried on a copy, which then becomes the document.
template <class Document>
void apply_to_copy(benchmark::State& state, Document document) {
  Places places(Walk::kRandom, document.length());
  measure(state, 2, [&] {
    const std::uint64_t at = places.next();
    for (const auto& op : {insert_at(document, at), erase_at(document, at)}) {
      Document copy = document;
      benchmark::DoNotOptimize(copy.apply(op).has_value());
      document = copy;
    }
  });
}

template <class Document>
void invert(benchmark::State& state, const Document& document) {
  Places places(Walk::kRandom, document.length() - 20);
  measure(state, 1, [&] {
    auto op = erase_at(document, places.next());
    benchmark::DoNotOptimize(document.invert(op.erase(19)).has_value());
  });
}

TextOp text_op(std::int64_t components, std::uint64_t offset) {
  TextOp op;
  for (std::int64_t i = 0; i < components; i += 2) {
    op.skip(offset + 5).insert("x");
  }
  return op;
}

RichTextOp rich_op(std::int64_t components, std::uint64_t offset) {
  RichTextOp op;
  for (std::int64_t i = 0; i < components; i += 2) {
    op.retain(offset + 5).insert("x");
  }
  return op;
}

RichTextOp format_op(std::int64_t components, std::uint64_t offset) {
  RichTextOp op;
  for (std::int64_t i = 0; i < components; i += 2) {
    op.retain(offset + 5).retain(1, bold());
  }
  return op;
}

template <class Op>
void transform(benchmark::State& state, const Op& op, const Op& other) {
  measure(state, 1, [&] { benchmark::DoNotOptimize(transform(op, other, Side::kLeft)); });
}

template <class Op>
void compose(benchmark::State& state, const Op& first, const Op& second) {
  measure(state, 1, [&] { benchmark::DoNotOptimize(compose(first, second)); });
}

// --- JSON. One change and its inverse, so that the document stays what it is. ---

using MakeJsonOp = JsonOp (*)(std::uint64_t at);

void apply_json(benchmark::State& state,
                const JsonValue& content,
                std::uint64_t places_count,
                MakeJsonOp change,
                MakeJsonOp back) {
  JsonDocument document = JsonDocument::parse(content).value();
  Places places(Walk::kRandom, places_count);
  measure(state, 2, [&] {
    const std::uint64_t at = places.next();
    benchmark::DoNotOptimize(document.apply(change(at)).has_value());
    benchmark::DoNotOptimize(document.apply(back(at)).has_value());
  });
}

JsonObject task(std::int64_t number) {
  return JsonObject{{"title", "task"}, {"number", number}};
}

JsonValue tasks(std::int64_t count) {
  JsonArray list;
  for (std::int64_t i = 0; i < count; ++i) {
    list.emplace_back(task(i));
  }
  return JsonObject{{"tasks", std::move(list)}};
}

JsonValue hundred_keys() {
  JsonObject object;
  for (int i = 0; i < 100; ++i) {
    object["key" + std::to_string(i)] = 0;
  }
  return object;
}

// Not `return JsonOp().…`, which would copy.
JsonOp insert_text(std::uint64_t at) {
  JsonOp op;
  op.insert_text({"body", at}, "x");
  return op;
}

JsonOp erase_text(std::uint64_t at) {
  JsonOp op;
  op.erase_text({"body", at}, "x");
  return op;
}

JsonOp replace(JsonPath path, std::optional<JsonValue> removed, std::optional<JsonValue> inserted) {
  JsonOp op;
  op.replace(std::move(path), std::move(removed), std::move(inserted));
  return op;
}

JsonOp insert_task(std::uint64_t at) {
  return replace({"tasks", at}, std::nullopt, task(-1));
}

JsonOp delete_task(std::uint64_t at) {
  return replace({"tasks", at}, task(-1), std::nullopt);
}

JsonOp set_key(std::uint64_t at) {
  return replace({"key" + std::to_string(at)}, 0, 1);
}

JsonOp reset_key(std::uint64_t at) {
  return replace({"key" + std::to_string(at)}, 1, 0);
}

// An operation of components at every tenth place from `offset` on, one kind each.
JsonOp json_text_op(std::int64_t components, std::uint64_t offset) {
  JsonOp op;
  for (std::int64_t i = 0; i < components; ++i) {
    op.insert_text({"tasks", 7U, "title", offset + 10U * static_cast<std::uint64_t>(i)}, "x");
  }
  return op;
}

JsonOp json_list_op(std::int64_t components, std::uint64_t offset) {
  JsonOp op;
  for (std::int64_t i = 0; i < components; ++i) {
    op.replace({"tasks", offset + 10U * static_cast<std::uint64_t>(i)}, std::nullopt, task(i));
  }
  return op;
}

JsonOp json_move_op(std::int64_t components, std::uint64_t offset) {
  JsonOp op;
  for (std::int64_t i = 0; i < components; ++i) {
    const std::uint64_t from = offset + 10U * static_cast<std::uint64_t>(i);
    op.move({"tasks", from}, from + 4);
  }
  return op;
}

// Keys of different tasks: nothing of the one operation touches the other.
JsonOp json_apart_op(std::int64_t components, std::uint64_t offset) {
  JsonOp op;
  for (std::int64_t i = 0; i < components; ++i) {
    op.replace({"tasks", offset + 10U * static_cast<std::uint64_t>(i), "done"}, false, true);
  }
  return op;
}

void invert_json(benchmark::State& state, const JsonOp& op) {
  measure(state, 1, [&] { benchmark::DoNotOptimize(invert(op)); });
}

void parse(benchmark::State& state) {
  measure(state, 1, [] {
    benchmark::DoNotOptimize(parse_operation(Type::kText, parse_json(R"([1234,"x"])").value()));
  });
}

// Lambdas capture by value: benchmarks run after main() has begun. CS_ITERATIONS is for a profiler,
// bench/ot_instructions.sh.
template <class Run>
void add(const std::string& name, Run run) {
  auto* added =
      benchmark::RegisterBenchmark(name.c_str(), [run](benchmark::State& state) { run(state); });
  if (const char* iterations = std::getenv("CS_ITERATIONS")) {
    added->Iterations(std::atoi(iterations));
  }
}

template <class Make>
void add_documents(const std::string& kind, Make make) {
  const std::pair<const char*, std::size_t> sizes[] = {
      {"/10k", 10'000}, {"/1M", 1'000'000}, {"/10M", 10'000'000}};
  for (const auto& [size_name, size] : sizes) {
    const std::size_t bytes = size;
    const auto name = [&](const char* work) { return kind + work + size_name; };
    add(name("/apply-cursor"), [=](auto& state) { apply(state, make(bytes), Walk::kCursor); });
    add(name("/apply-random"), [=](auto& state) { apply(state, make(bytes), Walk::kRandom); });
    add(name("/apply-to-copy"), [=](auto& state) { apply_to_copy(state, make(bytes)); });
    add(name("/invert"), [=](auto& state) { invert(state, make(bytes)); });
  }
}

// The content as JSON text: of a snapshot, of a join.
template <class Doc>
void write_out(benchmark::State& state, const Doc& made) {
  const Document document = made;
  measure(
      state, 1, [&] { benchmark::DoNotOptimize(cloudsync::to_json(content(document)).size()); });
}

void add_contents() {
  add("text/content/10M", [](auto& state) { write_out(state, TextDocument(ascii(10'000'000))); });
  add("rich-formatted/content/10M", [](auto& state) { write_out(state, formatted(10'000'000)); });
  add("json/content/300k-elements",
      [](auto& state) { write_out(state, JsonDocument::parse(tasks(300'000)).value()); });
}

template <class Make>
void add_operations(const std::string& kind, Make make) {
  for (const std::int64_t components : {2, 20, 2'000}) {
    const std::string against = "/2x" + std::to_string(components);
    add(kind + "/transform" + against,
        [=](auto& state) { transform(state, make(2, 3), make(components, 0)); });
    // Behind all that the other changes, so that it is walked over to its end.
    add(kind + "/transform-behind" + against, [=](auto& state) {
      transform(state, make(2, 10 * static_cast<std::uint64_t>(components)), make(components, 0));
    });
    add(kind + "/compose" + against,
        [=](auto& state) { compose(state, make(2, 3), make(components, 0)); });
  }
}

void add_json_documents() {
  const std::pair<const char*, std::size_t> sizes[] = {
      {"10k", 10'000}, {"1M", 1'000'000}, {"10M", 10'000'000}};
  for (const auto& [name, size] : sizes) {
    const std::size_t bytes = size;
    add(std::string("json/apply-text/") + name, [=](auto& state) {
      apply_json(state, JsonObject{{"body", ascii(bytes)}}, bytes, insert_text, erase_text);
    });
  }
  for (const std::int64_t count : {200, 20'000}) {
    add("json/apply-list/" + std::to_string(count), [=](auto& state) {
      apply_json(state, tasks(count), static_cast<std::uint64_t>(count), insert_task, delete_task);
    });
  }
  add("json/apply-key/100",
      [](auto& state) { apply_json(state, hundred_keys(), 100, set_key, reset_key); });
}

void add_json_operations() {
  const std::pair<const char*, JsonOp (*)(std::int64_t, std::uint64_t)> kinds[] = {
      {"json-text", json_text_op},
      {"json-list", json_list_op},
      {"json-move", json_move_op},
      {"json-apart", json_apart_op}};
  for (const auto& [name, make] : kinds) {
    const auto maker = make;
    const std::string kind = name;
    const std::pair<std::int64_t, std::int64_t> sizes[] = {{1, 1}, {2, 20}, {1'000, 1'000}};
    for (const auto& [own, others] : sizes) {
      const std::string against = "/" + std::to_string(own) + "x" + std::to_string(others);
      const auto pair = std::pair(own, others);
      add(kind + "/transform" + against,
          [=](auto& state) { transform(state, maker(pair.first, 3), maker(pair.second, 0)); });
      add(kind + "/compose" + against,
          [=](auto& state) { compose(state, maker(pair.first, 3), maker(pair.second, 0)); });
    }
    add(kind + "/invert/20", [=](auto& state) { invert_json(state, maker(20, 0)); });
  }
}

void add_all() {
  add_documents("text", [](std::size_t size) { return TextDocument(ascii(size)); });
  add_documents("text-astral", [](std::size_t size) { return TextDocument(astral(size / 2)); });
  add_documents("rich-plain", plain);
  add_documents("rich-formatted", formatted);
  add_operations("text", text_op);
  add_operations("rich", rich_op);
  add_operations("rich-format", format_op);
  add_json_documents();
  add_json_operations();
  add_contents();
  add("text/parse", parse);
}

}  // namespace
}  // namespace cloudsync::ot

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 1;
  }
  cloudsync::ot::add_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
