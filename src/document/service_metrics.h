#pragma once
// What the documents of a node count.

#include "base/error.h"
#include "base/metrics.h"

#include <map>

namespace cloudsync::document {

class ServiceMetrics {
 public:
  /// `metrics` outlives it.
  explicit ServiceMetrics(Metrics& metrics);

  void count_committed() {
    operations_.add();
    committed_.add();
  }

  void count_duplicate() { duplicate_.add(); }

  void count_refused(ErrorCode code);

  void count_head_check() { head_checks_.add(); }

  void count_missed(std::size_t updates) { updates_missed_.add(updates); }

  void count_limit(std::string_view name) { metrics_.limit(name).add(); }

  void observe_ack(double seconds) { ack_seconds_.observe(seconds); }

  void count_documents(int change) { documents_open_.add(change); }

 private:
  Metrics& metrics_;
  Counter& operations_;
  Counter& committed_;
  Counter& duplicate_;
  Histogram& ack_seconds_;
  Gauge& documents_open_;
  Counter& head_checks_;
  Counter& updates_missed_;
  std::map<ErrorCode, Counter*> refused_;  // looked up once each
};

}  // namespace cloudsync::document
