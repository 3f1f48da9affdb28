// Which engine a loop runs on.

#include "runtime/epoll_loop.h"
#include "runtime/uring_loop.h"

namespace cloudsync::runtime {

std::string_view io_engine_name(IoEngine engine) {
  switch (engine) {
    case IoEngine::kUring:
      return "io_uring";
    case IoEngine::kEpoll:
      return "epoll";
    case IoEngine::kAuto:
      break;
  }
  return "auto";
}

Result<IoEngine> parse_io_engine(std::string_view text) {
  for (const IoEngine engine : {IoEngine::kAuto, IoEngine::kUring, IoEngine::kEpoll}) {
    if (text == io_engine_name(engine)) {
      return engine;
    }
  }
  return fail(ErrorCode::kBadRequest, "must be auto, io_uring or epoll");
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
  if (choose_engine(engine).engine == IoEngine::kUring) {
    return make_uring_loop(UringOptions(), metrics);
  }
  auto loop = std::make_unique<EpollLoop>(metrics);
  CS_TRY(loop->open());
  return loop;
}

}  // namespace cloudsync::runtime
