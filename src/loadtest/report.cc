#include "loadtest/report.h"

#include "loadtest/machine.h"
#include "loadtest/measurements_json.h"
#include "loadtest/partition.h"
#include "loadtest/run_record.h"

#include <fmt/format.h>

namespace cloudsync::loadtest {
namespace {

double rate(std::uint64_t count, std::chrono::duration<double> time) {
  return time.count() > 0 ? static_cast<double>(count) / time.count() : 0.0;
}

double seconds(std::chrono::duration<double> time) {
  return time.count();
}

std::string latency_text(const LatencyHistogram& latency) {
  return fmt::format(
      "p50 {:.2f}  p95 {:.2f}  p99 {:.2f}  p99.9 {:.2f}  max {:.2f} ms  ({} samples)",
      ms(latency.quantile(0.5)),
      ms(latency.quantile(0.95)),
      ms(latency.quantile(0.99)),
      ms(latency.quantile(0.999)),
      ms(latency.max()),
      latency.count());
}

JsonObject latency_json(const LatencyHistogram& latency) {
  return {{"count", latency.count()},
          {"p50Ms", ms(latency.quantile(0.5))},
          {"p95Ms", ms(latency.quantile(0.95))},
          {"p99Ms", ms(latency.quantile(0.99))},
          {"p999Ms", ms(latency.quantile(0.999))},
          {"maxMs", ms(latency.max())},
          {"steps", histogram_json(latency).at("steps")}};
}

JsonObject config_json(const Options& options) {
  JsonArray targets;
  for (const Target& target : options.targets) {
    targets.emplace_back(target.host);
  }
  const std::string_view type = ot::type_name(options.type);
  const std::string_view protocol = protocol_name(options.protocol);
  return {{"targets", std::move(targets)},
          {"protocol", boost::json::string_view(protocol.data(), protocol.size())},
          {"inFlight", options.in_flight},
          {"echo", options.echo},
          {"connections", options.connections},
          {"documents", options.documents},
          {"writers", options.writers},
          {"opsPerSecond", options.ops_per_second},
          {"ladder", JsonArray(options.ladder.begin(), options.ladder.end())},
          {"storms", options.storms},
          {"rejoinsPerSecond", options.rejoins_per_second},
          {"slowReaders", options.slow_readers},
          {"workers", worker_count(options)},
          {"spread", options.spread},
          {"connectsPerSecond", options.connects_per_second},
          {"sourceAddresses", options.source_addresses},
          {"warmUpSeconds", seconds(options.warm_up)},
          {"durationSeconds", seconds(options.duration)},
          {"typing", options.typing},
          {"cursors", boost::json::string_view(cursors_name(options.cursors))},
          {"submitIntervalMs", options.submit_interval.count()},
          {"type", boost::json::string_view(type.data(), type.size())},
          {"seed", options.seed},
          {"reconnect", options.reconnect}};
}

double per_second_of(const ServerCpu& cpu) {
  return rate(cpu.operations, cpu.time);
}

double micros_per_delivery(const ServerCpu& cpu) {
  return cpu.deliveries > 0 ? cpu.time.count() * 1e6 / static_cast<double>(cpu.deliveries) : 0.0;
}

}  // namespace

std::optional<ServerCpu> server_cpu_of(const CpuMeter& meter, const Measurements& measurements) {
  const auto taken = meter.taken();
  return taken ? std::optional(ServerCpu{*taken, measurements.submissions, measurements.operations})
               : std::nullopt;
}

std::string progress_line(double elapsed, const Second& second) {
  const LatencyHistogram& delivery = second.delivery;
  const LatencyHistogram& ack = second.ack;
  std::string line = fmt::format(
      "{:6.1f} s  joined {:6}  acks/s {:6}  deliveries/s {:7}  delivery p50 {:.1f} p95 {:.1f} p99 "
      "{:.1f} ms  ack p95 {:.1f} ms",
      elapsed,
      second.joined,
      ack.count(),
      delivery.count(),
      ms(delivery.quantile(0.5)),
      ms(delivery.quantile(0.95)),
      ms(delivery.quantile(0.99)),
      ms(ack.quantile(0.95)));
  for (const auto& [code, count] : second.errors) {
    line += fmt::format("  {} {}", code, count);
  }
  return line;
}

std::string summary_text(const Outcome& outcome,
                         const Measurements& measurements,
                         const std::vector<Verdict>& verdicts) {
  std::string text = fmt::format(
      "connections   {} joined in {:.2f} s ({:.0f}/s), {} failed\n"
      "connect       {}\n"
      "edits         {} in {:.1f} s, {} operations submitted, {} resent, {} too late\n"
      "deliveries    {} ({:.0f}/s), {} frames, {} cursors\n"
      "network       {} segments, {} bytes, of this machine in all\n"
      "delivery      {}\n"
      "ack           {}\n"
      "convergence   {} documents diverged, {} unsettled after {:.1f} s\n",
      outcome.connected,
      outcome.connecting.count(),
      rate(outcome.connected, outcome.connecting),
      outcome.failed,
      latency_text(measurements.connect.total),
      measurements.edits,
      outcome.writing.count(),
      measurements.submissions,
      measurements.resends,
      measurements.late_edits,
      measurements.delivery.total.count(),
      rate(measurements.delivery.total.count(), outcome.writing),
      measurements.frames,
      measurements.cursors,
      measurements.segments,
      measurements.octets,
      latency_text(measurements.delivery.total),
      latency_text(measurements.ack.total),
      outcome.diverged_documents,
      outcome.unsettled_documents,
      outcome.settling.count());
  text += fmt::format("lost          {} disconnects, {} reconnects, {} slow readers\n",
                      measurements.disconnects,
                      measurements.reconnects,
                      measurements.slow_disconnects);
  if (const auto& cpu = outcome.server_cpu) {
    text +=
        fmt::format("server CPU    {:.2f} s: {:.2f} us a delivery, {:.0f} operations a second\n",
                    cpu->time.count(),
                    micros_per_delivery(*cpu),
                    per_second_of(*cpu));
  }
  for (const auto& [code, count] : measurements.errors) {
    text += fmt::format("error         {} {}\n", code, count);
  }
  text += verdicts_text(verdicts);
  return text +
         (outcome.ok() && all_met(verdicts) ? "result        ok\n" : "result        FAILED\n");
}

std::string ladder_text(const Options& options, const Ladder& ladder) {
  std::string text;
  for (const Ladder::Rung& rung : ladder.rungs()) {
    const auto index = static_cast<std::size_t>(&rung - ladder.rungs().data());
    text += fmt::format("{:6.0f} edits/s, {:7.0f} deliveries/s: {}\n",
                        options.ladder[index] * options.ops_per_second,
                        static_cast<double>(rung.delivery.count()) /
                            std::max(1.0, static_cast<double>(rung.seconds)),
                        latency_text(rung.delivery));
  }
  return text;
}

JsonObject summary_json(const Options& options,
                        const Outcome& outcome,
                        const Measurements& measurements) {
  JsonObject errors;
  std::uint64_t error_count = 0;
  for (const auto& [code, count] : measurements.errors) {
    errors[code] = count;
    error_count += count;
  }
  JsonObject summary{
      {"config", config_json(options)},
      {"ok", outcome.ok()},
      {"connections",
       {{"joined", outcome.connected},
        {"failed", outcome.failed},
        {"seconds", outcome.connecting.count()},
        {"perSecond", rate(outcome.connected, outcome.connecting)},
        {"disconnects", measurements.disconnects},
        {"reconnects", measurements.reconnects},
        {"slowDisconnects", measurements.slow_disconnects}}},
      {"edits",
       {{"made", measurements.edits},
        {"late", measurements.late_edits},
        {"submissions", measurements.submissions},
        {"resends", measurements.resends},
        {"seconds", outcome.writing.count()},
        {"perSecond", rate(measurements.edits, outcome.writing)}}},
      {"deliveries",
       {{"count", measurements.delivery.total.count()},
        {"perSecond", rate(measurements.delivery.total.count(), outcome.writing)},
        {"frames", measurements.frames},
        {"cursors", measurements.cursors},
        {"operations", measurements.operations},
        {"unmeasured", outcome.unmeasured_edits}}},
      {"network", {{"segments", measurements.segments}, {"octets", measurements.octets}}},
      {"connectLatency", latency_json(measurements.connect.total)},
      {"deliveryLatency", latency_json(measurements.delivery.total)},
      {"slowDeliveryLatency", latency_json(measurements.slow_delivery.total)},
      {"ackLatency", latency_json(measurements.ack.total)},
      {"errors", std::move(errors)},
      {"errorCount", error_count},
      {"divergedDocuments", outcome.diverged_documents},
      {"unsettledDocuments", outcome.unsettled_documents},
      {"settleSeconds", outcome.settling.count()}};
  if (const auto& cpu = outcome.server_cpu) {
    summary["serverCpu"] = JsonObject{{"seconds", cpu->time.count()},
                                      {"operations", cpu->operations},
                                      {"operationsPerSecond", per_second_of(*cpu)},
                                      {"deliveries", cpu->deliveries},
                                      {"microsPerDelivery", micros_per_delivery(*cpu)}};
  }
  return summary;
}

/// The rungs that were reached.
JsonArray ladder_json(const Options& options, const Ladder& ladder) {
  JsonArray rungs;
  for (const Ladder::Rung& rung : ladder.rungs()) {
    const double seconds = std::max(1.0, static_cast<double>(rung.seconds));
    rungs.push_back(
        JsonObject{{"opsPerSecond", options.ladder[rungs.size()] * options.ops_per_second},
                   {"seconds", rung.seconds},
                   {"acksPerSecond", static_cast<double>(rung.ack.count()) / seconds},
                   {"deliveriesPerSecond", static_cast<double>(rung.delivery.count()) / seconds},
                   {"delivery", latency_json(rung.delivery)},
                   {"ack", latency_json(rung.ack)}});
  }
  return rungs;
}

JsonObject result_json(const Options& options, const RunRecord& record) {
  JsonObject result = summary_json(options, record.outcome, record.measurements);
  result["scenario"] = options.scenario;
  result["commit"] = options.commit;
  result["machine"] = machine_json();
  result["timeline"] = record.timeline.to_json();
  result["ladder"] = ladder_json(options, record.ladder);
  const auto verdicts = judge(options.objectives, result);
  add_verdicts(result, verdicts);
  result["converged"] = record.outcome.ok();
  result["ok"] = record.outcome.ok() && all_met(verdicts);
  return result;
}

}  // namespace cloudsync::loadtest
