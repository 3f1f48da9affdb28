// How sessions open: the Engine.IO handshake and its refusals, and the Socket.IO CONNECT.

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(Handshake, OpensOverPollingWithTheFiveKeys) {
  TestNode node({.payload_bytes = 5'000, .ping_interval = seconds(3), .ping_timeout = seconds(2)});
  HttpClient client(node);
  client.send(HttpClient::get(kPolling));
  const auto answer = client.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(*answer->find("content-type"), "text/plain; charset=UTF-8");
  EXPECT_EQ(*answer->find("cache-control"), "no-store");
  const std::string sid = sid_of(answer->body);
  EXPECT_EQ(answer->body,
            R"(0{"sid":")" + sid +
                R"(","upgrades":["websocket"],"pingInterval":3000,"pingTimeout":2000,)"
                R"("maxPayload":5000})");
  EXPECT_EQ(node.gateway().session_count(), 1U);
}

TEST(Handshake, IsNeverToBeTakenForAPage) {
  TestNode node;
  HttpClient client(node);
  for (const char* target : {"", "&sid=unknown"}) {
    client.send(HttpClient::get(std::string(kPolling) + target));
    EXPECT_EQ(*client.answer()->find("x-content-type-options"), "nosniff");
  }
}

TEST(Handshake, OpensOverWebSocketWithoutUpgrades) {
  TestNode node;
  WebSocketClient client(node);
  const auto messages = client.messages();
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_THAT(messages[0], StartsWith("0{"));
  EXPECT_THAT(messages[0], HasSubstr(R"("upgrades":[])"));
}

TEST(Handshake, GivesEachSessionASecretAndAPublicId) {
  TestNode node;
  PollingClient client(node);
  EXPECT_EQ(client.say("40"), "ok");
  const std::string connected = client.poll();
  const std::string socket_sid = sid_of(connected.substr(1));
  EXPECT_EQ(socket_sid.size(), 20U);
  EXPECT_EQ(client.sid.size(), 23U);
  EXPECT_EQ(client.sid.front(), 'A');
  EXPECT_NE(socket_sid, client.sid);
  EXPECT_NE(PollingClient(node).sid, client.sid);
}

TEST(Handshake, IsKeptWithTheSubjectForLaterConnects) {
  TestNode node;
  node.application.namespaces = {"/", "/late"};
  node.application.handshake = std::make_shared<const gateway::Handshake>(
      gateway::Handshake{.headers = {}, .query = "a=1", .address = {}});
  WebSocketClient client(node);
  client.send("40");
  node.advance(seconds(1));
  client.send("40/late,");
  ASSERT_THAT(node.application.subjects, SizeIs(2));
  for (const Subject& subject : node.application.subjects) {
    EXPECT_EQ(subject.handshake, node.application.handshake);
    EXPECT_TRUE(subject.guests_allowed);
    EXPECT_FALSE(subject.from_cookie);
  }
}

TEST(Handshake, KnowsThePeersAddressWhichThoseOfAProxyShare) {
  TestNode node;
  const auto connect_from = [&node](const std::string& address) {
    node.peer_endpoint = {address, 1'000};
    const WebSocketClient client(node);
    EXPECT_EQ(node.application.origins.back().address.str(), address);
    return node.application.origins.back().address;
  };
  const auto connect_each = [&connect_from](int count) {
    std::vector<SharedText> addresses;
    for (int last = 1; last <= count; ++last) {
      addresses.push_back(connect_from("192.0.2." + std::to_string(last)));
    }
    return addresses;
  };
  const std::vector<SharedText> first = connect_each(4);
  const std::vector<SharedText> again = connect_each(4);
  std::size_t shared = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    shared += first[i].str().data() == again[i].str().data() ? 1 : 0;
  }
  EXPECT_GE(shared, 2U);  // but of those whose places are the same
  connect_each(200);      // more than there are places
}

TEST(Handshake, TakesFramesThatAreGluedToTheUpgrade) {
  TestNode node;
  WebSocketClient client(
      node, {}, 0, WebSocketClient::frame("40") + WebSocketClient::frame(R"(42["x"])"));
  EXPECT_THAT(client.messages(), ElementsAre(StartsWith("0{"), StartsWith("40{")));
  EXPECT_THAT(node.application.events, ElementsAre("x"));
}

