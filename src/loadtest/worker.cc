#include "loadtest/worker.h"

#include "loadtest/measurements_json.h"

namespace cloudsync::loadtest {
namespace {

boost::json::string_view text_of(std::string_view text) {
  return {text.data(), text.size()};
}

std::vector<DocumentId> ids_in(const JsonArray& list) {
  std::vector<DocumentId> ids;
  for (const JsonValue& id : list) {
    ids.emplace_back(id.is_string() ? std::string(view(id.get_string())) : std::string());
  }
  return ids;
}

}  // namespace

Worker::Worker(const Options& options, runtime::Loop& loop, int descriptor)
    : options_(options),
      loop_(loop),
      test_(options, loop, nullptr),
      channel_(
          loop,
          descriptor,
          [this](const JsonObject& message) { on_message(message); },
          [this] { loop_.stop(); }) {
  if (options.spread) {
    test_.announce_edits([this](JsonObject edits) {
      channel_.send(JsonObject{{"edits", std::move(edits)}});
    });
  }
}

void Worker::run() {
  loop_.run_after(std::chrono::seconds(1), [this] { tell_second(); });
  loop_.run();
}

void Worker::tell_second() {
  channel_.send(JsonObject{{"second", second_json(take_second(test_.measurements()))}});
  loop_.run_after(std::chrono::seconds(1), [this] { tell_second(); });
}

void Worker::end_phase(std::string_view phase, JsonObject answer) {
  answer["over"] = text_of(phase);
  channel_.send(answer);
}

void Worker::on_message(const JsonObject& message) {
  if (const JsonValue* edits = message.if_contains("edits")) {
    test_.on_announced(*edits);
    return;
  }
  const auto* name = find_string(message, "do");
  const std::string_view phase = name != nullptr ? view(*name) : std::string_view();
  if (phase == "prepare") {
    prepare(message);
  } else if (phase == "connect") {
    test_.connect([this] { end_phase("connect"); });
  } else if (phase == "write") {
    const std::uint64_t at = find_unsigned(message, "atNs").value_or(0);
    test_.write(TimePoint(Duration(static_cast<std::int64_t>(at))), [this] { end_phase("write"); });
  } else if (phase == "end-writing") {
    test_.end_writing();
  } else if (phase == "settle") {
    test_.settle([this] {
      end_phase("settle",
                {{"unsettled", test_.outcome().unsettled_documents},
                 {"revisions", options_.spread ? test_.revisions() : JsonArray()}});
    });
  } else if (phase == "compare") {
    test_.compare([this] {
      end_phase("compare",
                {{"outcome", outcome_json(test_.outcome())},
                 {"measurements", measurements_json(test_.measurements())},
                 {"second", second_json(take_second(test_.measurements()))}});
    });
  } else {
    test_.leave();
    channel_.close();
  }
}

void Worker::prepare(const JsonObject& message) {
  const JsonValue* documents = message.if_contains("documents");
  if (documents != nullptr && documents->is_array()) {
    test_.take_documents(ids_in(documents->get_array()));
    end_phase("prepare");
    return;
  }
  test_.prepare([this](const Result<void>& prepared) {
    if (!prepared) {
      channel_.send(JsonObject{{"error", prepared.error().message}});
      return;
    }
    end_phase("prepare", {{"documents", options_.spread ? test_.document_ids() : JsonArray()}});
  });
}

}  // namespace cloudsync::loadtest
