#include "api/static_files.h"

#include <gtest/gtest.h>

#include <fstream>

namespace cloudsync::api {
namespace {

using codec::http1::Header;
using codec::http1::Request;

class StaticFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::path(::testing::TempDir()) / "static_files_test";
    std::filesystem::create_directories(directory_ / "assets");
    write("index.html", "<html>page</html>");
    write("assets/app-1a2b.js", std::string(5000, 'a'));
    files_ = *StaticFiles::load(directory_);
  }

  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
  }

  codec::http1::Response get(const std::string& target, std::vector<Header> headers = {}) {
    Request request;
    request.method = "GET";
    request.target = target;
    request.headers = std::move(headers);
    return files_.serve(request);
  }

  static std::string body(const codec::http1::Response& response) {
    std::string whole = response.body;
    for (const SharedBytes& piece : response.shared_body) {
      whole += *piece;
    }
    return whole;
  }

  std::filesystem::path directory_;
  StaticFiles files_;
};

TEST_F(StaticFilesTest, PageIsServedForItsRoutesAndRevalidated) {
  for (const char* target : {"/", "/d/some-document", "/?x=1"}) {
    const auto response = get(target);
    EXPECT_EQ(response.status, 200) << target;
    EXPECT_EQ(body(response), "<html>page</html>");
    EXPECT_EQ(*response.find("cache-control"), "no-cache");
    EXPECT_EQ(*response.find("content-type"), "text/html; charset=utf-8");
  }
}

TEST_F(StaticFilesTest, ABrokenLinkIsNoFileAndNoError) {
  std::filesystem::create_symlink("nowhere", directory_ / "broken");
  const auto files = StaticFiles::load(directory_);
  ASSERT_TRUE(files);
  EXPECT_EQ(get("/broken").status, 404);
}

TEST_F(StaticFilesTest, HashedAssetsAreImmutable) {
  const auto response = get("/assets/app-1a2b.js");
  EXPECT_EQ(body(response).size(), 5000U);
  EXPECT_EQ(*response.find("cache-control"), "public, max-age=31536000, immutable");
}

TEST_F(StaticFilesTest, GzipIsSentOnlyToThoseThatTakeIt) {
  const auto response = get("/assets/app-1a2b.js", {{"accept-encoding", "br, gzip"}});
  EXPECT_EQ(*response.find("content-encoding"), "gzip");
  EXPECT_LT(body(response).size(), 200U);
  EXPECT_EQ(get("/assets/app-1a2b.js").find("content-encoding"), nullptr);
}

TEST_F(StaticFilesTest, FilesAreSharedByAllWhoAsk) {
  const auto one = get("/assets/app-1a2b.js");
  EXPECT_EQ(one.shared_body, get("/assets/app-1a2b.js").shared_body);
  EXPECT_EQ(one.body, "");
  EXPECT_TRUE(one.resident);
}

TEST_F(StaticFilesTest, KnownEtagIsNotModified) {
  const std::string etag = *get("/").find("etag");
  const auto response = get("/", {{"if-none-match", etag}});
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(body(response), "");
}

TEST_F(StaticFilesTest, NothingOutsideOfTheDirectoryIsReachable) {
  for (const char* target : {"/nothing", "/../etc/passwd", "/assets/../../x", "/assets", "//"}) {
    EXPECT_EQ(get(target).status, 404) << target;
  }
}

TEST_F(StaticFilesTest, MissingDirectoryIsAnErrorAndAMissingAppSaysSo) {
  EXPECT_FALSE(StaticFiles::load(directory_ / "no"));
  files_ = StaticFiles();
  EXPECT_EQ(get("/").status, 503);
}

}  // namespace
}  // namespace cloudsync::api
