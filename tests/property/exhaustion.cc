#include "exhaustion.h"

#include "base/json.h"

#include <gtest/gtest.h>

namespace cloudsync::ot::exhaustion {

std::string written(const Operation& op) {
  return cloudsync::to_json(to_json(op));
}

Document applied(Document document, const Operation& op) {
  const auto result = ot::apply(document, op);
  EXPECT_TRUE(result.has_value()) << written(op);
  return document;
}

void expect_convergence(const Document& document, const Operations& left, const Operations& right) {
  std::vector<Document> after_right;
  for (const Operation& op : right) {
    after_right.push_back(applied(document, op));
  }
  for (const Operation& a : left) {
    const Document after_left = applied(document, a);
    for (std::size_t i = 0; i < right.size(); ++i) {
      const Operation& b = right[i];
      const bool converges = applied(after_left, transform(b, a, Side::kRight)) ==
                             applied(after_right[i], transform(a, b, Side::kLeft));
      ASSERT_TRUE(converges) << written(a) << " (left) with " << written(b) << " (right) on "
                             << cloudsync::to_json(content(document));
    }
  }
}

}  // namespace cloudsync::ot::exhaustion
