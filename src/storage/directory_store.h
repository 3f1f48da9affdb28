#pragma once
// Which documents exist, who made them and who opened them. Same threading contract as op_store.h.

#include "base/executor.h"
#include "base/result.h"
#include "storage/records.h"

#include <string>
#include <vector>

namespace cloudsync::storage {

struct DocumentPage {
  std::size_t count = 50;
};

class DirectoryStore {
 public:
  virtual ~DirectoryStore() = default;

  /// Creates the document at revision 0 with `content` as its snapshot, and notes that its creator
  /// opened it. Durable when done. Errors: kBadRequest if the id exists, kUnavailable.
  virtual void create_document(DocumentInfo info,
                               std::string content,
                               Executor& reply_to,
                               Completion<void> done) = 0;

  /// Errors: kNotFound, kUnavailable.
  virtual void find_document(DocumentId document,
                             Executor& reply_to,
                             Completion<DocumentInfo> done) = 0;

  /// Documents that `user` created or opened, last opened first.
  virtual void list_documents(UserId user,
                              DocumentPage page,
                              Executor& reply_to,
                              Completion<std::vector<DocumentInfo>> done) = 0;

  /// Notes that `user` opened `document` at `at`.
  virtual void record_opened(UserId user,
                             DocumentId document,
                             Timestamp at,
                             Executor& reply_to,
                             Completion<void> done) = 0;
};

}  // namespace cloudsync::storage
