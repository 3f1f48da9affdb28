// CORS: for the origins that the operator listed, on the paths that pages ask, and for nobody else.

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using codec::http1::Response;

const AccessPolicyOptions kListed{.public_url = "https://docs.example.com",
                                  .allowed_origins = {"https://app.example.com"}};
constexpr std::string_view kApp = "Origin: https://app.example.com\r\n";
constexpr std::string_view kOwn = "Origin: http://localhost:8080\r\n";

Response ask(TestNode& node, std::string bytes) {
  HttpClient client(node);
  client.send(std::move(bytes));
  return client.answer().value_or(Response{});
}

std::string allowed_origin(const Response& response) {
  const std::string* origin = response.find("access-control-allow-origin");
  return origin == nullptr ? "" : *origin;
}

TEST(CrossOrigin, AllowsAListedOriginWithCredentials) {
  TestNode node({}, 1, kListed);
  for (const std::string_view target : {kPolling, std::string_view("/api/v1/documents")}) {
    const Response response = ask(node, HttpClient::get(target, kApp));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(allowed_origin(response), "https://app.example.com");
    EXPECT_EQ(*response.find("access-control-allow-credentials"), "true");
    EXPECT_EQ(*response.find("vary"), "Origin");
  }
}

TEST(CrossOrigin, AllowsItOnErrorsToo) {
  TestNode node({}, 1, kListed);
  const Response response = ask(node, HttpClient::get(with_sid(kPolling, "unknown"), kApp));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(allowed_origin(response), "https://app.example.com");
}

TEST(CrossOrigin, AllowsItOnAPollThatWasHeld) {
  TestNode node({}, 1, kListed);
  HttpClient client(node);
  const std::string url = with_sid(kPolling, sid_of(client.ask(HttpClient::get(kPolling, kApp))));
  client.send(HttpClient::get(url, kApp));
  EXPECT_EQ(ask(node, HttpClient::post(url, "40", kApp)).body, "ok");
  EXPECT_EQ(allowed_origin(*client.answer()), "https://app.example.com");
}

TEST(CrossOrigin, AnswersAPreflight) {
  TestNode node({}, 1, kListed);
  for (const char* target : {"/api/v1/documents", "/socket.io/?EIO=4&transport=polling"}) {
    const Response response = ask(
        node,
        HttpClient::request("OPTIONS",
                            target,
                            std::string(kApp) +
                                "Access-Control-Request-Method: POST\r\n"
                                "Access-Control-Request-Headers: authorization, content-type\r\n",
                            {}));
    EXPECT_EQ(response.status, 204);
    EXPECT_EQ(allowed_origin(response), "https://app.example.com");
    EXPECT_EQ(*response.find("access-control-allow-methods"), "GET, POST");
    EXPECT_EQ(*response.find("access-control-allow-headers"), "authorization, content-type");
  }
  EXPECT_TRUE(node.application.requests.empty());
}

TEST(CrossOrigin, GivesNothingToAnOriginThatIsNotListed) {
  TestNode node({}, 1, kListed);
  for (const char* method : {"GET", "OPTIONS", "POST"}) {
    const Response response =
        ask(node, HttpClient::request(method, kPolling, "Origin: https://evil.example\r\n", {}));
    EXPECT_EQ(response.status, 403) << method;
    EXPECT_EQ(allowed_origin(response), "") << method;
  }
}

TEST(CrossOrigin, GivesNothingToTheNodesOwnPages) {
  TestNode node({}, 1, kListed);
  const Response response = ask(node, HttpClient::get("/api/v1/documents", kOwn));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(allowed_origin(response), "");
  // A cache must still not hand this answer to the other origin.
  EXPECT_EQ(*response.find("vary"), "Origin");
}

TEST(CrossOrigin, GivesNothingOnOtherPaths) {
  TestNode node({}, 1, kListed);
  for (const char* target : {"/", "/metrics", "/healthz", "/apis"}) {
    EXPECT_EQ(allowed_origin(ask(node, HttpClient::get(target, kApp))), "") << target;
  }
}

TEST(CrossOrigin, IsOffByDefault) {
  TestNode node;
  const Response own = ask(node, HttpClient::get("/api/v1/documents", kOwn));
  EXPECT_EQ(own.find("vary"), nullptr);
  EXPECT_EQ(ask(node, HttpClient::get("/api/v1/documents", kApp)).status, 403);
}

}  // namespace
}  // namespace cloudsync::gateway
