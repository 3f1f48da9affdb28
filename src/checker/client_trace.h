#pragma once
// What one client did with one document, in its order.

#include "checker/document_trace.h"
#include "checker/findings.h"
#include "checker/history.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cloudsync::checker {

class ClientTrace {
 public:
  /// `number` is the client's, as in Author.
  ClientTrace(std::uint32_t number, DocumentTrace& document, Findings& findings)
      : number_(number), document_(document), out_(findings) {}

  /// One of the client's kinds. `author` is that of kApply.
  void add(const Event& event, Author author, Where where);

  /// The page was loaded anew: what it shows may be older than before.
  void reload() { rev_.reset(); }

  /// After the document's.
  void finish();

 private:
  enum class Fate : std::uint8_t {
    kOutstanding,
    kCommitted,  // acknowledged, or met among the committed ones
    kRefused,
    kReturned,  // to the user, as a copy
  };

  struct Submission {
    std::uint64_t seq = 0;
    std::uint64_t rev = 0;
    ShortHash digest = 0;
    Fate fate = Fate::kOutstanding;
    bool never_stored = false;  // refused with a code that says so
    std::uint64_t sent = 0;     // times
    Where where;
  };

  void violate(Invariant invariant, std::uint64_t rev, Where where, std::string what) {
    out_.violate(invariant, document_.name(), rev, where, std::move(what));
  }

  void joined(const Event& event, Where where);
  void submit(const Event& event, Where where);
  void reject(const Event& event, Where where);
  void apply(const Event& event, Author author, Where where);
  void settle(std::uint64_t seq, Fate fate);
  void give_back();
  void check_saved(Where where);
  Submission* find(std::uint64_t seq);

  std::uint32_t number_;
  DocumentTrace& document_;
  Findings& out_;
  std::optional<std::uint64_t> rev_;     // of the confirmed copy
  std::vector<Submission> submissions_;  // by seq
  std::size_t outstanding_ = 0;

  struct Refusal {
    std::uint64_t seq = 0;
    std::string code;
    Where where;
  };

  std::optional<Refusal> refusal_;  // of which nothing became yet
  bool at_rest_ = false;
};

}  // namespace cloudsync::checker
