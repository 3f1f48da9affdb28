#include "checker/checker.h"

#include "checker/client_trace.h"
#include "checker/document_trace.h"
#include "checker/findings.h"
#include "checker/presence_trace.h"

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace cloudsync::checker {
namespace {

/// Numbers names in the order of their appearance.
class Names {
 public:
  std::uint32_t number(std::string_view name) {
    const auto found = numbers_.find(name);
    return found != numbers_.end()
               ? found->second
               : numbers_.emplace(name, static_cast<std::uint32_t>(numbers_.size())).first->second;
  }

  std::size_t size() const { return numbers_.size(); }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_;
};

}  // namespace

class Checker::Impl {
 public:
  void add(const Event& event, Where where);
  Report finish();

 private:
  DocumentTrace& document(const std::string& name);
  ClientTrace& client(std::uint32_t number, const std::string& document_name);
  void add_client(const Event& event, Where where);
  void add_node(const Event& event, Where where);

  Author author(const Event& event) {
    return {.client = clients_.number(event.author), .seq = event.seq};
  }

  Report report_;
  Findings findings_{report_};
  Names clients_;  // also those that only are authors
  Names writing_clients_;
  Names nodes_;
  Names document_names_;
  std::vector<std::unique_ptr<DocumentTrace>> documents_;                   // by number
  std::unordered_map<std::uint64_t, std::unique_ptr<ClientTrace>> traces_;  // by both numbers
  std::vector<std::vector<ClientTrace*>> traces_of_client_;                 // by client
  std::vector<ClientTrace*> trace_order_;  // as they appeared, so that equal runs report equally
  PresenceTrace presence_;
};

DocumentTrace& Checker::Impl::document(const std::string& name) {
  const std::uint32_t number = document_names_.number(name);
  if (number == documents_.size()) {
    documents_.push_back(std::make_unique<DocumentTrace>(name, findings_));
  }
  return *documents_[number];
}

ClientTrace& Checker::Impl::client(std::uint32_t number, const std::string& document_name) {
  DocumentTrace& traced = document(document_name);
  const std::uint64_t key =
      static_cast<std::uint64_t>(number) << 32 | document_names_.number(document_name);
  std::unique_ptr<ClientTrace>& trace = traces_[key];
  if (trace == nullptr) {
    trace = std::make_unique<ClientTrace>(number, traced, findings_);
    trace_order_.push_back(trace.get());
    if (traces_of_client_.size() <= number) {
      traces_of_client_.resize(number + 1);
    }
    traces_of_client_[number].push_back(trace.get());
  }
  return *trace;
}

void Checker::Impl::add(const Event& event, Where where) {
  ++report_.events;
  if (event.kind == Kind::kBase) {
    document(event.doc).base(event, where);
  } else if (event.kind == Kind::kLog) {
    ++report_.revisions;
    const storage::Update& update = event.row->update;
    document(event.doc).log(
        event,
        {.client = clients_.number(update.client.value()), .seq = update.seq.value()},
        where);
  } else if (event.by_node) {
    nodes_.number(event.writer);
    add_node(event, where);
  } else {
    writing_clients_.number(event.writer);
    add_client(event, where);
  }
}

void Checker::Impl::add_client(const Event& event, Where where) {
  const std::uint32_t number = clients_.number(event.writer);
  switch (event.kind) {
    case Kind::kConn:
      presence_.connected(event.writer, event.on);
      break;
    case Kind::kReload:
      if (number < traces_of_client_.size()) {
        for (ClientTrace* trace : traces_of_client_[number]) {
          trace->reload();
        }
      }
      break;
    case Kind::kCursor:
      presence_.cursor(event, where);
      break;
    case Kind::kMembers:
      presence_.members(event, where);
      break;
    case Kind::kRead:
      document(event.doc).read(event.rev, event.after, where);
      document(event.doc).seen(event.rev, event.t, where);
      break;
    default:
      report_.acks += event.kind == Kind::kAck ? 1 : 0;
      client(number, event.doc)
          .add(event, event.kind == Kind::kApply ? author(event) : Author{}, where);
      break;
  }
}

void Checker::Impl::add_node(const Event& event, Where where) {
  if (event.doc.empty()) {
    return;
  }
  DocumentTrace& traced = document(event.doc);
  switch (event.kind) {
    case Kind::kCommit:
      traced.author(event.rev, author(event), Claim::kCommitted, where);
      traced.durable(event.rev, event.t, false);
      break;
    case Kind::kAnswer:
      traced.author(event.rev, author(event), Claim::kAcked, where);
      traced.seen(event.rev, event.t, where);
      break;
    case Kind::kPublish:
      for (std::uint64_t rev = event.from; rev <= event.rev; ++rev) {
        traced.seen(rev, event.t, where);
      }
      break;
    case Kind::kLoad:
      traced.durable(event.rev, event.t, true);
      break;
    case Kind::kRead:
      traced.read(event.rev, event.after, where);
      traced.seen(event.rev, event.t, where);
      break;
    case Kind::kFinal:
      traced.at_rest(event.rev, where);
      break;
    default:
      break;
  }
  if (event.hash) {
    traced.hash(event.rev, *event.hash, where);
  }
  if (event.state) {
    traced.state(event.rev,
                 *event.state,
                 event.kind == Kind::kSnapshot ? Invariant::kI8 : Invariant::kI1,
                 where);
  }
}

Report Checker::Impl::finish() {
  report_.documents = documents_.size();
  report_.clients = writing_clients_.size();
  report_.nodes = nodes_.size();
  for (const auto& traced : documents_) {
    traced->finish();
  }
  for (ClientTrace* trace : trace_order_) {
    trace->finish();
  }
  presence_.finish(findings_);
  return std::move(report_);
}

Checker::Checker() : impl_(std::make_unique<Impl>()) {}

Checker::~Checker() = default;

void Checker::add(const Event& event, Where where) {
  impl_->add(event, where);
}

Report Checker::finish() {
  return impl_->finish();
}

Report check(std::span<const Event> events) {
  Checker checker;
  for (std::size_t i = 0; i < events.size(); ++i) {
    checker.add(events[i], {.source = 0, .line = i});
  }
  return checker.finish();
}

}  // namespace cloudsync::checker
