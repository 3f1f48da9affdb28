#include "loadtest/partition.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <random>

namespace cloudsync::loadtest {
namespace {

template <class T>
T sum(const std::vector<Options>& parts, T Options::*member) {
  return std::accumulate(parts.begin(), parts.end(), T{}, [member](T total, const Options& part) {
    return total + part.*member;
  });
}

Options load(std::size_t connections, std::size_t documents, std::size_t writers) {
  Options options;
  options.targets = parse_targets("http://127.0.0.1:1,http://127.0.0.1:2").value();
  options.connections = connections;
  options.documents = documents;
  options.writers = writers;
  return options;
}

TEST(Partition, PartsAreTheWholeLoad) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 300; ++i) {
    const auto draw = [&](std::size_t from, std::size_t to) {
      return from + random() % (to - from);
    };
    const std::size_t workers = draw(1, 9);
    Options whole = load(draw(200, 5'000), draw(workers, 100), draw(1, 150));
    whole.spread = random() % 2 == 0;
    whole.documents = whole.spread ? 2 : whole.documents;
    whole.slow_readers = draw(0, 40);
    whole.connects_per_second = 70;
    const auto parts = divide(whole, workers);
    ASSERT_TRUE(parts.has_value()) << parts.error().message;
    EXPECT_EQ(sum(*parts, &Options::connections), whole.connections);
    EXPECT_EQ(sum(*parts, &Options::writers), whole.writers);
    EXPECT_EQ(sum(*parts, &Options::slow_readers), whole.slow_readers);
    EXPECT_NEAR(sum(*parts, &Options::ops_per_second), whole.ops_per_second, 1e-6);
    EXPECT_NEAR(sum(*parts, &Options::connects_per_second), 70, 1e-6);
    if (!whole.spread) {
      EXPECT_EQ(sum(*parts, &Options::documents), whole.documents);
    }
  }
}

TEST(Partition, ADocumentHasTheMembersThatItHasInOneProcess) {
  const Options whole = load(103, 10, 14);
  const auto parts = divide(whole, 3).value();
  for (const Options& part : parts) {
    for (std::size_t document = 0; document < part.documents; ++document) {
      const auto dealt = [document](std::size_t total, std::size_t documents) {
        return total / documents + (document < total % documents ? 1 : 0);
      };
      const std::size_t global = part.first_document + document;
      const std::size_t members =
          whole.connections / 10 + (global < whole.connections % 10 ? 1 : 0);
      const std::size_t writers = whole.writers / 10 + (global < whole.writers % 10 ? 1 : 0);
      EXPECT_EQ(dealt(part.connections, part.documents), members);
      EXPECT_EQ(dealt(part.writers, part.documents), writers);
    }
  }
}

TEST(Partition, AWorkerHasToDoWithFewNodesAndEachNodeHasItsShare) {
  for (const std::size_t targets : {1, 2, 3, 6, 12, 24}) {
    Options whole = load(1'200, 24, 24);
    whole.targets.clear();
    for (std::size_t i = 0; i < targets; ++i) {
      whole.targets.push_back(
          parse_targets("http://127.0.0.1:" + std::to_string(i + 1)).value()[0]);
    }
    const auto parts = divide(whole, 6).value();
    std::map<std::uint16_t, std::size_t> documents_of;
    for (const Options& part : parts) {
      EXPECT_EQ(part.targets.size(), std::max<std::size_t>(targets / 6, 1));
      for (const Target& target : part.targets) {
        documents_of[target.endpoint.port] += part.documents / part.targets.size();
      }
    }
    EXPECT_EQ(documents_of.size(), targets);
    for (const auto& [port, documents] : documents_of) {
      EXPECT_EQ(documents, 24 / targets) << targets;
    }
  }
}

TEST(Partition, TargetsThatCannotBeSharedOutAreEverybodys) {
  Options whole = load(1'200, 24, 24);  // of two targets
  EXPECT_EQ(divide(whole, 3).value()[1].targets, whole.targets);
  EXPECT_EQ(divide(whole, 2).value()[1].targets, std::vector{whole.targets[1]});
  whole.documents = 1;
  whole.spread = true;
  EXPECT_EQ(divide(whole, 2).value()[1].targets, whole.targets);
}

TEST(Partition, OfASpreadLoadTheFirstPartsWriteAndAllHaveTheDocument) {
  Options whole = load(40, 1, 13);
  whole.spread = true;
  const auto parts = divide(whole, 4).value();
  EXPECT_EQ(parts[0].writers, 10U);
  EXPECT_EQ(parts[1].writers, 3U);
  EXPECT_EQ(parts[2].writers, 0U);
  EXPECT_EQ(parts[2].ops_per_second, 0.0);
  EXPECT_EQ(parts[3].documents, 1U);
  EXPECT_EQ(parts[3].connections, 10U);
}

TEST(Partition, SourceAddressesAreOfOnePart) {
  Options whole = load(40, 8, 1);
  whole.source_addresses = 10;
  const auto parts = divide(whole, 4).value();
  EXPECT_EQ(parts[3].source_addresses, 2U);
  EXPECT_EQ(parts[3].first_source, 6U);
  whole.source_addresses = 1;
  EXPECT_EQ(divide(whole, 4).value()[3].source_addresses, 1U);
  whole.source_addresses = 0;
  EXPECT_EQ(divide(whole, 4).value()[3].source_addresses, 0U);
}

TEST(Partition, RefusesWhatCannotBeDivided) {
  EXPECT_FALSE(divide(load(100, 3, 1), 4).has_value());
  Options spread = load(10, 4, 1);
  spread.spread = true;
  EXPECT_FALSE(divide(spread, 5).has_value());
}

TEST(Partition, WorkersAreAsManyAsTheConnectionsNeed) {
  EXPECT_EQ(worker_count(load(18'000, 1, 1)), 1U);
  EXPECT_EQ(worker_count(load(18'001, 1, 1)), 2U);
  Options asked = load(10, 1, 1);
  asked.workers = 3;
  EXPECT_EQ(worker_count(asked), 3U);
}

TEST(Partition, APartSurvivesTheCommandLine) {
  Options whole = load(1'000, 10, 33);
  whole.type = ot::Type::kRichText;
  whole.typing = true;
  whole.ladder = {0, 1, 2.5};
  whole.cursors = Cursors::kMoves;
  whole.submit_interval = std::chrono::milliseconds(50);
  whole.warm_up = std::chrono::milliseconds(1'250);
  whole.ops_per_second = 1.0 / 3;
  whole.slow_readers = 5;
  whole.reconnect = true;
  whole.storms = 2;
  const Options part = divide(whole, 3).value()[1];
  std::vector<std::string> arguments = worker_arguments(part);
  std::vector<const char*> argv{"cloudsync-loadtest"};
  for (const std::string& argument : arguments) {
    argv.push_back(argument.c_str());
  }
  const auto parsed = parse_options(static_cast<int>(argv.size()), argv.data());
  ASSERT_TRUE(std::holds_alternative<Options>(parsed));
  EXPECT_EQ(worker_arguments(std::get<Options>(parsed)), arguments);
  EXPECT_EQ(std::get<Options>(parsed).ops_per_second, part.ops_per_second);
  EXPECT_EQ(std::get<Options>(parsed).targets, part.targets);
  EXPECT_EQ(std::get<Options>(parsed).cursors, Cursors::kMoves);
  EXPECT_EQ(std::get<Options>(parsed).submit_interval, whole.submit_interval);
  EXPECT_TRUE(std::get<Options>(parsed).typing);
  EXPECT_EQ(std::get<Options>(parsed).ladder, whole.ladder);
}

}  // namespace
}  // namespace cloudsync::loadtest