struct RefusedRequest {
  const char* method;
  const char* target;
  int status;
  const char* body;
};

TEST(Handshake, RefusesInTheOrderOfTheStockServer) {
  const RefusedRequest cases[] = {
      {"GET", "/socket.io/?EIO=4", 400, R"({"code":0,"message":"Transport unknown"})"},
      {"GET", "/socket.io/?transport=x", 400, R"({"code":0,"message":"Transport unknown"})"},
      {"POST",
       "/socket.io/?EIO=3&transport=polling&sid=__proto__",
       400,
       R"({"code":1,"message":"Session ID unknown"})"},
      {"POST",
       "/socket.io/?EIO=4&transport=polling",
       400,
       R"({"code":2,"message":"Bad handshake method"})"},
      {"GET",
       "/socket.io/?EIO=3&transport=websocket",
       400,
       R"({"code":3,"message":"Bad request"})"},
      {"GET",
       "/socket.io/?EIO=3&transport=polling&sid=",
       400,
       R"({"code":5,"message":"Unsupported protocol version"})"},
  };
  TestNode node;
  for (const RefusedRequest& refused : cases) {
    HttpClient client(node);
    client.send(HttpClient::request(refused.method, refused.target, {}, {}));
    const auto answer = client.answer();
    ASSERT_TRUE(answer) << refused.target;
    EXPECT_EQ(answer->status, refused.status) << refused.target;
    EXPECT_EQ(answer->body, refused.body) << refused.target;
  }
  EXPECT_EQ(node.gateway().session_count(), 0U);
}

TEST(Handshake, RefusesAForeignOriginBeforeTheUpgrade) {
  TestNode node;
  HttpClient client(node);
  client.send(HttpClient::get(kPolling, "Origin: https://evil.example\r\n"));
  EXPECT_EQ(client.answer()->status, 403);
  EXPECT_EQ(node.limit("origin_refused"), 1U);
  EXPECT_EQ(node.gateway().session_count(), 0U);
}

TEST(Handshake, RefusesMoreSessionsThanTheNodeHasConnections) {
  TestNode node({.connections = 2});
  HttpClient client(node);
  EXPECT_THAT(client.ask(HttpClient::get(kPolling)), StartsWith("0{"));
  EXPECT_THAT(client.ask(HttpClient::get(kPolling)), StartsWith("0{"));
  client.send(HttpClient::get(kPolling));
  const auto refused = client.answer();
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(*refused->find("retry-after"), "1");
  EXPECT_EQ(node.limit("connections"), 1U);
}

TEST(Handshake, BindsTheSessionToItsCookie) {
  TestNode node;
  HttpClient client(node);
  const std::string own = "Origin: http://localhost:8080\r\nCookie: ann\r\n";
  const std::string other = "Origin: http://localhost:8080\r\nCookie: eve\r\n";
  const std::string url = with_sid(kPolling, sid_of(client.ask(HttpClient::get(kPolling, own))));
  const char* unknown = R"({"code":1,"message":"Session ID unknown"})";
  EXPECT_EQ(client.ask(HttpClient::post(url, "40", other)), unknown);
  EXPECT_EQ(client.ask(HttpClient::post(url, "40")), unknown);
  EXPECT_EQ(client.ask(HttpClient::get(url, other)), unknown);
  EXPECT_EQ(client.ask(HttpClient::post(url, "40", own)), "ok");
}

TEST(Handshake, LetsNobodyElseDisturbTheSessionByHalfARequest) {
  TestNode node;
  HttpClient client(node);
  const std::string own = "Origin: http://localhost:8080\r\nCookie: ann\r\n";
  const std::string other = "Origin: http://localhost:8080\r\nCookie: eve\r\n";
  const std::string url = with_sid(kPolling, sid_of(client.ask(HttpClient::get(kPolling, own))));
  std::string half = HttpClient::post(url, "40", other);
  half.pop_back();
  HttpClient first(node);
  HttpClient second(node);
  first.send(half);
  second.send(half);
  EXPECT_EQ(client.ask(HttpClient::post(url, "40", own)), "ok");
  EXPECT_EQ(node.gateway().session_count(), 1U);
}

