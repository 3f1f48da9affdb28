#pragma once
// Synchronous verbs over the stores, and builders of their records, for tests that read top to
// bottom. Records are deterministic: revision r of a document holds the operation "r" and hashes of
// r.

#include "base/crypto.h"
#include "storage/directory_store.h"
#include "storage/op_store.h"
#include "storage/snapshot_store.h"
#include "support/test_executor.h"

#include <string>

namespace cloudsync::test {

inline storage::ChainHash hash_at(std::uint64_t revision) {
  return revision == 0 ? storage::ChainHash{} : sha256(as_bytes(std::to_string(revision)));
}

inline storage::DocumentInfo make_document(std::string id, std::string user = "ann") {
  return {
      .id = DocumentId(std::move(id)),
      .org = OrgId("org"),
      .type = "text",
      .title = "Title",
      .created_by = UserId(std::move(user)),
      .created_at = Timestamp(1'000),
      .head = Revision(0),
      .head_hash = {},
      .updated_at = Timestamp(1'000),
  };
}

inline storage::Update make_update(std::uint64_t revision, std::string op = {}) {
  storage::Update update;
  update.revision = Revision(revision);
  update.client = ClientId("client");
  update.seq = ClientSeq(revision);
  update.user = UserId("ann");
  update.op = op.empty() ? std::to_string(revision) : std::move(op);
  update.salt = {static_cast<std::uint8_t>(revision), 7};
  update.op_digest = sha256(as_bytes(update.op));
  update.created_at = Timestamp(static_cast<std::int64_t>(1'000 + revision));
  update.prev_hash = hash_at(revision - 1);
  update.hash = hash_at(revision);
  return update;
}

/// The last submission of "client", committed as `revision`.
inline storage::ClientRecord make_client(std::uint64_t revision) {
  return {
      .client = ClientId("client"),
      .last_seq = ClientSeq(revision),
      .revision = Revision(revision),
      .submission_hash = hash_at(revision),
  };
}

/// Revisions `first` … `first + count - 1`, with the record of their client.
inline storage::Append make_append(const std::string& document,
                                   std::uint64_t first,
                                   std::uint64_t count = 1) {
  storage::Append append{.document = DocumentId(document),
                         .expected_head = Revision(first - 1),
                         .updates = {},
                         .clients = {make_client(first + count - 1)}};
  for (std::uint64_t revision = first; revision < first + count; ++revision) {
    append.updates.push_back(make_update(revision));
  }
  return append;
}

inline storage::Snapshot make_snapshot(std::uint64_t revision) {
  return {
      .revision = Revision(revision),
      .content = "\"content at " + std::to_string(revision) + "\"",
      .hash = hash_at(revision),
  };
}

inline std::vector<std::uint64_t> revisions_of(const std::vector<storage::Update>& updates) {
  std::vector<std::uint64_t> revisions;
  for (const storage::Update& update : updates) {
    revisions.push_back(update.revision.value());
  }
  return revisions;
}

/// Asks one object that is all three stores, and waits.
template <class Store>
class StoreDriver {
 public:
  /// `store` and `loop` outlive the driver.
  StoreDriver(Store& store, TestExecutor& loop) : store_(store), loop_(loop) {}

  storage::AppendOutcome append(storage::Append append) {
    return loop_.await<storage::AppendOutcome>([&](Executor& loop, auto done) {
      store_.append(std::move(append), loop, std::move(done));
    });
  }

  /// Appends revisions `first` … `first + count - 1`.
  storage::AppendStatus append(const std::string& document,
                               std::uint64_t first,
                               std::uint64_t count = 1) {
    return append(make_append(document, first, count)).status;
  }

  Result<storage::OpenedDocument> open(const std::string& document) {
    return loop_.await<Result<storage::OpenedDocument>>([&](Executor& loop, auto done) {
      store_.open_document(DocumentId(document), loop, std::move(done));
    });
  }

  Result<std::vector<storage::Update>> read(const std::string& document,
                                            std::uint64_t from,
                                            std::uint64_t to,
                                            storage::ReadBudget budget = {}) {
    return loop_.await<Result<std::vector<storage::Update>>>([&](Executor& loop, auto done) {
      store_.read_updates(
          DocumentId(document), Revision(from), Revision(to), budget, loop, std::move(done));
    });
  }

  Result<std::optional<storage::ClientRecord>> find_client(const std::string& document,
                                                           const std::string& client) {
    return loop_.await<Result<std::optional<storage::ClientRecord>>>(
        [&](Executor& loop, auto done) {
          store_.find_client(DocumentId(document), ClientId(client), loop, std::move(done));
        });
  }

  Result<void> write_snapshot(const std::string& document, storage::Snapshot snapshot) {
    return loop_.await<Result<void>>([&](Executor& loop, auto done) {
      store_.write_snapshot(DocumentId(document), std::move(snapshot), loop, std::move(done));
    });
  }

  Result<storage::Snapshot> read_snapshot(const std::string& document, std::uint64_t revision) {
    return loop_.await<Result<storage::Snapshot>>([&](Executor& loop, auto done) {
      store_.read_snapshot(DocumentId(document), Revision(revision), loop, std::move(done));
    });
  }

  Result<void> create(storage::DocumentInfo info, std::string content = "\"\"") {
    return loop_.await<Result<void>>([&](Executor& loop, auto done) {
      store_.create_document(std::move(info), std::move(content), loop, std::move(done));
    });
  }

  Result<void> create(const std::string& document) { return create(make_document(document)); }

  Result<storage::DocumentInfo> find(const std::string& document) {
    return loop_.await<Result<storage::DocumentInfo>>([&](Executor& loop, auto done) {
      store_.find_document(DocumentId(document), loop, std::move(done));
    });
  }

  Result<void> record_opened(const std::string& user, const std::string& document, int at) {
    return loop_.await<Result<void>>([&](Executor& loop, auto done) {
      store_.record_opened(
          UserId(user), DocumentId(document), Timestamp(at), loop, std::move(done));
    });
  }

  /// The ids of the documents that `user` sees.
  std::vector<std::string> list(const std::string& user, std::size_t count = 50) {
    auto listed =
        loop_.await<Result<std::vector<storage::DocumentInfo>>>([&](Executor& loop, auto done) {
          store_.list_documents(UserId(user), {.count = count}, loop, std::move(done));
        });
    EXPECT_TRUE(listed);
    std::vector<std::string> ids;
    for (const storage::DocumentInfo& info : *listed) {
      ids.emplace_back(info.id.value());
    }
    return ids;
  }

 private:
  Store& store_;
  TestExecutor& loop_;
};

}  // namespace cloudsync::test
