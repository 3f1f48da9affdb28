#include "loadtest/load_test.h"

#include <algorithm>

namespace cloudsync::loadtest {
namespace {

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

}  // namespace

LoadTest::LoadTest(const Options& options, runtime::Loop& loop, checker::HistoryWriter* history)
    : options_(options),
      loop_(loop),
      random_(options.seed),
      http_(loop),
      pace_(loop, options.connects_per_second, options.handshakes),
      context_{loop,
               http_,
               options,
               measurements_,
               random_,
               history,
               [this](bool is_first) { pace_.on_handshake_over(is_first); },
               [this](UniqueFunction<void()> start) { pace_.again(std::move(start)); }},
      server_cpu_(options.server_pids),
      phase_start_(loop.now()) {}

LoadTest::~LoadTest() = default;

std::chrono::duration<double> LoadTest::since_phase_start() const {
  return loop_.now() - phase_start_;
}

void LoadTest::end_phase() {
  loop_.post([done = std::exchange(done_, nullptr)]() mutable { done(); });
}

// --- documents in several processes ---

void LoadTest::announce_edits(UniqueFunction<void(JsonObject edits)> announce) {
  announce_ = std::move(announce);
}

void LoadTest::on_announced(const JsonValue& edits) {
  const JsonObject* message = edits.if_object();
  const auto index = message != nullptr ? find_unsigned(*message, "document") : std::nullopt;
  if (!index || *index >= documents_.size()) {
    return;
  }
  EditTimes times;
  for (const JsonValue& due : message->at("dueNs").as_array()) {
    times.emplace_back(Duration(due.to_number<std::int64_t>()));
  }
  documents_[*index]->on_announced(ClientId(std::string(view(message->at("client").as_string()))),
                                   ClientSeq(message->at("seq").to_number<std::uint64_t>()),
                                   std::move(times));
}

JsonArray LoadTest::document_ids() const {
  JsonArray ids;
  for (const auto& document : documents_) {
    ids.emplace_back(document->id().value());
  }
  return ids;
}

JsonArray LoadTest::revisions() const {
  JsonArray revisions;
  for (std::size_t i = 0; i < documents_.size(); ++i) {
    std::uint64_t revision = 0;
    for (std::size_t m = i; m < members_.size(); m += documents_.size()) {
      if (members_[m]->state() == Member::State::kJoined) {
        revision = std::max(revision, members_[m]->copy().revision().value());
      }
    }
    revisions.emplace_back(revision);
  }
  return revisions;
}

// --- prepare ---

/// Nodes may know nothing of each other, so a document and its members are of one node.
const Target& LoadTest::target_of(std::size_t document) const {
  return options_.targets[(options_.first_document + document) % options_.targets.size()];
}

void LoadTest::add_document(std::size_t index, DocumentId id) {
  documents_[index] = std::make_unique<SharedDocument>(std::move(id), target_of(index));
  if (!announce_) {
    return;
  }
  documents_[index]->spread(
      [this, index](const ClientId& client, ClientSeq seq, const EditTimes& times) {
        JsonArray due;
        for (const TimePoint time : times) {
          due.emplace_back(time.time_since_epoch().count());
        }
        announce_(JsonObject{{"document", index},
                             {"client", client.value()},
                             {"seq", seq.value()},
                             {"dueNs", std::move(due)}});
      });
}

void LoadTest::take_documents(std::vector<DocumentId> ids) {
  documents_.resize(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    add_document(i, std::move(ids[i]));
  }
}

void LoadTest::prepare(Completion<void> done) {
  prepared_ = std::move(done);
  documents_.resize(options_.documents);
  for (std::size_t i = 0; i < options_.documents; ++i) {
    create_document(i);
  }
}

void LoadTest::create_document(std::size_t index) {
  const std::string_view type = ot::type_name(options_.type);
  const JsonObject body{{"type", boost::json::string_view(type.data(), type.size())},
                        {"title", "load " + std::to_string(options_.first_document + index)}};
  http_.call({target_of(index), "POST", "/api/v1/documents", to_json(body)},
             [this, index](const Result<codec::http1::Response>& response) {
               on_document(index, response);
             });
}

void LoadTest::on_document(std::size_t index, const Result<codec::http1::Response>& response) {
  if (!prepared_) {
    return;  // another one failed
  }
  const std::string id = document_id_in(response);
  if (id.empty()) {
    const std::string answer =
        response ? "HTTP status " + std::to_string(response->status) : response.error().message;
    std::exchange(prepared_,
                  nullptr)(fail(ErrorCode::kUnavailable, "cannot create a document: " + answer));
    return;
  }
  add_document(index, DocumentId(id));
  if (++created_ == documents_.size()) {
    std::exchange(prepared_, nullptr)(Result<void>());
  }
}

// --- connect ---

void LoadTest::connect(Done done) {
  done_ = std::move(done);
  phase_start_ = loop_.now();
  members_.reserve(options_.connections);
  for (std::size_t i = 0; i < options_.connections; ++i) {
    members_.push_back(std::make_unique<Member>(context_, *documents_[i % documents_.size()], i));
  }
  pace_.run(
      members_.size(),
      [this](std::size_t member, TimePoint due) { members_[member]->start(due); },
      [this] { on_connected(); });
}

void LoadTest::on_connected() {
  outcome_.connecting = since_phase_start();
  outcome_.connected = measurements_.joined;
  end_phase();
}

// --- write ---

void LoadTest::write(TimePoint start, Done done) {
  done_ = std::move(done);
  writing_ = true;
  write_at(options_.ladder.front(), start);
  limit_slow_readers(options_.slow_read_rate);
  const Duration until_measured = start - loop_.now() + options_.warm_up;
  loop_.run_after(until_measured, [this, measured = start + options_.warm_up] {
    if (!writing_) {
      return;  // ended early
    }
    phase_start_ = measured;
    measurements_.start_measuring(measured);
    server_cpu_.start();
    if (options_.first_document == 0) {  // one process for all
      traffic_before_ = read_network_traffic();
    }
    break_all(options_.storms, options_.duration / static_cast<std::int64_t>(options_.storms + 1));
    break_next();
    climb(0, measured);
  });
}

/// Edits at that multiple of the rate from `start` on, instead of those that were scheduled.
void LoadTest::write_at(double multiple, TimePoint start) {
  loop_.cancel(edit_timer_);
  const double rate = multiple * options_.ops_per_second;
  schedule_.reset();
  if (rate > 0 && options_.writers > 0) {
    schedule_.emplace(options_.writers, rate, start, options_.seed);
  }
  make_due_edits();
}

/// The rung begins at `start`, by when the one before has ended.
void LoadTest::climb(std::size_t rung, TimePoint start) {
  if (!writing_) {
    return;  // ended early
  }
  if (rung == options_.ladder.size()) {
    end_writing();
    return;
  }
  if (rung > 0) {
    write_at(options_.ladder[rung], start);
  }
  measurements_.rung = rung + 1;
  const TimePoint end = start + options_.duration;
  loop_.run_after(end - loop_.now(), [this, rung, end] { climb(rung + 1, end); });
}

void LoadTest::end_writing() {
  if (!std::exchange(writing_, false)) {
    return;
  }
  schedule_.reset();
  measurements_.rung = 0;
  limit_slow_readers(0);
  outcome_.writing = since_phase_start();
  outcome_.server_cpu = server_cpu_of(server_cpu_, measurements_);
  measure_traffic();
  end_phase();
}

void LoadTest::measure_traffic() {
  const auto now = traffic_before_ ? read_network_traffic() : std::nullopt;
  if (now) {
    measurements_.segments = now->segments - traffic_before_->segments;
    measurements_.octets = now->octets - traffic_before_->octets;
  }
}

void LoadTest::limit_slow_readers(double bytes_per_second) {
  for (std::size_t i = members_.size() - options_.slow_readers; i < members_.size(); ++i) {
    members_[i]->limit_reading(bytes_per_second);
  }
}

void LoadTest::break_all(std::size_t times, Duration interval) {
  if (times == 0) {
    return;
  }
  loop_.run_after(interval, [this, times, interval] {
    if (!writing_) {
      return;  // ended early
    }
    for (const auto& member : members_) {
      member->break_off();
    }
    break_all(times - 1, interval);
  });
}

void LoadTest::break_next() {
  if (options_.rejoins_per_second <= 0 || !writing_) {
    return;
  }
  const std::chrono::duration<double> interval(1 / options_.rejoins_per_second);
  loop_.run_after(std::chrono::duration_cast<Duration>(interval), [this] {
    if (writing_) {
      members_[next_rejoin_++ % members_.size()]->break_off();
      break_next();
    }
  });
}

void LoadTest::make_due_edits() {
  if (!schedule_) {
    return;
  }
  for (; schedule_->next_due() <= loop_.now(); schedule_->advance()) {
    members_[schedule_->next_writer()]->edit(schedule_->next_due());
  }
  edit_timer_ = loop_.run_after(schedule_->next_due() - loop_.now(), [this] { make_due_edits(); });
}

// --- settle ---

void LoadTest::settle(Done done) {
  done_ = std::move(done);
  phase_start_ = loop_.now();
  poll_settled();
}

void LoadTest::poll_settled() {
  std::size_t unsettled = 0;
  for (std::size_t i = 0; i < documents_.size(); ++i) {
    unsettled += settled(i) ? 0 : 1;
  }
  if (unsettled > 0 && since_phase_start() < options_.settle) {
    loop_.run_after(kSettlePoll, [this] { poll_settled(); });
    return;
  }
  outcome_.settling += since_phase_start();
  outcome_.unsettled_documents = unsettled;
  end_phase();
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

// --- compare ---

void LoadTest::compare(Done done) {
  done_ = std::move(done);
  for (const auto& member : members_) {
    outcome_.failed += member->state() == Member::State::kJoined ? 0 : 1;
    member->finish_history();
  }
  for (std::size_t i = 0; i < documents_.size(); ++i) {
    outcome_.unmeasured_edits += documents_[i]->on_their_way();
    http_.call({documents_[i]->target(),
                "GET",
                "/api/v1/documents/" + std::string(documents_[i]->id().value()),
                {}},
               [this, i](const Result<codec::http1::Response>& response) {
                 compare_with_server(i, response);
               });
  }
}

void LoadTest::compare_with_server(std::size_t document,
                                   const Result<codec::http1::Response>& response) {
  const std::string expected = server_content(options_.type, response);
  outcome_.diverged_documents += !expected.empty() && equals(document, expected) ? 0 : 1;
  if (++compared_ == documents_.size()) {
    end_phase();
  }
}

/// Whether all joined members of the document show what is `expected`.
bool LoadTest::equals(std::size_t document, const std::string& expected) const {
  SharedContent compared;
  for (std::size_t i = document; i < members_.size(); i += documents_.size()) {
    const Member& member = *members_[i];
    const SharedContent& shared = member.shared_content();
    if (member.state() != Member::State::kJoined || (shared != nullptr && shared == compared)) {
      continue;
    }
    if (to_canonical_json(ot::content(member.copy().document())) != expected) {
      return false;
    }
    compared = shared;
  }
  return true;
}

void LoadTest::leave() {
  for (const auto& member : members_) {
    member->leave();
  }
}

}  // namespace cloudsync::loadtest
