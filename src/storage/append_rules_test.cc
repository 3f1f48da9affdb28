#include "storage/append_rules.h"

#include <gtest/gtest.h>

namespace cloudsync::storage {
namespace {

Append two_updates() {
  Append append{
      .document = DocumentId("d"), .expected_head = Revision(4), .updates = {}, .clients = {}};
  append.updates.resize(2);
  append.updates[0].revision = Revision(5);
  append.updates[0].hash = ChainHash{1};
  append.updates[1].revision = Revision(6);
  append.updates[1].prev_hash = ChainHash{1};
  return append;
}

TEST(AppendRules, AcceptConsecutiveLinkedUpdates) {
  EXPECT_EQ(find_malformation(two_updates()), std::nullopt);
}

TEST(AppendRules, RejectAnEmptyAppend) {
  EXPECT_NE(find_malformation(Append{}), std::nullopt);
}

TEST(AppendRules, RejectAGapBehindTheHead) {
  auto append = two_updates();
  append.expected_head = Revision(3);
  EXPECT_EQ(find_malformation(append), "the revisions of the append have a gap");
}

TEST(AppendRules, RejectARepeatedRevision) {
  auto append = two_updates();
  append.updates[1].revision = Revision(5);
  EXPECT_EQ(find_malformation(append), "the revisions of the append have a gap");
}

TEST(AppendRules, RejectABrokenLink) {
  auto append = two_updates();
  append.updates[1].prev_hash = ChainHash{2};
  EXPECT_EQ(find_malformation(append), "the hashes of the append are not linked");
}

}  // namespace
}  // namespace cloudsync::storage
