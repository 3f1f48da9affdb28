#include "base/crypto.h"

#include <gtest/gtest.h>

namespace cloudsync {
namespace {

TEST(Crypto, Sha1MatchesTheWebSocketExample) {
  // RFC 6455 section 1.3.
  const auto digest =
      sha1(as_bytes("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
  EXPECT_EQ(base64(digest), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(Crypto, Sha256MatchesFips180) {
  EXPECT_EQ(hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Crypto, HmacMatchesRfc4231Case2) {
  EXPECT_EQ(hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Crypto, Base64MatchesRfc4648) {
  EXPECT_EQ(base64(as_bytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(base64(as_bytes("foob")), "Zm9vYg==");
  EXPECT_EQ(base64url(as_bytes("\xfb\xff")), "-_8");
}

TEST(Crypto, FromBase64RefusesAnythingButTheStrictForm) {
  EXPECT_EQ(from_base64("Zm9vYg==")->size(), 4U);
  EXPECT_EQ(from_base64("")->size(), 0U);
  EXPECT_FALSE(from_base64("Zm9vYg="));
  EXPECT_FALSE(from_base64("Zm9v Yg="));
  EXPECT_FALSE(from_base64("Zm9=Yg=="));
  EXPECT_FALSE(from_base64("===="));
}

TEST(Crypto, FieldHasherSeparatesFields) {
  EXPECT_NE(FieldHasher().add("ab").add("c").finish(), FieldHasher().add("a").add("bc").finish());
}

}  // namespace
}  // namespace cloudsync
