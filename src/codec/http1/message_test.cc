#include "codec/http1/message.h"

#include <gtest/gtest.h>

namespace cloudsync::codec::http1 {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(Cookies, AreFoundByTheirWholeName) {
  const Headers headers = {{"cookie", "ab=1; a=2;b=;  c=x=y"}};
  EXPECT_EQ(cookie_value(headers, "a"), "2");
  EXPECT_EQ(cookie_value(headers, "ab"), "1");
  EXPECT_EQ(cookie_value(headers, "b"), "");
  EXPECT_EQ(cookie_value(headers, "c"), "x=y");
  EXPECT_EQ(cookie_value(headers, "d"), std::nullopt);
  EXPECT_EQ(cookie_value(headers, "x"), std::nullopt);
  EXPECT_EQ(cookie_value({}, "a"), std::nullopt);
}

TEST(Query, LastOfRepeatedKeysWins) {
  EXPECT_EQ(query_value("EIO=3&transport=polling&EIO=4", "EIO"), "4");
}

TEST(Query, DecodesKeysAndValues) {
  EXPECT_EQ(query_value("a%20b=c%2Fd+e", "a b"), "c/d e");
}

TEST(Query, MissingKeyIsNothingAndEmptyValueIsEmpty) {
  EXPECT_EQ(query_value("sid=&x", "sid"), "");
  EXPECT_EQ(query_value("sid=&x", "x"), "");
  EXPECT_EQ(query_value("sid=&x", "y"), std::nullopt);
  EXPECT_EQ(query_value("", ""), std::nullopt);
}

TEST(Query, KeepsOrderAndSkipsMalformedPairs) {
  EXPECT_EQ(parse_query("&b=1&&a=2=3&c=%zz&d=%00&=e&"),
            (Pairs{{"b", "1"}, {"a", "2=3"}, {"", "e"}}));
}

TEST(Query, PrototypeNamesAreOrdinaryKeys) {
  EXPECT_EQ(query_value("__proto__=1&sid=constructor", "sid"), "constructor");
}

TEST(PercentDecode, RefusesCutEscapesAndNul) {
  EXPECT_EQ(percent_decode("%2e%2E/+"), "../+");
  EXPECT_EQ(percent_decode("%"), std::nullopt);
  EXPECT_EQ(percent_decode("a%4"), std::nullopt);
  EXPECT_EQ(percent_decode("%g0"), std::nullopt);
  EXPECT_EQ(percent_decode("%00"), std::nullopt);
}

TEST(Headers, TokensAreFoundInListsIgnoringCase) {
  const Headers headers{{"connection", "keep-alive, Upgrade"}, {"connection", " close ,"}};
  EXPECT_TRUE(has_token(headers, "connection", "upgrade"));
  EXPECT_TRUE(has_token(headers, "connection", "close"));
  EXPECT_FALSE(has_token(headers, "connection", "keep"));
  EXPECT_FALSE(has_token(headers, "connection", "alive"));
  EXPECT_FALSE(has_token(headers, "upgrade", "upgrade"));
}

TEST(Headers, FindGivesTheFirst) {
  const Headers headers{{"cookie", "a"}, {"cookie", "b"}};
  EXPECT_EQ(*find_header(headers, "cookie"), "a");
  EXPECT_EQ(find_header(headers, "Cookie"), nullptr);
}

TEST(Query, KnowsAKeyWhoseValueIsMalformed) {
  EXPECT_TRUE(has_query_key("a=1&sid=%00", "sid"));
  EXPECT_TRUE(has_query_key("sid", "sid"));
  EXPECT_FALSE(has_query_key("a=sid&sidx=1", "sid"));
  EXPECT_FALSE(has_query_key("", "sid"));
}

}  // namespace
}  // namespace cloudsync::codec::http1
