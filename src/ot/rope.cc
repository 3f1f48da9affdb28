#include "ot/rope.h"

namespace cloudsync::ot {

template class BasicRope<256, 8, 16>;

}  // namespace cloudsync::ot
