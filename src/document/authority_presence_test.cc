// Who is in a document at other nodes, and what they show: rosters that come and go.

#include "document/authority_fixture.h"

namespace cloudsync::document {
namespace {

using Words = std::vector<std::string>;

class RemotePresence : public AuthorityTest {
 protected:
  void SetUp() override {
    open("text", R"("")", {R"(["abc"])"});
    authority->share_as("here");
    ann_joins();
  }

  void reopen_with_room_for(std::size_t members) {
    limits.members_listed = members;
    log.clear();
    RemotePresence::SetUp();
  }

  void ann_joins() {
    join(ann, "ann");
    answer_reads();
  }

  static RosterMember someone(const std::string& client) {
    return {.client = ClientId(client),
            .user = UserId("u-" + client),
            .name = client,
            .presence = std::nullopt};
  }

  static RosterMember at(const std::string& client, std::uint64_t revision, int index) {
    RosterMember member = someone(client);
    member.presence = ShownPresence{
        .revision = Revision(revision),
        .state = R"({"selection":{"index":)" + std::to_string(index) + R"(,"length":0}})"};
    return member;
  }

  void hear(std::uint64_t number, std::vector<RosterMember> members, std::string node = "far") {
    authority->on_roster(
        {.node = std::move(node), .number = number, .unlisted = 0, .members = std::move(members)},
        now);
    take();
  }

  void beat(bool is_heartbeat = true) {
    authority->beat(is_heartbeat, now);
    take();
  }

  bool last_payload_has(std::string_view text) const {
    return payload(frames.size() - 1).find(text) != std::string::npos;
  }
};

TEST_F(RemotePresence, MembersHereHearWhoComesAndGoes) {
  hear(1, {someone("bob")});
  EXPECT_TRUE(last_payload_has(R"("clientId":"bob")"));
  EXPECT_TRUE(last_payload_has(R"("memberCount":2)"));
  hear(2, {someone("bob")});
  hear(1, {});
  hear(3, {});
  EXPECT_EQ(order, (Words{"joined", "user-joined", "user-left"}));
}

TEST_F(RemotePresence, AJoinerIsToldOfThemAndOfTheirCursors) {
  hear(1, {at("bob", 1, 2)});
  order.clear();
  const Token joined = join(bob, "eve");
  answer_reads();
  EXPECT_NE(joins.at(joined).value().fields.find(R"({"clientId":"bob")"), std::string::npos);
  EXPECT_NE(joins.at(joined).value().fields.find(R"("memberCount":3)"), std::string::npos);
  EXPECT_EQ(order, (Words{"joined", "user-joined", "presence"}));
  EXPECT_EQ(frames.back().frame.only, bob);
  EXPECT_TRUE(last_payload_has(R"("index":2)"));
}

TEST_F(RemotePresence, ACursorIsMovedToTheHead) {
  const Token sent = submit(ann, 1, 1, R"(["XY"])");
  commit();
  ASSERT_TRUE(acks.at(sent));
  hear(1, {at("bob", 1, 2)});
  EXPECT_TRUE(last_payload_has(R"("revision":2)")) << payload(frames.size() - 1);
  EXPECT_TRUE(last_payload_has(R"("index":4)")) << payload(frames.size() - 1);
}

TEST_F(RemotePresence, ACursorAheadIsForTheReceiversToHold) {
  hear(1, {at("bob", 9, 2)});
  EXPECT_TRUE(last_payload_has(R"("revision":9)"));
  EXPECT_TRUE(last_payload_has(R"("index":2)"));
}

TEST_F(RemotePresence, WhoMovesHereDoesNotLeaveBefore) {
  hear(1, {at("bob", 1, 2)});
  order.clear();
  join(bob, "bob");
  answer_reads();
  EXPECT_EQ(order, (Words{"joined", "presence"}));
  EXPECT_TRUE(last_payload_has(R"("state":null)"));
  hear(2, {});
  EXPECT_EQ(order, (Words{"joined", "presence"}));
}

TEST_F(RemotePresence, WhoMovedAwayIsShownThereOnceItsConnectionHereIsGone) {
  join(bob, "bob");
  answer_reads();
  order.clear();
  hear(1, {at("bob", 1, 2)});  // here it is half-open
  EXPECT_EQ(order, Words());
  authority->leave(bob, now);
  take();
  EXPECT_EQ(order, Words{"presence"});
  EXPECT_TRUE(last_payload_has(R"("index":2)"));
}

TEST_F(RemotePresence, NoMoreAreListedThanOnOneNode) {
  reopen_with_room_for(2);  // ann is here
  order.clear();
  hear(1, {someone("bob"), someone("cid")});
  EXPECT_EQ(order, Words{"user-joined"});
  EXPECT_TRUE(last_payload_has(R"("memberCount":3)"));
}

TEST_F(RemotePresence, WhoMovesHereAndIsNotListedLeaves) {
  reopen_with_room_for(2);
  hear(1, {someone("bob"), someone("cid")});
  join(member(8), "cid");
  answer_reads();
  order.clear();
  join(member(9), "bob");
  answer_reads();
  EXPECT_EQ(order, (Words{"joined", "user-left"}));
}

TEST_F(RemotePresence, ASilentNodesMembersLeave) {
  hear(1, {someone("bob")});
  for (std::uint32_t i = 0; i < RemoteMembers::kSilentBeatsMax; ++i) {
    beat();
  }
  EXPECT_EQ(order, (Words{"joined", "user-joined"}));
  beat(false);
  EXPECT_EQ(order.size(), 2U);
  beat();
  EXPECT_EQ(order.back(), "user-left");
}

TEST_F(RemotePresence, OthersAreToldWhatChangedAndThatItIsThere) {
  beat(false);
  ASSERT_EQ(rosters.size(), 1U);
  EXPECT_EQ(rosters[0].node, "here");
  ASSERT_EQ(rosters[0].members.size(), 1U);
  beat(false);
  EXPECT_EQ(rosters.size(), 1U) << "nothing changed";
  beat();
  EXPECT_EQ(rosters.size(), 2U);
  authority->presence(ann,
                      {.document = DocumentId("doc"),
                       .revision = Revision(1),
                       .state = JsonObject{{"selection", nullptr}}},
                      moment());
  take();
  beat(false);
  ASSERT_EQ(rosters.size(), 3U);
  ASSERT_TRUE(rosters[2].members[0].presence);
  EXPECT_EQ(rosters[2].members[0].presence->revision, Revision(1));
  EXPECT_LT(rosters[1].number, rosters[2].number);
}

TEST_F(RemotePresence, TheLastToLeaveIsToldAtOnce) {
  beat(false);
  authority->leave(ann, now);
  take();
  ASSERT_EQ(rosters.size(), 2U);
  EXPECT_TRUE(rosters.back().members.empty());
  beat();
  EXPECT_EQ(rosters.size(), 2U) << "there is nobody to speak of";
}

TEST_F(RemotePresence, ManyNodesAreALimit) {
  for (std::size_t i = 0; i <= limits.presence_nodes; ++i) {
    hear(1, {someone("c" + std::to_string(i))}, "n" + std::to_string(i));
  }
  EXPECT_EQ(reached, Words{"presence_nodes"});
}

}  // namespace
}  // namespace cloudsync::document
