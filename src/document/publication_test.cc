#include "document/publication.h"

#include "document/chain.h"

#include <gtest/gtest.h>

namespace cloudsync::document {
namespace {

std::vector<storage::Update> two_updates() {
  std::vector<storage::Update> updates;
  storage::ChainHash hash{7};
  for (std::uint64_t i = 0; i < 2; ++i) {
    storage::Update update{.revision = Revision(41 + i),
                           .client = ClientId("client"),
                           .seq = ClientSeq(5 + i),
                           .user = UserId("user"),
                           .op = R"(["x"])",
                           .salt = {1, 2},
                           .created_at = Timestamp(-3)};
    link(update, hash);
    hash = update.hash;
    updates.push_back(std::move(update));
  }
  return updates;
}

TEST(Publication, ComesBackAsItWas) {
  EXPECT_EQ(decode_publication(encode_publication(two_updates())).value(), two_updates());
}

TEST(Publication, IsRefusedIfAnythingIsCutOrChanged) {
  const std::string whole = encode_publication(two_updates());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_FALSE(decode_publication(whole.substr(0, i))) << i;
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(decode_publication(changed)) << i;
  }
  EXPECT_FALSE(decode_publication(whole + "x"));
}

}  // namespace
}  // namespace cloudsync::document
