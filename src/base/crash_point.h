#pragma once
// Moments at which a test can kill the process as kill -9 does, or let a system call fail
// (tests/chaos). They are there only in a build with CLOUDSYNC_CRASH_POINTS; the macro is nothing
// in what users run.

#ifdef CLOUDSYNC_CRASH_POINTS

#include <string_view>

namespace cloudsync {

/// Kills the process if the environment says CS_CRASH_AT=<name>:<count> and this is the count-th
/// time that the moment of this name is met, after a line on stderr. Thread-safe.
void crash_point(std::string_view name);

/// True, after a line on stderr, if the environment says CS_FAULT_AT=<name>:<count> and this is the
/// count-th time: then what is of this name is to fail. Thread-safe.
bool fault_point(std::string_view name);

}  // namespace cloudsync

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): must leave nothing behind
#define CS_CRASH_POINT(name) ::cloudsync::crash_point(name)

#else

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage)
#define CS_CRASH_POINT(name) static_cast<void>(0)

#endif
