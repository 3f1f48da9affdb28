// Replays editing traces of real people as operations of both text types, and checks that the text
// ends as the trace says. Usage: ot_traces trace.json[.gz]…, in the format of
// github.com/josephg/editing-traces: {startContent, endContent, txns: [{patches: [[position,
// deleted, inserted]…]}…]}, positions in code points.

#include "allocations.h"
#include "base/json.h"
#include "ot/type.h"

#include <zlib.h>

#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

namespace cloudsync::ot {
namespace {

constexpr std::size_t kDepth = 8;

struct Patch {
  std::uint64_t position = 0;
  std::uint64_t deleted = 0;
  std::string inserted;
};

struct Trace {
  std::string start;
  std::string end;
  std::vector<Patch> patches;
};

std::string read_file(const char* path) {
  std::string content;
  if (gzFile file = gzopen(path, "rb")) {  // reads what isn't compressed, too
    std::string block(1U << 20U, '\0');
    for (int got = 0;
         (got = gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0;) {
      content.append(block, 0, static_cast<std::size_t>(got));
    }
    gzclose(file);
  }
  return content;
}

std::string string_of(const JsonObject& object, std::string_view key) {
  const auto* text = find_string(object, key);
  return text == nullptr ? std::string() : std::string(view(*text));
}

// The format is trusted: Boost.JSON throws, and the benchmark ends, if it is another.
Trace parse_trace(const JsonValue& json) {
  const JsonObject& object = json.as_object();
  Trace trace{string_of(object, "startContent"), string_of(object, "endContent"), {}};
  for (const JsonValue& transaction : object.at("txns").as_array()) {
    for (const JsonValue& patch : transaction.as_object().at("patches").as_array()) {
      const JsonArray& fields = patch.as_array();
      trace.patches.push_back({static_cast<std::uint64_t>(fields.at(0).as_int64()),
                               static_cast<std::uint64_t>(fields.at(1).as_int64()),
                               std::string(view(fields.at(2).as_string()))});
    }
  }
  return trace;
}

TextOp operation(const TextDocument&, const Patch& patch) {
  return TextOp().skip(patch.position).insert(patch.inserted).erase(patch.deleted).trim();
}

// Code points become UTF-16 units in the document itself.
RichTextOp operation(const RichTextDocument& document, const Patch& patch) {
  const auto units = [&](std::uint64_t at) {
    return document.rope().locate(&TextSize::code_points, at).utf16_units;
  };
  const std::uint64_t first = units(patch.position);
  const std::uint64_t deleted =
      patch.deleted == 0 ? 0 : units(patch.position + patch.deleted) - first;
  return RichTextOp().retain(first).insert(patch.inserted).erase(deleted).trim();
}

double cpu_milliseconds() {
  return static_cast<double>(std::clock()) * 1e3 / CLOCKS_PER_SEC;
}

template <class Text>
bool replay(const char* type, const Trace& trace, Text document) {
  const std::size_t allocations = bench::allocations();
  const double start = cpu_milliseconds();
  for (const Patch& patch : trace.patches) {
    if (!document.apply(operation(document, patch))) {
      return false;
    }
  }
  const double spent = cpu_milliseconds() - start;
  const auto count = static_cast<double>(trace.patches.size());
  std::printf("  %-9s %8.1f ms  %6.2f M edits/s  %.3f allocations an edit\n",
              type,
              spent,
              count / spent / 1e3,
              static_cast<double>(bench::allocations() - allocations) / count);
  return document.rope().text() == trace.end;
}

bool replay_file(const char* path) {
  const auto json = parse_json(read_file(path), kDepth);
  if (!json) {
    std::fprintf(stderr, "%s: %s\n", path, json.error().message.c_str());
    return false;
  }
  const Trace trace = parse_trace(*json);
  std::printf("%s: %zu edits\n", path, trace.patches.size());
  RichTextDocument rich;
  return rich.apply(RichTextOp().insert(trace.start)) &&
         replay("text", trace, TextDocument(trace.start)) && replay("rich-text", trace, rich);
}

}  // namespace
}  // namespace cloudsync::ot

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (!cloudsync::ot::replay_file(argv[i])) {
      std::fprintf(stderr, "%s: the replay failed\n", argv[i]);
      return 1;
    }
  }
  return 0;
}
