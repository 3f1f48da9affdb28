#include "loadtest/shared_document.h"

#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

const ClientId kAda("ada");
const ClientId kBob("bob");
const ClientId kCyd("cyd");
const Target kTarget;

TimePoint at(int ms) {
  return TimePoint(std::chrono::milliseconds(ms));
}

client::CommittedOp op_of(const ClientId& client, std::uint64_t seq) {
  return {client, ClientSeq(seq), ot::TextOp().insert("x")};
}

TEST(SharedDocument, MeasuresDeliveryToOthersFromTheScheduledTime) {
  SharedDocument document{DocumentId("d"), kTarget};
  for (int i = 0; i < 3; ++i) {
    document.add_member();
  }
  Measurements measured;
  document.on_submitted(kAda, ClientSeq(1), {at(10), at(12)});
  document.on_applied(op_of(kAda, 1), kAda, at(15), measured.delivery);
  EXPECT_EQ(measured.delivery.total.count(), 0U);
  document.on_applied(op_of(kAda, 1), kBob, at(20), measured.delivery);
  EXPECT_EQ(measured.delivery.total.count(), 2U);
  EXPECT_EQ(measured.delivery.total.max(), std::chrono::milliseconds(10));
  EXPECT_EQ(document.on_their_way(), 1U);
  document.on_applied(op_of(kAda, 1), kCyd, at(30), measured.delivery);
  EXPECT_EQ(measured.delivery.total.max(), std::chrono::milliseconds(20));
  EXPECT_EQ(document.on_their_way(), 0U);
}

TEST(SharedDocument, IgnoresOperationsOfOtherProcesses) {
  SharedDocument document{DocumentId("d"), kTarget};
  document.add_member();
  Measurements measured;
  document.on_applied(op_of(kAda, 1), kBob, at(1), measured.delivery);
  EXPECT_EQ(measured.delivery.total.count(), 0U);
}

TEST(SharedDocument, MeasuresWhatAnotherProcessAnnouncesBeforeOrAfterItArrives) {
  SharedDocument document{DocumentId("d"), kTarget};
  document.spread([](const ClientId&, ClientSeq, const EditTimes&) {});
  document.add_member();
  document.add_member();
  Measurements measured;
  document.on_applied(op_of(kAda, 1), kBob, at(20), measured.delivery);
  EXPECT_EQ(measured.delivery.total.count(), 0U);
  document.on_announced(kAda, ClientSeq(1), {at(10)});
  EXPECT_EQ(measured.delivery.total.max(), std::chrono::milliseconds(10));
  EXPECT_EQ(document.on_their_way(), 1U);
  document.on_applied(op_of(kAda, 1), kCyd, at(40), measured.delivery);
  EXPECT_EQ(measured.delivery.total.max(), std::chrono::milliseconds(30));
  EXPECT_EQ(measured.delivery.total.count(), 2U);
  EXPECT_EQ(document.on_their_way(), 0U);
}

TEST(SharedDocument, ForgetsWhatAllHadBeforeItWasAnnounced) {
  SharedDocument document{DocumentId("d"), kTarget};
  document.spread([](const ClientId&, ClientSeq, const EditTimes&) {});
  document.add_member();
  Measurements measured;
  document.on_applied(op_of(kAda, 1), kBob, at(20), measured.delivery);
  document.on_announced(kAda, ClientSeq(1), {at(10)});
  EXPECT_EQ(measured.delivery.total.count(), 1U);
  EXPECT_EQ(document.on_their_way(), 0U);
}

TEST(SharedDocument, AnnouncesWhatLeavesItsAuthor) {
  SharedDocument document{DocumentId("d"), kTarget};
  std::vector<std::string> announced;
  document.spread([&](const ClientId& client, ClientSeq seq, const EditTimes& times) {
    announced.push_back(std::string(client.value()) + std::to_string(seq.value()) + "x" +
                        std::to_string(times.size()));
  });
  document.add_member();
  document.on_submitted(kAda, ClientSeq(4), {at(1), at(2)});
  EXPECT_EQ(announced, std::vector<std::string>{"ada4x2"});
}

TEST(SharedDocument, AResendKeepsTheFirstTimes) {
  SharedDocument document{DocumentId("d"), kTarget};
  document.add_member();
  document.add_member();
  Measurements measured;
  document.on_submitted(kAda, ClientSeq(1), {at(10)});
  document.on_submitted(kAda, ClientSeq(1), {});
  document.on_applied(op_of(kAda, 1), kBob, at(50), measured.delivery);
  EXPECT_EQ(measured.delivery.total.max(), std::chrono::milliseconds(40));
}

TEST(SharedDocument, KnowsTheLastFrameByItsBytes) {
  SharedDocument document{DocumentId("d"), kTarget};
  EXPECT_EQ(document.find_frame("2[\"ops\"]"), nullptr);
  const auto batch = std::make_shared<const client::OpsBatch>();
  document.keep_frame("2[\"ops\"]", batch);
  EXPECT_EQ(document.find_frame("2[\"ops\"]"), batch);
  EXPECT_EQ(document.find_frame("2[\"ops\",1]"), nullptr);
}

TEST(SharedDocument, SharesTheContentOfAnEqualSnapshotOnly) {
  SharedDocument document{DocumentId("d"), kTarget};
  EXPECT_EQ(document.find_snapshot("text"), nullptr);
  const auto content = document.keep_snapshot(
      "text", ot::parse_document(ot::Type::kText, JsonValue("text")).value());
  EXPECT_EQ(document.find_snapshot("text"), content);
  EXPECT_EQ(document.find_snapshot("test"), nullptr);
}

TEST(SharedDocument, SharesWhatOneFrameMadeOfOneContentOnly) {
  SharedDocument document{DocumentId("d"), kTarget};
  const auto before = document.keep_snapshot("", ot::make_document(ot::Type::kText));
  const auto equal = std::make_shared<const ot::Document>(*before);
  const auto frame = std::make_shared<const client::OpsBatch>();
  const auto other_frame = std::make_shared<const client::OpsBatch>();
  EXPECT_EQ(document.find_applied(before, *frame), nullptr);
  const auto after = document.keep_applied(before, frame, *before);
  EXPECT_EQ(document.find_applied(before, *frame), after);
  EXPECT_EQ(document.find_applied(equal, *frame), nullptr);
  EXPECT_EQ(document.find_applied(after, *frame), nullptr);
  EXPECT_EQ(document.find_applied(before, *other_frame), nullptr);
}

}  // namespace
}  // namespace cloudsync::loadtest
