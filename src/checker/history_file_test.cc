#include "checker/history_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace cloudsync::checker {
namespace {

using ::testing::HasSubstr;

class HistoryFile : public ::testing::Test {
 protected:
  HistoryFile() : path_(::testing::TempDir() + "history-" + std::to_string(::getpid())) {
    std::filesystem::remove(path_);
  }

  ~HistoryFile() override { std::filesystem::remove(path_); }

  void put(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }

  std::string path_;
};

// Every kind, with every field that it has, in the form that other writers are to write.
const std::vector<std::string> kLines{
    R"({"t":1,"client":"ada","kind":"open","doc":"d","type":"text","rev":3,"hash":"00000000000000ff","state":"1234567890abcdef"})",
    R"({"t":1,"client":"ada","kind":"resume","doc":"d","rev":3,"hash":"00000000000000ff"})",
    R"({"t":1,"client":"ada","kind":"conn","up":true})",
    R"({"t":1,"client":"ada","kind":"submit","doc":"d","seq":1,"rev":3,"digest":"00000000000000ff"})",
    R"({"t":1,"client":"ada","kind":"sent","doc":"d","seq":1})",
    R"({"t":1,"client":"ada","kind":"ack","doc":"d","seq":1,"rev":4})",
    R"({"t":1,"client":"ada","kind":"reject","doc":"d","seq":1,"code":"op_invalid"})",
    R"({"t":1,"client":"ada","kind":"apply","doc":"d","rev":4,"clientId":"ada","seq":1,"hash":"00000000000000ff"})",
    R"({"t":1,"client":"ada","kind":"light","doc":"d","saved":false})",
    R"({"t":1,"client":"ada","kind":"copy","doc":"d","text":"a \"b\""})",
    R"({"t":1,"client":"ada","kind":"reload"})",
    R"({"t":1,"client":"ada","kind":"cursor","doc":"d","of":"bob","rev":4,"range":{"index":1,"length":0}})",
    R"({"t":1,"client":"ada","kind":"cursor","doc":"d","of":"bob","rev":4,"range":null})",
    R"({"t":1,"client":"ada","kind":"members","doc":"d","ids":["ada","bob"]})",
    R"({"t":1,"client":"ada","kind":"final","doc":"d","rev":4,"hash":"00000000000000ff","saved":true})",
    R"({"t":1,"node":"n","kind":"start"})",
    R"({"t":1,"node":"n","kind":"stop"})",
    R"({"t":1,"node":"n","kind":"crash"})",
    R"({"t":1,"node":"n","kind":"append","doc":"d","from":4,"to":5})",
    R"({"t":1,"node":"n","kind":"commit","doc":"d","rev":4,"clientId":"ada","seq":1,"hash":"00000000000000ff"})",
    R"({"t":1,"node":"n","kind":"answer","doc":"d","rev":4,"clientId":"ada","seq":1})",
    R"({"t":1,"node":"n","kind":"publish","doc":"d","from":4,"to":5})",
    R"({"t":1,"node":"n","kind":"load","doc":"d","rev":4})",
    R"({"t":1,"node":"n","kind":"snapshot","doc":"d","rev":4,"state":"1234567890abcdef"})",
    R"({"t":-1,"node":"n","kind":"read","doc":"d","rev":4,"after":-2})",
    R"({"t":1,"node":"n","kind":"final","doc":"d","rev":4,"state":"1234567890abcdef"})",
    R"({"kind":"base","doc":"d","type":"rich-text","rev":0,"hash":"0000000000000000","content":[{"insert":"\n"}]})",
    R"({"kind":"log","doc":"d","rev":1,"clientId":"ada","seq":1,"userId":"u","timestamp":5,"op":["x"],"prevHash":"0000000000000000","hash":"00000000000000ff"})",
    R"({"kind":"log","doc":"d","rev":1,"clientId":"ada","seq":1,"userId":"u","timestamp":5,"op":["x"],"salt":"00112233445566778899aabbccddeeff","prevHash":"0000000000000000000000000000000000000000000000000000000000000000","hash":"00000000000000ff00000000000000ff00000000000000ff00000000000000ff"})",
};

TEST(HistoryJson, EveryKindComesBackAsItWasWritten) {
  for (const std::string& line : kLines) {
    const auto event = parse_line(line);
    ASSERT_TRUE(event) << line << ": " << event.error().message;
    EXPECT_EQ(to_line(*event), line);
  }
}

