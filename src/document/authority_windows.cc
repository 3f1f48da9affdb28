// DocumentAuthority: what comes fast waits for company.
//
// A frame costs the same for each member, whatever is in it. So a batch begins no sooner than a
// window behind the one before it, and takes all that came meanwhile; presence likewise. Nothing
// waits where the document was quiet for as long.

#include "document/authority.h"

#include <algorithm>

namespace cloudsync::document {
namespace {

/// In how much company a window is as long as its limit says; in less it is shorter in proportion.
/// A delivery takes a loop three to seven microseconds (bench/README.md): with 10 ms for fifty
/// members, delivering operations takes 4 % of a core for such a document at most.
constexpr std::size_t kFullWindowMembers = 50;

}  // namespace

Duration DocumentAuthority::window(Duration full) const {
  const auto members = static_cast<int>(std::min(members_.count(), kFullWindowMembers));
  return members < 2 ? Duration(0) : full * members / static_cast<int>(kFullWindowMembers);
}

// True if what waits is to wait on, for company.
bool DocumentAuthority::hold(Window window, Moment moment) {
  const bool is_batch = window == Window::kBatch;
  Holding& holding = is_batch ? batch_holding_ : presence_holding_;
  if (holding.held || holding.opens_at <= moment.at) {
    return holding.held;
  }
  holding.held = true;
  effects_.emplace_back(LimitEffect{is_batch ? "batch_window" : "presence_window"});
  effects_.emplace_back(WindowEffect{.window = window, .wait = holding.opens_at - moment.at});
  return true;
}

void DocumentAuthority::on_window(Window window, Moment moment) {
  if (window == Window::kBatch) {
    batch_holding_ = {.opens_at = moment.at, .held = false};
    start_batch(moment);
  } else {
    presence_holding_ = {.opens_at = moment.at + this->window(limits_.presence_window),
                         .held = false};
    deliver_presence();
  }
}

}  // namespace cloudsync::document
