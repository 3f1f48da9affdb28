#include "document/service_metrics.h"

#include <string>

namespace cloudsync::document {
namespace {

Counter& submissions(Metrics& metrics, std::string_view outcome) {
  return metrics.counter("cloudsync_submissions_total",
                         "Answered submissions by outcome.",
                         "outcome=\"" + std::string(outcome) + "\"");
}

}  // namespace

ServiceMetrics::ServiceMetrics(Metrics& metrics)
    : metrics_(metrics),
      operations_(metrics.counter("cloudsync_operations_total", "Committed operations.")),
      committed_(submissions(metrics, "committed")),
      duplicate_(submissions(metrics, "duplicate")),
      ack_seconds_(metrics.histogram("cloudsync_ack_seconds",
                                     "Time from a submission's arrival to its ack.",
                                     latency_bounds())),
      documents_open_(
          metrics.gauge("cloudsync_documents_open", "Documents whose authority is in memory.")),
      head_checks_(metrics.counter("cloudsync_head_checks_total",
                                   "Documents that were looked at for what other nodes committed, "
                                   "each time.")),
      updates_missed_(
          metrics.counter("cloudsync_updates_missed_total",
                          "Operations of other nodes that were found in the log and not "
                          "by a publication.")) {}

void ServiceMetrics::count_refused(ErrorCode code) {
  Counter*& counter = refused_[code];
  if (counter == nullptr) {
    counter = &submissions(metrics_, error_name(code));
  }
  counter->add();
}

}  // namespace cloudsync::document
