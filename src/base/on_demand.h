#pragma once
// OnDemand<T>: a T that takes memory only while there is something in it, for what most of its many
// owners seldom need. Eight bytes each else.

#include <memory>

namespace cloudsync {

/// T is made by the first access that could change it, and until then read as an empty one. It
/// stays, and keeps its address, until drop_if_empty() finds it `empty()` or until clear().
template <class T>
class OnDemand {
 public:
  T* operator->() {
    if (made_ == nullptr) {
      made_ = std::make_unique<T>();
    }
    return made_.get();
  }

  const T* operator->() const {
    if (made_ != nullptr) {
      return made_.get();
    }
    static const T kNone;
    return &kNone;
  }

  void drop_if_empty() {
    if (made_ != nullptr && made_->empty()) {
      made_.reset();
    }
  }

  /// Null while there is none.
  T* get() { return made_.get(); }

  void clear() { made_.reset(); }

 private:
  std::unique_ptr<T> made_;
};

}  // namespace cloudsync
