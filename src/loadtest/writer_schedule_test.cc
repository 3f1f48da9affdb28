#include "loadtest/writer_schedule.h"

#include <gtest/gtest.h>

#include <map>

namespace cloudsync::loadtest {
namespace {

constexpr TimePoint kStart{std::chrono::seconds(100)};

TEST(WriterSchedule, MakesTheAskedRateWithEveryWriter) {
  WriterSchedule schedule(7, 35.0, kStart, 1);
  std::map<std::size_t, int> edits;
  while (schedule.next_due() < kStart + std::chrono::seconds(10)) {
    ++edits[schedule.next_writer()];
    schedule.advance();
  }
  ASSERT_EQ(edits.size(), 7U);
  for (const auto& [writer, count] : edits) {
    EXPECT_EQ(count, 50) << writer;
  }
}

TEST(WriterSchedule, NeverGoesBackAndSpreadsItsWriters) {
  WriterSchedule schedule(100, 100.0, kStart, 2);
  TimePoint last = kStart;
  std::map<std::int64_t, int> in_tenth;
  for (int i = 0; i < 100; ++i) {
    EXPECT_GE(schedule.next_due(), last);
    last = schedule.next_due();
    ++in_tenth[(last - kStart) / std::chrono::milliseconds(100)];
    schedule.advance();
  }
  EXPECT_LT(last, kStart + std::chrono::seconds(1));
  EXPECT_GE(in_tenth.size(), 9U);  // no burst: hardly a tenth of the second stays empty
}

TEST(WriterSchedule, EachWriterKeepsItsPhase) {
  WriterSchedule schedule(3, 3.0, kStart, 3);
  std::vector<TimePoint> first(3);
  for (int i = 0; i < 3; ++i, schedule.advance()) {
    first[schedule.next_writer()] = schedule.next_due();
  }
  for (int i = 0; i < 3; ++i, schedule.advance()) {
    EXPECT_EQ(schedule.next_due() - first[schedule.next_writer()], std::chrono::seconds(1));
  }
}

TEST(WriterSchedule, SameSeedSameSchedule) {
  WriterSchedule a(10, 5.0, kStart, 42);
  WriterSchedule b(10, 5.0, kStart, 42);
  for (int i = 0; i < 50; ++i, a.advance(), b.advance()) {
    EXPECT_EQ(a.next_due(), b.next_due());
    EXPECT_EQ(a.next_writer(), b.next_writer());
  }
}

}  // namespace
}  // namespace cloudsync::loadtest
