#include "runtime/outbox.h"

#include <gtest/gtest.h>

namespace cloudsync::runtime {
namespace {

std::string gathered(const Outbox& outbox) {
  Outbox::Vectors vectors;
  const std::size_t count = outbox.gather(vectors);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text.append(static_cast<const char*>(vectors[i].iov_base), vectors[i].iov_len);
  }
  return text;
}

TEST(Outbox, ConsumesAcrossChunks) {
  Outbox outbox;
  outbox.push(share("abc"));
  outbox.push(share("def"));
  outbox.consume(4);
  EXPECT_EQ(gathered(outbox), "ef");
  EXPECT_EQ(outbox.bytes(), 2U);
  outbox.push(share("gh"));
  EXPECT_EQ(gathered(outbox), "efgh");
  outbox.consume(4);
  EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, GathersAtMostOneSystemCallsWorth) {
  Outbox outbox;
  for (std::size_t i = 0; i < Outbox::kChunksMax + 1; ++i) {
    outbox.push(share("x"));
  }
  EXPECT_EQ(gathered(outbox).size(), Outbox::kChunksMax);
}

TEST(Outbox, KeepsOrderThroughManyPartialSends) {
  Outbox outbox;
  std::string sent;
  std::string expected;
  for (int i = 0; i < 1'000; ++i) {
    const std::string chunk = std::to_string(i) + ",";
    expected += chunk;
    outbox.push(share(chunk));
    const std::string some = gathered(outbox).substr(0, 3);
    sent += some;
    outbox.consume(some.size());
  }
  while (!outbox.empty()) {
    const std::string some = gathered(outbox);
    sent += some;
    outbox.consume(some.size());
  }
  EXPECT_EQ(sent, expected);
}

TEST(Outbox, ReleasesASentFrame) {
  Outbox outbox;
  auto frame = share("frame");
  outbox.push(frame);
  outbox.push(share("next"));
  outbox.consume(5);
  EXPECT_EQ(frame.use_count(), 1);
}

}  // namespace
}  // namespace cloudsync::runtime
