#pragma once
// The inside of DocumentService: the requests in service.cc, what the authorities want carried out
// in service_effects.cc, other nodes in service_nodes.cc. Everything runs on the service's
// executor.

#include "document/authority.h"
#include "document/content_reads.h"
#include "document/service.h"
#include "document/service_metrics.h"

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cloudsync::document {

class DocumentService::Impl {
 public:
  explicit Impl(ServiceDependencies dependencies)
      : deps_(std::move(dependencies)),
        metrics_(deps_.metrics),
        content_reads_({.ops = deps_.ops,
                        .snapshots = deps_.snapshots,
                        .executor = deps_.executor,
                        .workers = deps_.workers,
                        .limits = deps_.limits,
                        .when_idle = [this] { finish_close_if_quiet(); }}) {
    check_heads_later();
    tell_presence_later(1);
  }

  ~Impl() {
    *alive_ = false;
    for (const auto& [id, document] : documents_) {
      unsubscribe(id);
    }
    metrics_.count_documents(-open_count_);
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// Runs `task` on the executor, unless this is gone by then: the way in of every call and of
  /// every answer of a store.
  template <class Task>
  void post(Task task) {
    deps_.executor.post(guard(std::move(task)));
  }

  void join(MemberId member, JoinRequest request, Completion<JoinReply> done);
  void submit(MemberId member, Submission submission, Completion<Revision> done);
  void fetch(MemberId member, FetchRequest request, Completion<FetchReply> done);
  void presence(MemberId member, PresenceUpdate update);
  void leave(MemberId member, const DocumentId& document, Completion<void> done);
  void read(const DocumentId& id,
            std::optional<Revision> revision,
            Completion<DocumentContent> done);
  void close(UniqueFunction<void()> done);

 private:
  struct Document;
  /// What to do with a document once it is open; or why it could not be opened.
  using Task = UniqueFunction<void(Result<Document*>)>;

  struct Document {
    DocumentId id;
    std::uint64_t generation = 0;                  ///< tells it from an earlier one of the same id
    std::unique_ptr<DocumentAuthority> authority;  ///< null while it is being opened
    std::vector<Task> waiting;                     ///< for the opening
    std::vector<ReadEffect> parked;                ///< failed reads that wait for the next request
    std::optional<std::list<DocumentId>::iterator> idle;  ///< its place in idle_
    std::size_t idle_bytes = 0;                           ///< what it counts there
  };

  /// What another node said of an open document.
  using OnMessage = void (Impl::*)(Document& document, std::string_view message);

  void on_publication(Document& document, std::string_view message);
  void on_roster(Document& document, std::string_view message);

  struct PendingSubmit {
    Completion<Revision> done;
    TimePoint since;
  };

  template <class F>
  auto guard(F function) {
    return [alive = alive_, call = std::move(function)](auto&&... args) mutable {
      if (*alive) {
        call(std::forward<decltype(args)>(args)...);
      }
    };
  }

  Moment moment() {
    return {.now = deps_.clock.wall(), .at = deps_.clock.now(), .random = deps_.random};
  }

  bool is_shared() const { return deps_.ops.is_shared(); }

  void check_heads_later();
  void check_heads();
  bool tells_presence() const;
  void tell_presence_later(std::uint64_t time);
  void subscribe(const Document& document, std::string topic, OnMessage on_message);
  void subscribe(const Document& document);
  void unsubscribe(const DocumentId& id);
  void read_open(Document& document,
                 std::optional<Revision> revision,
                 Completion<DocumentContent> done);

  Document* find(const DocumentId& id);
  Document* find(const DocumentId& id, std::uint64_t generation);
  void with_document(const DocumentId& id, Task task);
  void with_open_document(const DocumentId& id, Task task);
  void open(const DocumentId& id);
  void on_opened(const DocumentId& id, Result<storage::OpenedDocument> opened);
  void use(Document& document);
  void settle(Document& document);
  void evict_idle();

  void run_effects(Document& document);
  void carry_out(Document& document, AppendEffect& effect);
  void carry_out(Document& document, ReadEffect& effect);
  void carry_out(Document& document, ContinueEffect& effect);
  void carry_out(Document& document, WindowEffect& effect);
  void carry_out(Document& document, FindClientEffect& effect);
  void carry_out(Document& document, SnapshotEffect& effect);
  void carry_out(Document& document, PublishEffect& effect);
  void carry_out(Document& document, RosterEffect& effect);
  void carry_out(Document& document, DeliverEffect& effect);
  void carry_out(Document& document, SupersedeEffect& effect);
  void carry_out(Document& document, JoinAnswer& answer);
  void carry_out(Document& document, SubmitAnswer& answer);
  void carry_out(Document& document, FetchAnswer& answer);
  void carry_out(Document& document, RefreshAnswer& answer);
  void carry_out(Document& document, LimitEffect& effect);
  void carry_out(Document& document, MissedEffect& effect);
  void carry_out(Document& document, BrokenEffect& effect);
  void read_log(Document& document, const ReadEffect& effect);
  void write_snapshot(Document& document, storage::Snapshot snapshot);
  void continue_one();
  void finish_close_if_quiet();

  ServiceDependencies deps_;
  ServiceMetrics metrics_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  std::unordered_map<DocumentId, std::unique_ptr<Document>> documents_;
  std::uint64_t last_generation_ = 0;
  int open_count_ = 0;
  std::list<DocumentId> idle_;  // quiet and without members, longest idle first
  std::size_t idle_bytes_ = 0;  // of content in idle_

  Token last_token_ = 0;
  std::map<Token, Completion<JoinReply>> joins_;
  std::map<Token, PendingSubmit> submits_;
  std::map<Token, Completion<FetchReply>> fetches_;
  std::map<Token, Task> refreshes_;  // reads that wait for the head
  ContentReads content_reads_;

  // Documents with more to do, one entry a slice. One slice is done in a turn of the executor, so
  // that however many there are, everything else goes on.
  std::deque<std::pair<DocumentId, std::uint64_t>> continuing_;  // with the generation

  bool closing_ = false;
  UniqueFunction<void()> closed_;
};

}  // namespace cloudsync::document
