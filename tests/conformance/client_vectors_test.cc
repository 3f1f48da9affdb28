// The C++ client answers the scripts of tests/conformance/vectors/client as the SDK's state machine
// does (clients/typescript/test/client_vectors.test.ts, which recorded them).

#include "base/json.h"
#include "client/document_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace cloudsync::client {
namespace {

std::vector<JsonObject> read_scripts(const std::string& name) {
  std::ifstream file(std::string(CLOUDSYNC_VECTORS) + "/client/" + name);
  std::vector<JsonObject> scripts;
  for (std::string line; std::getline(file, line);) {
    auto script = parse_json(line);
    EXPECT_TRUE(script);
    scripts.push_back(script->as_object());
  }
  return scripts;
}

std::uint64_t number(const JsonObject& call, std::string_view name) {
  return find_unsigned(call, name).value();
}

std::string text(const JsonObject& call, std::string_view name) {
  return std::string(view(*find_string(call, name)));
}

/// One client, driven by the calls of a script.
class Driver {
 public:
  Driver(ot::Type type, const std::string& self) : type_(type), client_(type, ClientId(self)) {}

  /// Says what the copy is after the call.
  JsonObject run(const JsonObject& call) {
    const std::string name = text(call, "call");
    JsonValue submission = nullptr;
    if (name == "take") {
      submission = take();
    } else {
      change(name, call);
    }
    const auto gap = client_.gap();
    return {{"revision", client_.revision().value()},
            {"hash", client_.resume_hash()},
            {"content", ot::content(client_.document())},
            {"saved", client_.saved()},
            {"lastSeq", client_.last_seq().value()},
            {"submission", std::move(submission)},
            {"gap",
             gap ? JsonValue({{"from", gap->from.value()}, {"to", gap->to.value()}})
                 : JsonValue(nullptr)}};
  }

 private:
  JsonValue take() {
    const auto submission = client_.take_submission();
    if (!submission) {
      return nullptr;
    }
    return {{"revision", submission->revision.value()},
            {"seq", submission->seq.value()},
            {"op", ot::to_json(submission->op)}};
  }

  void change(const std::string& name, const JsonObject& call) {
    if (name == "join") {
      EXPECT_TRUE(client_.on_join_snapshot(
          Revision(number(call, "revision")), text(call, "hash"), call.at("content")));
    } else if (name == "edit") {
      EXPECT_TRUE(client_.edit(ot::parse_operation(type_, call.at("op")).value()));
    } else if (name == "resend") {
      client_.resend();
    } else if (name == "ops") {
      EXPECT_TRUE(client_.on_ops(parse_ops(type_, call).value()));
    } else if (name == "ack") {
      client_.on_ack(ClientSeq(number(call, "seq")), Revision(number(call, "revision")));
    } else if (name == "disconnect") {
      client_.on_disconnect();
    } else if (name == "resume") {
      const auto batch =
          parse_catch_up(type_, Revision(number(call, "revision")), call.at("ops").as_array());
      EXPECT_TRUE(
          client_.on_join_ops(batch.value(), Revision(number(call, "head")), text(call, "hash")));
    } else if (name == "reload") {
      client_ = DocumentClient(client_.self(), client_.journal().value());
    } else {
      FAIL() << "no such call: " << name;
    }
  }

  ot::Type type_;
  DocumentClient client_;
};

class ClientVectors : public testing::TestWithParam<const char*> {};

TEST_P(ClientVectors, AreAnswered) {
  const std::vector<JsonObject> scripts = read_scripts(GetParam());
  ASSERT_GE(scripts.size(), 20U);
  for (const JsonObject& script : scripts) {
    Driver driver(ot::type_from_name(text(script, "type")).value(), text(script, "self"));
    JsonObject expected;
    std::size_t number = 0;
    for (const JsonValue& step : script.at("steps").as_array()) {
      SCOPED_TRACE(text(script, "name") + ", step " + std::to_string(number++) + ": " +
                   to_json(step));
      for (const auto& [key, value] : step.as_object().at("answer").as_object()) {
        expected[key] = value;
      }
      ASSERT_EQ(to_canonical_json(driver.run(step.as_object())), to_canonical_json(expected));
    }
    EXPECT_TRUE(expected.at("saved").as_bool());
  }
}

INSTANTIATE_TEST_SUITE_P(Files,
                         ClientVectors,
                         testing::Values("text.jsonl", "rich-text.jsonl", "json.jsonl"),
                         [](const auto& file) {
                           std::string name = file.param;
                           name.resize(name.find('.'));
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace cloudsync::client
