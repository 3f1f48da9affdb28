#include "loadtest/scenario.h"

#include "loadtest/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace cloudsync::loadtest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ScenarioFile : public testing::Test {
 protected:
  ScenarioFile() { std::filesystem::create_directories(folder_); }

  ~ScenarioFile() override { std::filesystem::remove_all(folder_); }

  Result<Scenario> read(const std::string& text) {
    std::ofstream(path_) << text;
    return read_scenario(path_);
  }

  std::string error_of(const std::string& text) { return read(text).error().message; }

  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "cloudsync-scenario";
  std::string path_ = folder_ / "tea-time.toml";
};

TEST_F(ScenarioFile, IsOptionsAndObjectives) {
  const auto scenario = read(R"(
description = "d"
nodes = 2
[load]
connections = 12
ops-per-second = 2.5
type = "json"
reconnect = true
spread = false
[objectives]
delivery-p95-ms = 85
failed = 0
)");
  ASSERT_TRUE(scenario.has_value()) << scenario.error().message;
  EXPECT_EQ(scenario->name, "tea-time");
  EXPECT_THAT(
      scenario->arguments,
      ElementsAre("--connections=12", "--ops-per-second=2.5", "--reconnect", "--type=json"));
  EXPECT_THAT(scenario->objectives,
              ElementsAre(Objective{"delivery-p95-ms", 85}, Objective{"failed", 0}));
}

TEST_F(ScenarioFile, SaysWhereItIsWrong) {
  EXPECT_THAT(error_of("[load]\nconnections = ["), HasSubstr("tea-time.toml:2"));
  EXPECT_THAT(error_of("[load]\nconnections = [1]"), HasSubstr("tea-time.toml:2: must be"));
  EXPECT_THAT(error_of("[objectives]\nhappiness = 1"), HasSubstr("no figure 'happiness'"));
  EXPECT_THAT(error_of("[objectives]\nfailed = \"x\""), HasSubstr("must be a number"));
  EXPECT_THAT(error_of("loaf = 1"), HasSubstr("unknown: loaf"));
  EXPECT_THAT(error_of("load = 1"), HasSubstr("must be a table"));
  EXPECT_EQ(read_scenario("/nonexistent.toml").error().code, ErrorCode::kUnavailable);
}

TEST_F(ScenarioFile, TheCommandLineWins) {
  ASSERT_TRUE(read("[load]\nconnections = 12\ndocuments = 3\n"));
  const char* argv[] = {"cloudsync-loadtest",
                        "--target",
                        "http://127.0.0.1:1",
                        "--scenario",
                        path_.c_str(),
                        "--connections",
                        "20"};
  const auto options = std::get<Options>(parse_options(7, argv));
  EXPECT_EQ(options.connections, 20U);
  EXPECT_EQ(options.documents, 3U);
  EXPECT_EQ(options.scenario, "tea-time");
}

TEST_F(ScenarioFile, WhatIsNoOptionIsRefused) {
  ASSERT_TRUE(read("[load]\nconections = 12\n"));
  const char* argv[] = {
      "cloudsync-loadtest", "--target=http://127.0.0.1:1", "--scenario", path_.c_str()};
  EXPECT_NE(std::get<int>(parse_options(4, argv)), 0);
}

TEST(Scenarios, ThoseOfTheProjectCanBeRead) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("bench/scenarios")) {
    const std::string path = entry.path().string();
    const char* argv[] = {
        "cloudsync-loadtest", "--target=http://127.0.0.1:1", "--scenario", path.c_str()};
    const auto options = parse_options(4, argv);
    ASSERT_TRUE(std::holds_alternative<Options>(options)) << path;
    EXPECT_FALSE(std::get<Options>(options).objectives.empty()) << path;
    ++count;
  }
  EXPECT_GE(count, 7U);
}

}  // namespace
}  // namespace cloudsync::loadtest
