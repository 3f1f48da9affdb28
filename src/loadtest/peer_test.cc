#include "loadtest/peer_test.h"

#include "loadtest/room_members.h"
#include "loadtest/sharedb_member.h"

#include <utility>

namespace cloudsync::loadtest {
namespace {

constexpr std::chrono::milliseconds kSettlePoll{50};

}  // namespace

PeerTest::PeerTest(const Options& options, runtime::Loop& loop)
    : options_(options),
      loop_(loop),
      random_(options.seed),
      pace_(loop, options.connects_per_second, options.handshakes),
      context_{loop,
               options,
               measurements_,
               random_,
               [this] { pace_.on_handshake_over(true); },
               [this](std::size_t member) { on_answered(member); }},
      server_cpu_(options.server_pids),
      phase_start_(loop.now()) {}

PeerTest::~PeerTest() = default;

std::chrono::duration<double> PeerTest::since_phase_start() const {
  return loop_.now() - phase_start_;
}

void PeerTest::end_phase() {
  loop_.post([done = std::exchange(done_, nullptr)]() mutable { done(); });
}

void PeerTest::prepare(Completion<void> done) {
  loop_.post([done = std::move(done)]() mutable { done(Result<void>()); });
}

// --- connect ---

void PeerTest::connect(Done done) {
  done_ = std::move(done);
  phase_start_ = loop_.now();
  add_members();
  pace_.run(
      members_.size(),
      [this](std::size_t member, TimePoint due) { members_[member]->start(due); },
      [this] {
        outcome_.connecting = since_phase_start();
        outcome_.connected = measurements_.joined;
        end_phase();
      });
}

void PeerTest::add_members() {
  // Nobody else gets what comes back to its sender: as if each had a room to itself.
  const std::size_t rooms = options_.echo ? options_.connections : options_.documents;
  for (std::size_t i = 0; i < rooms; ++i) {
    rooms_.push_back({.name = "room-" + std::to_string(i),
                      .target = options_.targets[i % options_.targets.size()],
                      .dues = {}});
  }
  members_.reserve(options_.connections);
  for (std::size_t i = 0; i < options_.connections; ++i) {
    members_.push_back(make_member(rooms_[i % rooms], i));
  }
}

std::unique_ptr<PeerMember> PeerTest::make_member(PeerRoom& room, std::size_t number) {
  switch (options_.protocol) {
    case Protocol::kSocketIo:
      return std::make_unique<SocketIoRoomMember>(context_, room, number);
    case Protocol::kWebSocket:
      return std::make_unique<WebSocketRoomMember>(context_, room, number);
    case Protocol::kShareDb:
      return std::make_unique<ShareDbMember>(context_, room, number);
    case Protocol::kCloudSync:
      break;
  }
  CS_ASSERT(false, "CloudSync's own servers have their own test");
  return nullptr;
}

// --- write ---

void PeerTest::write(TimePoint start, Done done) {
  done_ = std::move(done);
  writing_ = true;
  const Duration until_start = start - loop_.now();
  loop_.run_after(until_start + options_.warm_up, [this, measured = start + options_.warm_up] {
    if (writing_) {
      phase_start_ = measured;
      measurements_.start_measuring(measured);
      server_cpu_.start();
    }
  });
  loop_.run_after(until_start + options_.warm_up + options_.duration, [this] { end_writing(); });
  if (options_.in_flight > 0) {
    loop_.run_after(until_start, [this] { begin_closed_loop(); });
  } else if (options_.ops_per_second > 0) {
    schedule_.emplace(options_.writers, options_.ops_per_second, start, options_.seed);
    loop_.run_after(until_start, [this] { send_due(); });
  }
}

void PeerTest::begin_closed_loop() {
  const TimePoint now = loop_.now();
  for (std::size_t room = 0; room < rooms_.size(); ++room) {
    const std::size_t members = (members_.size() - room - 1) / rooms_.size() + 1;
    for (std::size_t i = 0; i < options_.in_flight; ++i) {
      const std::size_t position = (2 * i + 1) * members / (2 * options_.in_flight);
      members_[room + position * rooms_.size()]->send(now);
    }
  }
}

void PeerTest::on_answered(std::size_t member) {
  if (writing_ && options_.in_flight > 0) {
    members_[member]->send(precise_now());
  }
}

void PeerTest::send_due() {
  if (!schedule_) {
    return;
  }
  for (; schedule_->next_due() <= loop_.now(); schedule_->advance()) {
    members_[schedule_->next_writer()]->send(schedule_->next_due());
  }
  loop_.run_after(schedule_->next_due() - loop_.now(), [this] { send_due(); });
}

void PeerTest::end_writing() {
  if (!std::exchange(writing_, false)) {
    return;
  }
  schedule_.reset();
  outcome_.writing = since_phase_start();
  outcome_.server_cpu = server_cpu_of(server_cpu_, measurements_);
  end_phase();
}

// --- settle, compare ---

void PeerTest::settle(Done done) {
  done_ = std::move(done);
  phase_start_ = loop_.now();
  poll_settled();
}

void PeerTest::poll_settled() {
  const std::size_t unsettled = incomplete_rooms();
  if (unsettled > 0 && since_phase_start() < options_.settle) {
    loop_.run_after(kSettlePoll, [this] { poll_settled(); });
    return;
  }
  outcome_.settling = since_phase_start();
  outcome_.unsettled_documents = unsettled;
  end_phase();
}

bool PeerTest::complete(std::size_t room) const {
  for (std::size_t i = room; i < members_.size(); i += rooms_.size()) {
    if (!members_[i]->complete()) {
      return false;
    }
  }
  return true;
}

std::size_t PeerTest::incomplete_rooms() const {
  std::size_t incomplete = 0;
  for (std::size_t room = 0; room < rooms_.size(); ++room) {
    incomplete += complete(room) ? 0 : 1;
  }
  return incomplete;
}

void PeerTest::compare(Done done) {
  done_ = std::move(done);
  for (const auto& member : members_) {
    outcome_.failed += member->state() == PeerMember::State::kJoined ? 0 : 1;
  }
  for (std::size_t room = 0; room < rooms_.size(); ++room) {
    members_[room]->compare([this, room](bool equal) {
      outcome_.diverged_documents += equal && complete(room) ? 0 : 1;
      if (++compared_ == rooms_.size()) {
        end_phase();
      }
    });
  }
}

void PeerTest::leave() {
  for (const auto& member : members_) {
    member->leave();
  }
}

}  // namespace cloudsync::loadtest
