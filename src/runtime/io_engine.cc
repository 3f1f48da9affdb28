// Which engine a loop runs on.

#include "runtime/epoll_loop.h"
#include "runtime/uring_loop.h"

#include <array>

namespace cloudsync::runtime {

namespace {

constexpr std::array kIoEngines{
    IoEngine::kAuto, IoEngine::kUring, IoEngine::kUringDirect, IoEngine::kEpoll};

}  // namespace

std::string_view io_engine_name(IoEngine engine) {
  switch (engine) {
    case IoEngine::kUring:
      return "io_uring";
    case IoEngine::kUringDirect:
      return "io_uring-direct";
    case IoEngine::kEpoll:
      return "epoll";
    case IoEngine::kAuto:
      break;
  }
  return "auto";
}

std::vector<std::string> io_engine_names() {
  std::vector<std::string> names;
  for (const IoEngine engine : kIoEngines) {
    names.emplace_back(io_engine_name(engine));
  }
  return names;
}

Result<IoEngine> parse_io_engine(std::string_view text) {
  for (const IoEngine engine : kIoEngines) {
    if (text == io_engine_name(engine)) {
      return engine;
    }
  }
  return fail(ErrorCode::kBadRequest, "must be auto, io_uring, io_uring-direct or epoll");
}

EngineChoice choose_engine(IoEngine asked) {
  if (asked != IoEngine::kAuto) {
    return {.engine = asked, .reason = "asked for"};
  }
  if (const auto tried = try_uring(); !tried) {
    return {.engine = IoEngine::kEpoll, .reason = tried.error().message};
  }
  return {.engine = IoEngine::kUring, .reason = "the kernel has what it takes"};
}

Result<std::unique_ptr<Loop>> make_loop(IoEngine engine, Metrics* metrics) {
  const IoEngine chosen = choose_engine(engine).engine;
  if (chosen == IoEngine::kUring || chosen == IoEngine::kUringDirect) {
    return make_uring_loop({.direct = chosen == IoEngine::kUringDirect}, metrics);
  }
  auto loop = std::make_unique<EpollLoop>(metrics);
  CS_TRY(loop->open());
  return loop;
}

}  // namespace cloudsync::runtime
