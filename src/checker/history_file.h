#pragma once
// Files of histories: lines of JSON (history_json.h), read in order and appended to.

#include "base/result.h"
#include "checker/history.h"
#include "checker/history_json.h"

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace cloudsync::checker {

/// Longest line: the content of the largest document that a node takes by default (16 MiB), twice,
/// since JSON may escape.
inline constexpr std::size_t kLineBytesMax = 33 * 1024 * 1024;

/// The machine's wall clock, for Event::t.
std::int64_t wall_clock();

/// Reads the events of one file in order. Memory: one line.
class HistoryReader {
 public:
  /// Errors: kNotFound.
  static Result<HistoryReader> open(const std::string& path);

  /// The next event, nothing at the end. A last line without an end that is no event is the end:
  /// its writer was killed. Errors: kBadRequest, with file and line; then there is no next.
  Result<std::optional<Event>> next();

  /// Of the last event, from 1.
  std::uint64_t line() const { return line_; }

 private:
  explicit HistoryReader(std::string path) : path_(std::move(path)), file_(path_) {}

  enum class Line : std::uint8_t { kWhole, kUnfinished, kTooLong, kNone };
  Line read_line();

  std::string path_;
  std::ifstream file_;
  std::string text_;
  std::uint64_t line_ = 0;
};

/// Appends events to a file; each call is one write(2), so that what was written survives the death
/// of the process, and writers of one file don't mix their lines.
class HistoryWriter {
 public:
  /// Creates the file if need be. A line that an earlier writer left unfinished is cut off. Errors:
  /// kUnavailable.
  static Result<HistoryWriter> open(const std::string& path);

  HistoryWriter(HistoryWriter&& other) noexcept;
  HistoryWriter& operator=(HistoryWriter&& other) noexcept;
  ~HistoryWriter();

  /// `lines` are whole lines with their ends. Thread-safe. Errors: kUnavailable.
  Result<void> append(std::string_view lines);

  Result<void> append(const Event& event) { return append(to_line(event) + '\n'); }

 private:
  explicit HistoryWriter(int fd) : fd_(fd) {}

  int fd_ = -1;
};

}  // namespace cloudsync::checker
