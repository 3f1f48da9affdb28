#include "node/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace cloudsync::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string write_file(const std::string& text) {
  std::string path = ::testing::TempDir() + "settings_test.toml";
  std::ofstream(path) << text;
  return path;
}

TEST(Settings, FileTablesBecomeDottedNames) {
  const auto values = read_settings_file(
      write_file("threads = 3\nallow-origin = [\"https://a.example\"]\n[limits]\nop-bytes = 7\n"));
  Settings settings;
  ASSERT_TRUE(apply_settings(settings, *values, "file"));
  EXPECT_EQ(settings.threads, 3U);
  EXPECT_EQ(settings.allow_origin, std::vector<std::string>{"https://a.example"});
  EXPECT_EQ(settings.limits.op_bytes, 7U);
}

TEST(Settings, EnvironmentNamesEverySetting) {
  std::string listen = "CLOUDSYNC_LISTEN=[::1]:0";
  std::string bytes = "CLOUDSYNC_LIMITS_PAYLOAD_BYTES=5000";
  std::string origins = "CLOUDSYNC_ALLOW_ORIGIN=http://a.example http://b.example";
  char* environment[] = {listen.data(), bytes.data(), origins.data(), nullptr};
  Settings settings;
  ASSERT_TRUE(
      apply_settings(settings, read_settings_environment(environment).values, "environment"));
  EXPECT_EQ(settings.listen, (runtime::Endpoint{"::1", 0}));
  EXPECT_EQ(settings.limits.payload_bytes, 5000U);
  EXPECT_EQ(settings.allow_origin,
            (std::vector<std::string>{"http://a.example", "http://b.example"}));
}

TEST(Settings, EnvironmentNamesWhatIsNoSetting) {
  std::string other = "PATH=/bin";
  std::string misspelt = "CLOUDSYNC_LISTENS=[::1]:0";
  std::string origins = "CLOUDSYNC_ALLOW_ORIGIN= http://a.example  http://b.example ";
  char* environment[] = {other.data(), misspelt.data(), origins.data(), nullptr};
  const auto read = read_settings_environment(environment);
  EXPECT_EQ(read.unknown, std::vector<std::string>{"CLOUDSYNC_LISTENS"});
  EXPECT_EQ(read.values,
            (SettingValues{{"allow-origin", {"http://a.example", "http://b.example"}}}));
}

TEST(Settings, ErrorsNameSourceSettingAndReason) {
  Settings settings;
  const auto message = [&](const SettingValues& values) {
    return apply_settings(settings, values, "config.toml").error().message;
  };
  EXPECT_EQ(message({{"lisen", {"x"}}}), "config.toml: no such setting: lisen");
  EXPECT_THAT(message({{"guests", {"maybe"}}}), HasSubstr("guests: must be local, allow or deny"));
  EXPECT_THAT(message({{"limits.op-bytes", {"0"}}}), HasSubstr("must be a whole number from 1"));
  EXPECT_THAT(message({{"threads", {"1", "2"}}}), HasSubstr("given twice"));
  EXPECT_THAT(message({{"public-url", {"docs.example.com"}}}), HasSubstr("must be like https://"));
  EXPECT_THAT(message({{"allow-origin", {"http://a.example http://b.example"}}}),
              HasSubstr("must be like https://"));
  EXPECT_EQ(message({{"data-dir", {""}}}), "config.toml: data-dir: must not be empty");
}

TEST(Settings, WarnsOfWhatIsHardlyMeant) {
  Settings settings;
  EXPECT_THAT(settings_warnings(settings), IsEmpty());
  settings.listen.address = "0.0.0.0";
  EXPECT_THAT(settings_warnings(settings),
              ElementsAre(HasSubstr("guests = local"), HasSubstr("public-url")));
  settings.guests = api::GuestMode::kAllow;
  settings.public_url = "https://docs.example.com";
  EXPECT_THAT(settings_warnings(settings), IsEmpty());
  settings.limits.payload_bytes = settings.limits.op_bytes - 1;
  EXPECT_THAT(settings_warnings(settings), ElementsAre(HasSubstr("limits.op-bytes")));
}

TEST(Settings, MalformedFileNamesTheLine) {
  const auto values = read_settings_file(write_file("threads = 3\noops\n"));
  EXPECT_THAT(values.error().message, HasSubstr("settings_test.toml:2: "));
}

TEST(Settings, AFileThatCannotBeReadIsNamedWithoutALine) {
  const std::string directory = ::testing::TempDir();
  EXPECT_EQ(read_settings_file(directory).error().message, directory + ": is a directory");
  const std::string missing = directory + "no_such.toml";
  EXPECT_THAT(read_settings_file(missing).error().message, StartsWith(missing + ": "));
}

TEST(Settings, EveryDefaultCanBeSetFromItsOwnText) {
  const Settings defaults;
  for (const Setting& setting : all_settings()) {
    Settings changed;
    const std::string text = setting.show(defaults);
    if (!text.empty()) {
      EXPECT_TRUE(setting.set(changed, text)) << setting.name;
      EXPECT_EQ(setting.show(changed), text) << setting.name;
    }
  }
}

}  // namespace
}  // namespace cloudsync::node