TEST(HistoryJson, EveryFieldButTheOptionalOnesMustBeThere) {
  for (const std::string& line : kLines) {
    const JsonValue whole = parse_json(line).value();
    for (const auto& [key, unused] : whole.get_object()) {
      const std::string_view name(key.data(), key.size());
      JsonObject part = whole.get_object();
      part.erase(key);
      // Without the salt 64 digits are short hashes; the content is known for revision 0.
      const bool is_optional = name == "hash" || name == "state" || name == "type" ||
                               name == "userId" || name == "timestamp" || name == "salt" ||
                               name == "content";
      const bool is_log = whole.at("kind") == "log";
      EXPECT_EQ(parse_line(to_json(part)).has_value(), is_optional && !(is_log && name == "hash"))
          << line << " without " << name;
    }
  }
}

TEST(HistoryJson, HashesAreOfDigits) {
  for (const char* hash : {"", "12", "1234567890abcdeg", "1234567890ABCDEF", "1234567890abcdef0"}) {
    const auto event =
        parse_line(R"({"t":1,"client":"a","kind":"resume","doc":"d","rev":3,"hash":")" +
                   std::string(hash) + "\"}");
    EXPECT_FALSE(event) << hash;
  }
}

TEST(HistoryJson, ARangeIsBounded) {
  EXPECT_FALSE(parse_line(R"({"t":1,"node":"n","kind":"publish","doc":"d","from":4,"to":3})"));
  EXPECT_FALSE(
      parse_line(R"({"t":1,"node":"n","kind":"publish","doc":"d","from":4,"to":9000000000})"));
}

TEST_F(HistoryFile, WhatIsAppendedIsRead) {
  for (int life = 0; life < 2; ++life) {
    auto writer = HistoryWriter::open(path_);
    ASSERT_TRUE(writer);
    for (const std::string& line : kLines) {
      ASSERT_TRUE(writer->append(parse_line(line).value()));
    }
  }
  auto reader = HistoryReader::open(path_);
  ASSERT_TRUE(reader);
  for (std::size_t i = 0; i < 2 * kLines.size(); ++i) {
    const auto event = reader->next();
    ASSERT_TRUE(event && *event);
    EXPECT_EQ(to_line(**event), kLines[i % kLines.size()]);
    EXPECT_EQ(reader->line(), i + 1);
  }
  EXPECT_FALSE(reader->next()->has_value());
}

TEST_F(HistoryFile, AnUnfinishedLastLineIsTheEndAndIsCutOffByTheNextWriter) {
  put(kLines[0] + "\n" + kLines[1].substr(0, 20));
  auto reader = HistoryReader::open(path_);
  EXPECT_TRUE(reader->next()->has_value());
  EXPECT_FALSE(reader->next()->has_value());
  {
    auto writer = HistoryWriter::open(path_);
    ASSERT_TRUE(writer->append(parse_line(kLines[2]).value()));
  }
  auto again = HistoryReader::open(path_);
  EXPECT_TRUE(again->next()->has_value());
  EXPECT_EQ(to_line(**again->next()), kLines[2]);
}

TEST_F(HistoryFile, AMalformedLineIsNamed) {
  put(kLines[0] + "\n{\"kind\":\"nothing\"}\n");
  auto reader = HistoryReader::open(path_);
  EXPECT_TRUE(reader->next());
  const auto event = reader->next();
  ASSERT_FALSE(event);
  EXPECT_THAT(event.error().message, HasSubstr(path_ + ":2: no such kind"));
}

TEST_F(HistoryFile, ALineLongerThanAReadIsOneLine) {
  const std::string text(200'000, 'x');
  put(R"({"t":1,"client":"a","kind":"copy","doc":"d","text":")" + text + "\"}\n" + kLines[0] +
      "\n");
  auto reader = HistoryReader::open(path_);
  const auto event = reader->next();
  ASSERT_TRUE(event && *event);
  EXPECT_EQ((*event)->text, text);
  EXPECT_TRUE(reader->next()->has_value());
}

TEST_F(HistoryFile, ALineWithoutEndIsRefused) {
  put(std::string(kLineBytesMax + 200'000, 'x'));
  auto reader = HistoryReader::open(path_);
  const auto event = reader->next();
  ASSERT_FALSE(event);
  EXPECT_THAT(event.error().message, HasSubstr(":1: longer than"));
}

TEST(HistoryReader, AFileMustBeThere) {
  EXPECT_EQ(HistoryReader::open("/nowhere/history").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace cloudsync::checker
