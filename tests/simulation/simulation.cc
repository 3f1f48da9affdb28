#include "simulation.h"

#include "editor.h"
#include "impostor.h"
#include "node.h"
#include "vandal.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>

namespace cloudsync::simulation {
namespace {

constexpr Duration kRestAtLatest = std::chrono::seconds(120);
/// The time in which an end notices that nothing comes any more, and nodes that one is gone, less
/// what compare_presence() waits.
constexpr Duration kLastTimeouts = std::chrono::seconds(3);

Duration ms(std::int64_t count) {
  return std::chrono::milliseconds(count);
}

class Simulation {
 public:
  Simulation(const Plan& plan, bool keep_history)
      : plan_(plan), environment_(plan, keep_history), disk_(environment_), bus_(environment_) {}

  Outcome run() {
    disk_.create_document();
    World& world = environment_.world;
    while (world.run_one(world.now())) {
    }
    for (std::int64_t i = 0; i < plan_.nodes; ++i) {
      slots_.emplace_back(world);
      start_node(i);
    }
    for (std::int64_t i = 0; i < plan_.clients; ++i) {
      editors_.push_back(
          std::make_unique<Editor>(environment_, i, [this](Line& line, const ClientId& client) {
            return connect(line, client);
          }));
    }
    schedule();
    while (world.run_one(ms(plan_.end_ms))) {
    }
    end_faults();
    come_to_rest();
    run_for(kLastTimeouts);  // some may not know yet that their connection is gone
    come_to_rest();
    finish();
    return std::move(outcome_);
  }

 private:
  /// A node, over its processes.
  struct Slot {
    explicit Slot(const World& world) : clock(world) {}

    NodeClock clock;
    std::unique_ptr<Node> node;  // null while it is down
    std::uint64_t runs = 0;
    bool stopping = false;
  };

  // --- nodes ---

  Slot& slot(std::int64_t index) {
    return slots_.at(static_cast<std::size_t>(index % plan_.nodes));
  }

  void start_node(std::int64_t index) {
    Slot& slot = this->slot(index);
    slot.stopping = false;
    slot.node = std::make_unique<Node>(
        Node::Dependencies{.environment = environment_,
                           .disk = disk_,
                           .bus = bus_,
                           .clock = slot.clock,
                           .index = index,
                           .run = ++slot.runs,
                           .crash = [this, index, run = slot.runs](Duration down) {
                             // Not from inside of it.
                             environment_.world.after(Duration(0), [this, index, run, down] {
                               if (this->slot(index).runs == run) {
                                 crash(index, down);
                               }
                             });
                           }});
  }

  void crash(std::int64_t index, Duration down) {
    Slot& slot = this->slot(index);
    if (slot.node == nullptr) {
      return;
    }
    ++outcome_.crashes;
    environment_.history.node("n" + std::to_string(index), event_of(checker::Kind::kCrash));
    slot.node.reset();
    restart_after(index, down);
  }

  void restart_after(std::int64_t index, Duration down) {
    environment_.world.after(down, [this, index] {
      if (slot(index).node == nullptr) {
        start_node(index);
      }
    });
  }

  // SIGTERM: it closes in order, and its connections with it.
  void stop(std::int64_t index, Duration down) {
    Slot& slot = this->slot(index);
    if (slot.node == nullptr || std::exchange(slot.stopping, true)) {
      return;
    }
    slot.node->close([this, index, down, run = slot.runs] {
      environment_.world.after(Duration(0), [this, index, down, run] {
        Slot& closed = this->slot(index);
        if (closed.runs == run && closed.node != nullptr) {
          environment_.history.node("n" + std::to_string(index), event_of(checker::Kind::kStop));
          closed.node.reset();
          restart_after(index, down);
        }
      });
    });
  }

  void pause(std::int64_t index, Duration time) {
    Slot& slot = this->slot(index);
    if (slot.node == nullptr) {
      return;
    }
    slot.node->pause();
    environment_.world.after(time, [this, index, run = slot.runs] {
      Slot& paused = this->slot(index);
      if (paused.node != nullptr && paused.runs == run) {
        paused.node->resume();
      }
    });
  }

  void lose_power(Duration down) {
    disk_.lose_power();
    for (std::int64_t i = 0; i < plan_.nodes; ++i) {
      crash(i, down);
    }
  }

  // --- clients ---

