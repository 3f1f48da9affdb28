#include "loadtest/stamped_message.h"

#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

TEST(StampedMessage, IsReadAsItWasMade) {
  for (const Stamp stamp : {Stamp{TimePoint(Duration(0)), 0},
                            Stamp{TimePoint(Duration(1'234'567'890'123)), 9'999},
                            Stamp{TimePoint::max(), 0xffffffff}}) {
    const std::string message = stamped_message(stamp);
    EXPECT_EQ(message.size(), kMessageBytes);
    EXPECT_EQ(message.find_first_of("\"\\"), std::string::npos);
    EXPECT_EQ(read_stamp(message), stamp);
  }
}

TEST(StampedMessage, IsNotReadIfAnyByteOfItIsAnother) {
  const std::string message = stamped_message({TimePoint(Duration(77)), 5});
  for (std::size_t i = 0; i < message.size(); ++i) {
    std::string changed = message;
    changed[i] = '~';
    EXPECT_FALSE(read_stamp(changed)) << i;
  }
  EXPECT_FALSE(read_stamp(message.substr(1)));
  EXPECT_FALSE(read_stamp(message + "x"));
  EXPECT_FALSE(read_stamp(""));
}

}  // namespace
}  // namespace cloudsync::loadtest
