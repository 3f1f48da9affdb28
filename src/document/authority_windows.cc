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
bool DocumentAuthority::hold_batch(Moment moment) {
  if (batch_held_ || batch_opens_at_ <= moment.at) {
    return batch_held_;
  }
  batch_held_ = true;
  effects_.emplace_back(LimitEffect{"batch_window"});
  effects_.emplace_back(
      WindowEffect{.window = Window::kBatch, .wait = batch_opens_at_ - moment.at});
  return true;
}

void DocumentAuthority::on_window(Window window, Moment moment) {
  if (window == Window::kBatch) {
    batch_held_ = false;
    batch_opens_at_ = moment.at;
    start_batch(moment);
  } else {
    presence_held_ = false;
    presence_opens_at_ = moment.at + this->window(limits_.presence_window);
    deliver_presence();
  }
}

}  // namespace cloudsync::document
