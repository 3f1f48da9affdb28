#include "checker/history_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace cloudsync::checker {

std::int64_t wall_clock() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Result<HistoryReader> HistoryReader::open(const std::string& path) {
  HistoryReader reader(path);
  if (!reader.file_.is_open()) {
    return fail(ErrorCode::kNotFound, path + ": can't be read");
  }
  return reader;
}

HistoryReader::Line HistoryReader::read_line() {
  text_.clear();
  std::array<char, 64 * 1024> part;
  while (true) {
    file_.getline(part.data(), part.size());
    const auto count = static_cast<std::size_t>(file_.gcount());
    if (file_.eof()) {
      text_.append(part.data(), count);
      return text_.empty() ? Line::kNone : Line::kUnfinished;
    }
    if (!file_.fail()) {
      text_.append(part.data(), count - 1);  // gcount() has the end of the line
      return Line::kWhole;
    }
    if (file_.bad() || text_.size() > kLineBytesMax) {
      return Line::kTooLong;
    }
    text_.append(part.data(), count);
    file_.clear();
  }
}

Result<std::optional<Event>> HistoryReader::next() {
  const auto complain = [this](const std::string& what) {
    return fail(ErrorCode::kBadRequest, path_ + ":" + std::to_string(line_) + ": " + what);
  };
  while (true) {
    const Line read = read_line();
    if (read == Line::kNone) {
      return std::optional<Event>();
    }
    ++line_;
    if (read == Line::kTooLong) {
      return complain("longer than " + std::to_string(kLineBytesMax) + " bytes, or not readable");
    }
    if (text_.empty()) {
      continue;
    }
    auto event = parse_line(text_);
    if (event) {
      return std::optional(*std::move(event));
    }
    if (read == Line::kUnfinished) {
      return std::optional<Event>();
    }
    return complain(event.error().message);
  }
}

Result<HistoryWriter> HistoryWriter::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) {
    return fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
  }
  HistoryWriter writer(fd);
  const off_t size = ::lseek(fd, 0, SEEK_END);
  off_t end = size;
  for (char last = 0; end > 0; --end) {
    if (::pread(fd, &last, 1, end - 1) != 1) {
      return fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
    }
    if (last == '\n') {
      break;
    }
  }
  if (end < size && ::ftruncate(fd, end) != 0) {
    return fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
  }
  return writer;
}

HistoryWriter::HistoryWriter(HistoryWriter&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

HistoryWriter& HistoryWriter::operator=(HistoryWriter&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

HistoryWriter::~HistoryWriter() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

Result<void> HistoryWriter::append(std::string_view lines) {
  while (!lines.empty()) {
    const ssize_t written = ::write(fd_, lines.data(), lines.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return fail(ErrorCode::kUnavailable, std::string("the history: ") + std::strerror(errno));
    }
    lines.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace cloudsync::checker