  std::shared_ptr<Connection> connect(Line& line, const ClientId& client) {
    std::int64_t index = static_cast<std::int64_t>(
        environment_.dice(Deciding::kHome, line.client, line.connections).number(0, 1'000) %
        static_cast<std::uint64_t>(plan_.nodes));
    if (const auto wanted = moves_.extract(line.client); !wanted.empty()) {
      index = wanted.mapped() % plan_.nodes;
    }
    Slot& slot = this->slot(index);
    const Duration now = environment_.world.now();
    const Faults& faults = environment_.faults;
    if (slot.node == nullptr || slot.stopping ||
        faults.passes(line.client, kNodes + index, now) > now ||
        faults.passes(kNodes + index, line.client, now) > now) {
      ++line.connections;  // the next attempt may go elsewhere
      return nullptr;
    }
    auto connection = std::make_shared<Connection>(environment_, line, index, ++last_connection_);
    slot.node->accept(connection, client);
    connection->begin();
    connections_.push_back(connection);
    return connection;
  }

  void impersonate(std::int64_t index, std::uint64_t key) {
    Editor& editor = *editors_.at(static_cast<std::size_t>(index));
    Line& line = stranger(kImpostors, index, key);
    if (const auto connection = connect(line, editor.id())) {
      simulation::impersonate(environment_, editor, connection);
    }
  }

  void vandalise(std::int64_t index, std::uint64_t key) {
    Line& line = stranger(kVandals, index, key);
    if (const auto connection = connect(line, ClientId("v" + std::to_string(line.client)))) {
      simulation::vandalise(environment_, connection);
    }
  }

  /// A line besides those of the editors, by the event that wants it.
  Line& stranger(std::int64_t kind, std::int64_t index, std::uint64_t key) {
    return strangers_.emplace_back(
        Line{.client = kind + index * kKeys + static_cast<std::int64_t>(key) % kKeys});
  }

  // --- the plan ---

  void schedule() {
    for (const Event& event : plan_.events) {
      if (is_timed(event.act) && event.args[0] <= plan_.end_ms * 1'000) {
        environment_.world.after(std::chrono::microseconds(event.args[0]),
                                 [this, event] { act(event); });
      }
    }
  }

  void act(const Event& event) {
    const auto& [t, a, b, c] = event.args;
    const Duration now = environment_.world.now();
    if (is_of_client(event.act)) {
      if (a < plan_.clients) {
        act_of_client(event.act, a, b);
      }
      return;
    }
    switch (event.act) {
      case Act::kRead:
        if (slot(a).node != nullptr) {
          slot(a).node->read();
        }
        break;
      case Act::kReadOld:
        if (slot(a).node != nullptr) {
          slot(a).node->read_old(static_cast<std::uint64_t>(b));
        }
        break;
      case Act::kCrash:
        crash(a % plan_.nodes, ms(b));
        break;
      case Act::kStop:
        stop(a % plan_.nodes, ms(b));
        break;
      case Act::kPause:
        pause(a, ms(b));
        break;
      case Act::kJump:
        slot(a).clock.jump(b);
        break;
      case Act::kPower:
        lose_power(ms(a));
        break;
      case Act::kBlock:
        environment_.faults.block(a, b, now + ms(c));
        break;
      case Act::kDiskFull:
        disk_.fill(now + ms(a));
        break;
      case Act::kDiskSlow:
        disk_.slow_down(now + ms(a), ms(b));
        break;
      default:
        break;
    }
  }

  static bool is_of_client(Act act) { return act < Act::kRead || act == Act::kCut; }

  void act_of_client(Act act, std::int64_t client, std::int64_t argument) {
    Editor& editor = *editors_.at(static_cast<std::size_t>(client));
    const auto key = static_cast<std::uint64_t>(argument);
    switch (act) {
      case Act::kStart:
        editor.start();
        break;
      case Act::kEdit:
        editor.edit(key, false);
        break;
      case Act::kPaste:
        editor.edit(key, true);
        break;
      case Act::kSelect:
        editor.select(key);
        break;
      case Act::kReload:
        editor.reload(ms(argument));
        break;
      case Act::kMove:
        moves_[client] = argument;
        editor.cut();
        break;
      case Act::kImpostor:
        impersonate(client, key);
        break;
      case Act::kVandal:
        vandalise(client, key);
        break;
      default:
        editor.cut();
    }
  }

  // --- the end ---

  void end_faults() {
    environment_.faults.heal();
    disk_.fill(Duration(0));
    for (Slot& slot : slots_) {
      if (slot.node != nullptr) {
        slot.node->resume();
      }
    }
  }

  void come_to_rest() {
    while (!is_at_rest() && environment_.world.run_one(ms(plan_.end_ms) + kRestAtLatest)) {
    }
  }

  bool is_at_rest() const {
    std::optional<Revision> head;
    return std::all_of(slots_.begin(),
                       slots_.end(),
                       [](const Slot& slot) { return slot.node != nullptr && !slot.stopping; }) &&
           std::all_of(editors_.begin(), editors_.end(), [&head](const auto& editor) {
             if (!editor->is_at_rest()) {
               return false;
             }
             if (editor->client() == nullptr) {
               return true;
             }
             const Revision revision = editor->client()->revision();
             head = head.value_or(revision);
             return *head == revision;
           });
  }

  void run_for(Duration time) {
    const Duration end = environment_.world.now() + time;
    while (environment_.world.run_one(end)) {
    }
  }

  /// What faults may add to the time that a cursor is on its way, up, from node to node and down:
  /// the message that is meant to be late may come only now, and waits for those late before it.
  Duration latest() const {
    Duration sum{};
    for (const Act act : {Act::kUpLate, Act::kDownLate, Act::kUpgradeLate, Act::kBusLate}) {
      std::map<std::int64_t, std::int64_t> late_ms;  // of each client, or node
      std::int64_t longest_ms = 0;
      for (const Event& event : plan_.events) {
        if (event.act == act) {
          std::int64_t& whose = late_ms[event.args[0]];
          whose += event.args[act_arguments(act) - 1];
          longest_ms = std::max(longest_ms, whose);
        }
      }
      sum += ms(longest_ms);
    }
    return sum;
  }

  // I13: two seconds after the last of all changes, unless faults are still under way.
  void compare_presence() {
    std::vector<ClientId> present;
    for (const auto& editor : editors_) {
      if (editor->client() != nullptr) {
        present.push_back(editor->id());
        editor->select(kLastCursor);
      }
    }
    run_for(std::chrono::seconds(2) + latest());
    for (const auto& editor : editors_) {
      if (editor->client() != nullptr) {
        editor->note_cursors(present);
        editor->note_members();
      }
    }
  }

  void finish() {
    if (plan_.limits.members_listed >= Limits().members_listed && is_at_rest()) {
      compare_presence();
    }
    for (const auto& editor : editors_) {
      if (!editor->is_at_rest()) {
        environment_.history.complain(std::string(editor->id().value()) + " does not come to rest");
      }
      editor->note_final();
    }
    for (std::int64_t i = 0; i < plan_.nodes; ++i) {
      read_final(i);
    }
    run_for(std::chrono::seconds(3));
    disk_.export_log();
    close_nodes();
    outcome_.simulated = environment_.world.now();
    outcome_.steps = environment_.world.steps();
    outcome_.operations = operations_;
    outcome_.conflicts = disk_.conflicts;
    outcome_.unknowns = disk_.unknowns;
    outcome_.connections = last_connection_;
    outcome_.upgrades = environment_.upgrades;
    outcome_.problems = environment_.history.finish();
    outcome_.history = environment_.history.take_events();
  }

  void read_final(std::int64_t index) {
    const std::string name = "n" + std::to_string(index);
    if (slot(index).node == nullptr) {
      return;
    }
    slot(index).node->read([this, name](const Result<document::DocumentContent>& content) {
      if (!content) {
        environment_.history.complain(name + " can't be read: " + content.error().message);
        return;
      }
      checker::Event event = event_of(checker::Kind::kFinal);
      event.rev = content->revision.value();
      event.hash = checker::short_hash(content->hash);
      event.state = checker::short_hash(
          sha256(as_bytes(to_canonical_json(parse_json(*content->content).value()))));
      environment_.history.node(name, std::move(event));
      operations_ = std::max(operations_, content->revision.value());
    });
  }

  void close_nodes() {
    std::size_t open = 0;
    for (Slot& slot : slots_) {
      if (slot.node != nullptr && !slot.stopping) {
        ++open;
        slot.node->close([&open] { --open; });
      }
    }
    const Duration end = environment_.world.now() + std::chrono::seconds(30);
    while (open > 0 && environment_.world.run_one(end)) {
    }
    if (open > 0) {
      environment_.history.complain("a node does not close");
    }
    slots_.clear();
  }

  static constexpr std::uint64_t kLastCursor = 1'000'000;
  /// Numbers of the strangers' lines; below 4,096, see Faults.
  static constexpr std::int64_t kImpostors = 1'000;
  static constexpr std::int64_t kVandals = 2'000;
  static constexpr std::int64_t kKeys = 100;

  const Plan& plan_;
  Environment environment_;
  Disk disk_;
  Bus bus_;
  std::deque<Line> strangers_;
  std::vector<std::unique_ptr<Editor>> editors_;
  std::vector<std::shared_ptr<Connection>> connections_;  // until the end: messages name them
  std::deque<Slot> slots_;
  std::map<std::int64_t, std::int64_t> moves_;  // where a client's next connection goes
  std::uint64_t last_connection_ = 0;
  std::uint64_t operations_ = 0;
  Outcome outcome_;
};

}  // namespace

Outcome simulate(const Plan& plan, bool keep_history) {
  Simulation simulation(plan, keep_history);
  return simulation.run();
}

}  // namespace cloudsync::simulation