TEST(Handshake, SetsACookieForBalancersInThePollingHandshakeAlone) {
  for (const bool https : {false, true}) {
    TestNode node({}, 1, {}, {.cookie = "io", .https = https});
    HttpClient client(node);
    client.send(HttpClient::get(kPolling));
    const auto opened = client.answer();
    const std::string sid = sid_of(opened->body);
    EXPECT_EQ(*opened->find("set-cookie"),
              "io=" + sid + "; Path=/; HttpOnly; SameSite=Lax" + (https ? "; Secure" : ""));
    const std::string url = with_sid(kPolling, sid);
    client.send(HttpClient::post(url, "40"));
    EXPECT_EQ(client.answer()->find("set-cookie"), nullptr);
    client.send(HttpClient::get(url));
    EXPECT_EQ(client.answer()->find("set-cookie"), nullptr);
    WebSocketClient websocket(node);
    EXPECT_EQ(websocket.peer->received.find("et-cookie"), std::string::npos);
    EXPECT_EQ(websocket.peer->received.find("et-Cookie"), std::string::npos);
  }
}

TEST(Handshake, ClosesASessionThatJoinsNothingInTenSeconds) {
  TestNode node;
  WebSocketClient client(node);
  node.advance(milliseconds(9'999));
  EXPECT_EQ(node.gateway().session_count(), 1U);
  node.advance(milliseconds(1));
  EXPECT_EQ(node.gateway().session_count(), 0U);
  EXPECT_TRUE(client.peer->server_ended);
}

TEST(Connect, TellsTheRefusalOfTheApplicationAndLetsTheClientTryAgain) {
  TestNode node;
  node.application.refuse_connect = Error{ErrorCode::kForbidden, "not \"you\""};
  WebSocketClient client(node);
  client.messages();
  client.send("40");
  EXPECT_THAT(client.messages(),
              ElementsAre(R"(44{"message":"not \"you\"","data":{"code":"forbidden",)"
                          R"("message":"not \"you\""}})"));
  node.application.refuse_connect.reset();
  client.send("40");
  EXPECT_THAT(client.messages(), ElementsAre(StartsWith("40{")));
}

TEST(Connect, RefusesOtherNamespacesButNotWithoutEnd) {
  TestNode node;
  const auto client = join_over_websocket(node);
  client->send("40/admin,");
  EXPECT_THAT(client->messages(), ElementsAre(R"(44/admin,{"message":"Invalid namespace"})"));
  for (int i = 0; i < 10; ++i) {
    client->send("40/admin,");
  }
  EXPECT_TRUE(client->peer->server_ended);
}

TEST(Connect, ClosesWhatBreaksTheProtocol) {
  for (const char* packet : {"40", "42/admin,[\"x\"]", "9", "2", "4", "42[]", "42[\"connect\"]"}) {
    TestNode node;
    const auto client = join_over_websocket(node);
    client->send(packet);
    client->messages();
    EXPECT_EQ(client->close_code, 1005) << packet;
    EXPECT_THAT(node.application.disconnected, SizeIs(1)) << packet;
  }
}

TEST(Connect, ClosesAnEventBeforeIt) {
  TestNode node;
  WebSocketClient client(node);
  client.send(R"(42["x"])");
  EXPECT_TRUE(client.peer->server_ended);
  EXPECT_THAT(node.application.events, IsEmpty());
}

TEST(Connect, TakesNoAttachmentsBeforeIt) {
  TestNode node;
  WebSocketClient client(node);
  client.send(R"(451-["x",{"_placeholder":true,"num":0}])");
  EXPECT_TRUE(client.peer->server_ended);
}

TEST(Connect, WaitsTenSecondsForAttachments) {
  TestNode node;
  const auto client = join_over_websocket(node);
  client->send(R"(451-["x",{"_placeholder":true,"num":0}])");
  node.advance(milliseconds(9'999));
  EXPECT_FALSE(client->peer->gone);
  node.advance(milliseconds(1));
  EXPECT_TRUE(client->peer->server_ended);
}

TEST(Connect, IgnoresWhatTheStockServerIgnores) {
  TestNode node;
  const auto client = join_over_websocket(node);
  for (const char* packet : {"0{}", "5", "6", "3", "439[]", "42[\"error\"]"}) {
    client->send(packet);
  }
  EXPECT_THAT(node.application.events, ElementsAre("error"));
  EXPECT_FALSE(client->peer->gone);
}

}  // namespace
}  // namespace cloudsync::gateway
