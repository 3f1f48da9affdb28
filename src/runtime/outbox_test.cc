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

Outbox outbox_of(std::initializer_list<SharedBytes> frames) {
  Outbox outbox;
  for (const SharedBytes& frame : frames) {
    outbox.push(frame);
  }
  return outbox;
}

TEST(JoinedFrames, AreWhatOutboxesInARowHaveQueued) {
  const SharedBytes a = share("a");
  const SharedBytes b = share("b");
  const SharedBytes c = share("c");
  JoinedFrames joined;
  EXPECT_EQ(joined.of(outbox_of({a, b})), "");  // who knows whether another has them
  const std::string_view both = joined.of(outbox_of({a, b}));
  EXPECT_EQ(both, "ab");
  EXPECT_EQ(joined.of(outbox_of({a, b})).data(), both.data());
  EXPECT_EQ(joined.of(outbox_of({a, b, c})), "");
  EXPECT_EQ(joined.of(outbox_of({a})), "");
  EXPECT_EQ(joined.of(outbox_of({a, b, c})), "abc");
  EXPECT_EQ(joined.of(outbox_of({a, share("b"), c})), "");  // the same text is another frame
  EXPECT_EQ(both, "ab");                                    // until they are sent
  joined.forget();
  EXPECT_EQ(a.use_count(), 1);
  EXPECT_EQ(joined.of(outbox_of({a, b})), "");
}

TEST(JoinedFrames, AreNotOfWhatWasSentInPartNorOfMuch) {
  const SharedBytes a = share("abc");
  const SharedBytes large = share(std::string(16 * 1024, 'x'));
  JoinedFrames joined;
  Outbox begun = outbox_of({a, a});
  begun.consume(1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(joined.of(begun), "");
    EXPECT_EQ(joined.of(outbox_of({a, large})), "");
  }
  begun.consume(2);
  begun.push(a);
  EXPECT_EQ(joined.of(begun), "");
  EXPECT_EQ(joined.of(begun), "abcabc");
}

}  // namespace
}  // namespace cloudsync::runtime
