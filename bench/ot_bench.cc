// Operations a second of the operational transform types: apply against the size of the document,
// transform and compose against the number of components.

#include "ot/type.h"

#include <benchmark/benchmark.h>

#include <string>

namespace cloudsync::ot {
namespace {

// A place that jumps around the document, the same in every run (a prime stride).
class Places {
 public:
  explicit Places(std::uint64_t length) : length_(length) {}

  std::uint64_t next() { return at_ = (at_ + kStride) % length_; }

 private:
  static constexpr std::uint64_t kStride = 7919;
  std::uint64_t length_;
  std::uint64_t at_ = 0;
};

std::string ascii(std::size_t size) {
  return std::string(size, 'a');
}

std::string astral(std::size_t characters) {
  std::string text;
  for (std::size_t i = 0; i < characters; ++i) {
    text += i % 16 == 0 ? "💩" : "é";
  }
  return text;
}

// One character in, one out, so that the document keeps its size.
void apply_text(benchmark::State& state, std::string text) {
  TextDocument document(std::move(text));
  Places places(document.length());
  for (auto _ : state) {
    const std::uint64_t at = places.next();
    benchmark::DoNotOptimize(document.apply(TextOp().skip(at).insert("x")).has_value());
    benchmark::DoNotOptimize(document.apply(TextOp().skip(at).erase(1)).has_value());
  }
  state.SetItemsProcessed(state.iterations() * 2);
}

void BM_TextApply(benchmark::State& state) {
  apply_text(state, ascii(static_cast<std::size_t>(state.range(0))));
}

BENCHMARK(BM_TextApply)->Arg(10'000)->Arg(100'000)->Arg(1'000'000);

void BM_TextApplyNonAscii(benchmark::State& state) {
  apply_text(state, astral(static_cast<std::size_t>(state.range(0))));
}

BENCHMARK(BM_TextApplyNonAscii)->Arg(10'000)->Arg(1'000'000);

JsonObject bold() {
  JsonObject attributes;
  attributes.emplace("bold", true);
  return attributes;
}

void apply_rich(benchmark::State& state, RichTextDocument document) {
  Places places(document.length());
  for (auto _ : state) {
    const std::uint64_t at = places.next();
    benchmark::DoNotOptimize(document.apply(RichTextOp().retain(at).insert("x")).has_value());
    benchmark::DoNotOptimize(document.apply(RichTextOp().retain(at).erase(1)).has_value());
  }
  state.SetItemsProcessed(state.iterations() * 2);
}

void BM_RichTextApplyPlain(benchmark::State& state) {
  RichTextDocument document;
  const auto filled =
      document.apply(RichTextOp().insert(ascii(static_cast<std::size_t>(state.range(0)))));
  benchmark::DoNotOptimize(filled.has_value());
  apply_rich(state, std::move(document));
}

BENCHMARK(BM_RichTextApplyPlain)->Arg(10'000)->Arg(1'000'000);

// Every second run of 40 characters is bold.
void BM_RichTextApplyFormatted(benchmark::State& state) {
  constexpr std::size_t kRun = 40;
  RichTextOp inserts;
  for (std::size_t i = 0; i < static_cast<std::size_t>(state.range(0)); i += 2 * kRun) {
    inserts.insert(ascii(kRun)).insert(ascii(kRun), bold());
  }
  RichTextDocument document;
  benchmark::DoNotOptimize(document.apply(inserts).has_value());
  apply_rich(state, std::move(document));
}

BENCHMARK(BM_RichTextApplyFormatted)->Arg(10'000)->Arg(1'000'000);

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
    op.retain(offset + 5).retain(1, bold());
  }
  return op;
}

template <class Op>
void transform_all(benchmark::State& state, const Op& op, const Op& other) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(transform(op, other, Side::kLeft));
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Op>
void compose_all(benchmark::State& state, const Op& first, const Op& second) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(compose(first, second));
  }
  state.SetItemsProcessed(state.iterations());
}

void BM_TextTransform(benchmark::State& state) {
  transform_all(state, text_op(2, 3), text_op(state.range(0), 0));
}

BENCHMARK(BM_TextTransform)->Arg(2)->Arg(20)->Arg(2'000);

void BM_TextCompose(benchmark::State& state) {
  compose_all(state, text_op(2, 3), text_op(state.range(0), 0));
}

BENCHMARK(BM_TextCompose)->Arg(2)->Arg(20);

void BM_RichTextTransform(benchmark::State& state) {
  transform_all(state, rich_op(2, 3), rich_op(state.range(0), 0));
}

BENCHMARK(BM_RichTextTransform)->Arg(2)->Arg(20)->Arg(2'000);

void BM_RichTextCompose(benchmark::State& state) {
  compose_all(state, rich_op(2, 3), rich_op(state.range(0), 0));
}

BENCHMARK(BM_RichTextCompose)->Arg(2)->Arg(20);

void BM_ParseTextOperation(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(parse_operation(Type::kText, parse_json(R"([1234,"x"])").value()));
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(BM_ParseTextOperation);

}  // namespace
}  // namespace cloudsync::ot
