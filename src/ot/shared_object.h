#pragma once
// An immutable JSON object that its copies share: the attributes of rich text and its embeds, which
// many runs and operations have in common.

#include "base/json.h"

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <utility>

namespace cloudsync::ot {

/// Copying is O(1) and allocates nothing, comparing copies is O(1). An empty object is no object at
/// all, so nothing is allocated for it either.
class SharedObject {
 public:
  SharedObject() = default;

  // NOLINTNEXTLINE(google-explicit-constructor): an object where attributes are wanted is plain
  SharedObject(JsonObject object)
      : shared_(object.empty() ? nullptr : new Shared(std::move(object))) {}

  bool empty() const { return shared_ == nullptr; }

  const JsonObject& get() const {
    static const JsonObject kEmpty;
    return empty() ? kEmpty : shared_->object;
  }

  friend bool operator==(const SharedObject& a, const SharedObject& b) {
    return a.shared_ == b.shared_ || (!a.empty() && !b.empty() && a.get() == b.get());
  }

 private:
  struct Shared : boost::intrusive_ref_counter<Shared, boost::thread_safe_counter> {
    explicit Shared(JsonObject shared) : object(std::move(shared)) {}

    const JsonObject object;
  };

  boost::intrusive_ptr<const Shared> shared_;
};

}  // namespace cloudsync::ot
