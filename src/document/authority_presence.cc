// DocumentAuthority: what members show, here and at other nodes.

#include "document/authority.h"

#include <iterator>
#include <utility>

namespace cloudsync::document {
namespace {

constexpr std::string_view kNoState = "null";

/// For the payloads, which tell nothing else of a member.
Member as_member(const RosterMember& member) {
  return {.client = member.client, .user = member.user, .name = member.name};
}

}  // namespace

// --- here ---

void DocumentAuthority::presence(MemberId id, const PresenceUpdate& update, Moment moment) {
  Member* member = members_.find(id);
  if (member == nullptr || phase_ == Phase::kBroken) {
    return;
  }
  if (update.state.is_null()) {
    withdraw_presence(*member);
    return;
  }
  if (to_json(update.state).size() > limits_.presence_bytes) {
    effects_.emplace_back(LimitEffect{"presence_bytes"});
    return;
  }
  const auto state = moved_state(update, member->client);
  if (!state) {
    return;
  }
  if (!member->listed) {
    if (members_.try_list(*member)) {
      announce(*member, moment.now);
    } else {
      effects_.emplace_back(LimitEffect{"members_listed"});
      return;
    }
  }
  member->presence = std::make_unique<const ShownPresence>(
      ShownPresence{.revision = head(), .state = to_json(JsonValue(*state))});
  roster_due_ = true;
  show_soon(*member, moment);
}

// At once, or with what else changes until the window is over.
void DocumentAuthority::show_soon(Member& member, Moment moment) {
  if (!std::exchange(member.presence_due, true)) {
    work_->to_show.push_back(member.id());
  }
  if (!hold(Window::kPresence, moment)) {
    presence_holding_.opens_at = moment.at + window(limits_.presence_window);
    deliver_presence();
  }
}

// Behind every change of the head the positions would be of the past, so this comes before.
void DocumentAuthority::deliver_presence() {
  for (const MemberId id : std::exchange(work_->to_show, {})) {
    Member* member = members_.find(id);
    if (member != nullptr && std::exchange(member->presence_due, false)) {
      deliver("presence",
              presence_event(info_.id, head(), *member, member->presence->state),
              id,
              member->client);
    }
  }
}

void DocumentAuthority::withdraw_presence(Member& member) {
  member.presence_due = false;
  if (!std::exchange(member.presence, nullptr)) {
    return;
  }
  roster_due_ = true;
  deliver(
      "presence", presence_event(info_.id, head(), member, kNoState), member.id(), member.client);
}

// The state with its selection moved to the head; nothing if it is malformed, out of the document,
// or of a revision that is unknown or too old to be worth a read of the log.
std::optional<JsonObject> DocumentAuthority::moved_state(const PresenceUpdate& update,
                                                         const ClientId& author) const {
  const JsonObject* given = update.state.if_object();
  if (given == nullptr || update.revision > head() || !history_.reaches(update.revision)) {
    return std::nullopt;
  }
  JsonObject state = *given;
  JsonValue* selection = state.if_contains("selection");
  if (selection == nullptr || selection->is_null()) {
    return state;
  }
  JsonObject* object = selection->if_object();
  auto range = object == nullptr ? std::nullopt : ot::read_range(type_, *object);
  if (!range) {
    return std::nullopt;
  }
  for (Revision revision = next(update.revision); revision <= head(); revision = next(revision)) {
    const Committed& committed = history_.at(revision);
    range = ot::transform_range(*range, committed.op, committed.update.client == author);
  }
  if (!ot::contains(content_.committed(), *range)) {
    return std::nullopt;
  }
  ot::write_range(*object, type_, *range);
  return state;
}

// --- at other nodes ---

void DocumentAuthority::beat(bool is_heartbeat, Timestamp now) {
  if (is_heartbeat && elsewhere_->members.beat()) {
    show_remote(now);
  }
  if (roster_due_ || (is_heartbeat && !members_.empty())) {
    tell_roster();
  }
}

void DocumentAuthority::tell_roster() {
  roster_due_ = false;
  if (!shared_) {
    return;
  }
  Roster roster{.node = std::string(node_.str()),
                .number = ++last_roster_,
                .unlisted = members_.count() - members_.listed_count(),
                .members = {}};
  for (const auto& member : members_.all()) {
    if (member->listed) {
      roster.members.push_back({.client = member->client,
                                .user = member->user,
                                .name = member->name,
                                .presence = member->presence != nullptr
                                                ? std::optional(*member->presence)
                                                : std::nullopt});
    }
  }
  effects_.emplace_back(RosterEffect{std::move(roster)});
}

void DocumentAuthority::on_roster(Roster roster, Timestamp now) {
  if (elsewhere_->members.take(std::move(roster), limits_.presence_nodes)) {
    show_remote(now);
  } else {
    effects_.emplace_back(LimitEffect{"presence_nodes"});
  }
}

// Tells the members here what changed at other nodes. A client that is here as well, half-open or
// come back, is shown as it is here.
void DocumentAuthority::show_remote(Timestamp now) {
  std::map<ClientId, RosterMember> current = elsewhere_->members.all(limits_.members_listed);
  std::erase_if(current, [this](const auto& one) { return members_.has_client(one.first); });
  elsewhere_->count = current.size() + elsewhere_->members.unlisted();
  const std::size_t room = limits_.members_listed - members_.listed_count();
  while (current.size() > room) {
    current.erase(std::prev(current.end()));
  }
  const std::map<ClientId, RosterMember> before =
      std::exchange(elsewhere_->shown, std::move(current));
  for (const auto& [client, member] : before) {
    if (!elsewhere_->shown.contains(client) && !members_.has_client(client)) {
      deliver("user-left",
              user_left_event(info_.id, as_member(member), now, member_count()),
              std::nullopt,
              std::nullopt);
    }
  }
  for (const auto& [client, member] : elsewhere_->shown) {
    const auto known = before.find(client);
    if (known == before.end()) {
      deliver("user-joined",
              user_joined_event(info_.id, as_member(member), now, member_count()),
              std::nullopt,
              std::nullopt);
    }
    if (member.presence != (known == before.end() ? std::nullopt : known->second.presence)) {
      show_remote_presence(member, std::nullopt);
    }
  }
}

// A member that was shown as another node's. The others know it, unless there is no room for it
// here; what it showed over there, it will show again.
void DocumentAuthority::come_over(Member& member, const RosterMember& shown, Timestamp now) {
  if (shown.presence) {
    member.presence = std::make_unique<const ShownPresence>(*shown.presence);
  }
  withdraw_presence(member);
  if (!member.listed) {
    deliver("user-left",
            user_left_event(info_.id, member, now, member_count()),
            member.id(),
            std::nullopt);
  }
}

// To all members here, or to one. Receivers hold what is of a revision that they don't have yet;
// what this authority has, it moves to its head. What is too old for that is not shown.
void DocumentAuthority::show_remote_presence(const RosterMember& member,
                                             std::optional<MemberId> only) {
  Revision revision = head();
  std::string state(kNoState);
  if (member.presence && member.presence->revision > head()) {
    revision = member.presence->revision;
    state = member.presence->state;
  } else if (member.presence) {
    const auto moved = moved_state({.document = info_.id,
                                    .revision = member.presence->revision,
                                    .state = parse_json(member.presence->state).value()},
                                   member.client);
    state = moved ? to_json(JsonValue(*moved)) : state;
  }
  std::string payload = presence_event(info_.id, revision, as_member(member), state);
  if (!only) {
    deliver("presence", std::move(payload), std::nullopt, member.client);
    return;
  }
  effects_.emplace_back(DeliverEffect{.loop = only->loop,
                                      .frame = {.document = info_.id,
                                                .event = "presence",
                                                .payload = share(std::move(payload)),
                                                .only = only,
                                                .except = std::nullopt,
                                                .presence_of = member.client}});
}

std::size_t DocumentAuthority::member_count() const {
  return members_.count() + elsewhere_->count;
}

}  // namespace cloudsync::document
