#include "loadtest/load_test.h"

#include <algorithm>
#include <cstdio>

namespace cloudsync::loadtest {
namespace {

// Below net.core.somaxconn, and what a server can answer within a client's patience.
constexpr std::size_t kHandshakesMax = 512;
constexpr std::chrono::milliseconds kSettlePoll{50};

std::string document_id_in(const Result<codec::http1::Response>& response) {
  if (!response || response->status != 201) {
    return {};
  }
  const auto json = parse_json(response->body);
  const JsonObject* object = json ? json->if_object() : nullptr;
  const auto* id = object != nullptr ? find_string(*object, "id") : nullptr;
  return id != nullptr ? std::string(view(*id)) : std::string();
}

/// The canonical content in the server's answer; empty if it has none.
std::string server_content(ot::Type type, const Result<codec::http1::Response>& response) {
  if (!response || response->status != 200) {
    return {};
  }
  const auto json = parse_json(response->body);
  const JsonObject* object = json ? json->if_object() : nullptr;
  const JsonValue* content = object != nullptr ? object->if_contains("content") : nullptr;
  if (content == nullptr) {
    return {};
  }
  const auto document = ot::parse_document(type, *content);
  return document ? to_canonical_json(ot::content(*document)) : std::string();
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace

LoadTest::LoadTest(const Options& options, runtime::Loop& loop, checker::HistoryWriter* history)
    : options_(options),
      loop_(loop),
      random_(options.seed),
      http_(loop),
      context_{
          loop, http_, options, measurements_, random_, history, [this] { on_handshake_over(); }},
      start_(loop.now()),
      phase_start_(start_) {}

LoadTest::~LoadTest() = default;

Result<Outcome> LoadTest::run() {
  create_documents();
  loop_.run_after(std::chrono::seconds(1), [this] { print_progress(); });
  loop_.run();
  if (error_) {
    return fail(*error_);
  }
  return outcome_;
}

std::chrono::duration<double> LoadTest::since_phase_start() const {
  return loop_.now() - phase_start_;
}

const Target& LoadTest::target_of(std::size_t index) const {
  return options_.targets[index % options_.targets.size()];
}

void LoadTest::create_documents() {
  for (std::size_t i = 0; i < options_.documents; ++i) {
    const std::string_view type = ot::type_name(options_.type);
    const JsonObject body{{"type", boost::json::string_view(type.data(), type.size())},
                          {"title", "load " + std::to_string(i)}};
    http_.call({target_of(i), "POST", "/api/v1/documents", to_json(body)},
               [this](const Result<codec::http1::Response>& response) { on_document(response); });
  }
}

void LoadTest::on_document(const Result<codec::http1::Response>& response) {
  const std::string id = document_id_in(response);
  if (id.empty()) {
    const std::string answer =
        response ? "HTTP status " + std::to_string(response->status) : response.error().message;
    give_up({ErrorCode::kUnavailable, "cannot create a document: " + answer});
    return;
  }
  documents_.push_back(std::make_unique<SharedDocument>(DocumentId(id)));
  if (documents_.size() == options_.documents) {
    connect();
  }
}

void LoadTest::connect() {
  phase_start_ = loop_.now();
  members_.reserve(options_.connections);
  for (std::size_t i = 0; i < options_.connections; ++i) {
    SharedDocument& document = *documents_[i % documents_.size()];
    members_.push_back(std::make_unique<Member>(context_, document, target_of(i)));
  }
  connect_more();
}

void LoadTest::connect_more() {
  while (started_ < members_.size() && handshakes_ < kHandshakesMax) {
    ++handshakes_;
    members_[started_++]->start();
  }
}

void LoadTest::on_handshake_over() {
  --handshakes_;
  connect_more();
  if (started_ == members_.size() && handshakes_ == 0) {
    outcome_.connecting = since_phase_start();
    outcome_.connected = measurements_.joined;
    write();
  }
}

void LoadTest::write() {
  phase_start_ = loop_.now();
  if (options_.ops_per_second > 0) {
    schedule_.emplace(options_.writers, options_.ops_per_second, phase_start_, options_.seed);
    make_due_edits();
  }
  loop_.run_after(options_.duration, [this] {
    schedule_.reset();
    outcome_.writing = since_phase_start();
    phase_start_ = loop_.now();
    settle();
  });
}

void LoadTest::make_due_edits() {
  if (!schedule_) {
    return;
  }
  for (; schedule_->next_due() <= loop_.now(); schedule_->advance()) {
    members_[schedule_->next_writer()]->edit(schedule_->next_due());
  }
  loop_.run_after(schedule_->next_due() - loop_.now(), [this] { make_due_edits(); });
}

void LoadTest::settle() {
  std::size_t unsettled = 0;
  for (std::size_t i = 0; i < documents_.size(); ++i) {
    unsettled += settled(i) ? 0 : 1;
  }
  if (unsettled > 0 && since_phase_start() < options_.settle) {
    loop_.run_after(kSettlePoll, [this] { settle(); });
    return;
  }
  outcome_.settling = since_phase_start();
  outcome_.unsettled_documents = unsettled;
  compare();
}

/// All members that take part are quiet and at one revision.
bool LoadTest::settled(std::size_t document) const {
  std::optional<Revision> revision;
  for (std::size_t i = document; i < members_.size(); i += documents_.size()) {
    const Member& member = *members_[i];
    if (member.state() == Member::State::kFailed) {
      continue;
    }
    if (!member.quiet() || (revision && *revision != member.copy().revision())) {
      return false;
    }
    revision = member.copy().revision();
  }
  return true;
}

void LoadTest::compare() {
  for (const auto& member : members_) {
    outcome_.failed += member->state() == Member::State::kJoined ? 0 : 1;
    member->finish_history();
  }
  for (std::size_t i = 0; i < documents_.size(); ++i) {
    http_.call({target_of(i), "GET", "/api/v1/documents/" + documents_[i]->id().value(), {}},
               [this, i](const Result<codec::http1::Response>& response) {
                 compare_with_server(i, response);
               });
  }
}

void LoadTest::compare_with_server(std::size_t document,
                                   const Result<codec::http1::Response>& response) {
  const std::string expected = server_content(options_.type, response);
  bool equal = !expected.empty();
  for (std::size_t i = document; equal && i < members_.size(); i += documents_.size()) {
    const Member& member = *members_[i];
    equal = member.state() != Member::State::kJoined ||
            to_canonical_json(ot::content(member.copy().document())) == expected;
  }
  outcome_.diverged_documents += equal ? 0 : 1;
  if (++compared_ == documents_.size()) {
    finish();
  }
}

void LoadTest::finish() {
  for (const auto& member : members_) {
    member->leave();
  }
  loop_.stop();
}

void LoadTest::give_up(Error error) {
  if (!error_) {
    error_ = std::move(error);
    finish();
  }
}

void LoadTest::print_progress() {
  const std::chrono::duration<double> elapsed = loop_.now() - start_;
  print(progress_line(elapsed.count(), measurements_) + "\n");
  loop_.run_after(std::chrono::seconds(1), [this] { print_progress(); });
}

}  // namespace cloudsync::loadtest
