#include "checker/kind_names.h"

#include <algorithm>
#include <array>

namespace cloudsync::checker {
namespace {

struct KindName {
  Kind kind;
  std::string_view name;
};

constexpr std::array<KindName, 26> kKindNames{{
    {Kind::kOpen, "open"},         {Kind::kResume, "resume"},   {Kind::kConn, "conn"},
    {Kind::kSubmit, "submit"},     {Kind::kSent, "sent"},       {Kind::kAck, "ack"},
    {Kind::kReject, "reject"},     {Kind::kApply, "apply"},     {Kind::kLight, "light"},
    {Kind::kCopy, "copy"},         {Kind::kReload, "reload"},   {Kind::kCursor, "cursor"},
    {Kind::kMembers, "members"},   {Kind::kStart, "start"},     {Kind::kStop, "stop"},
    {Kind::kCrash, "crash"},       {Kind::kAppend, "append"},   {Kind::kCommit, "commit"},
    {Kind::kAnswer, "answer"},     {Kind::kPublish, "publish"}, {Kind::kLoad, "load"},
    {Kind::kSnapshot, "snapshot"}, {Kind::kRead, "read"},       {Kind::kFinal, "final"},
    {Kind::kBase, "base"},         {Kind::kLog, "log"},
}};
}  // namespace

std::string_view kind_name(Kind kind) {
  return std::find_if(kKindNames.begin(),
                      kKindNames.end(),
                      [kind](const KindName& entry) { return entry.kind == kind; })
      ->name;
}

std::optional<Kind> kind_from_name(std::string_view name) {
  const auto* found = std::find_if(kKindNames.begin(),
                                   kKindNames.end(),
                                   [name](const KindName& entry) { return entry.name == name; });
  return found == kKindNames.end() ? std::nullopt : std::optional(found->kind);
}
}  // namespace cloudsync::checker
