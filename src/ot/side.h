#pragma once
// Who is who when two concurrent operations are transformed against each other: one of the two is
// always kLeft, the other kRight, and every party must agree on which (docs/ot.md).

#include <cstdint>

namespace cloudsync::ot {

enum class Side : std::uint8_t { kLeft, kRight };

}  // namespace cloudsync::ot
