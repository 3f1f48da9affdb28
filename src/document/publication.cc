#include "document/publication.h"

#include "base/assert.h"
#include "document/chain.h"

#include <algorithm>
#include <concepts>
#include <utility>

namespace cloudsync::document {
namespace {

constexpr char kFormat = 1;

/// Numbers are 8 bytes little-endian, texts follow their length.
class Writer {
 public:
  void add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      bytes_.push_back(static_cast<char>((number >> shift) & 0xFFU));
    }
  }

  void add(std::string_view text) {
    add(text.size());
    bytes_.append(text);
  }

  template <std::size_t n>
  void add(const std::array<std::uint8_t, n>& raw) {
    bytes_.append(raw.begin(), raw.end());
  }

  void add(char byte) { bytes_.push_back(byte); }

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what Writer wrote. Past the end everything is zero or empty, and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    const std::string_view bytes = take(8);
    for (std::size_t i = bytes.size(); i > 0; --i) {
      value = value << 8U | static_cast<std::uint8_t>(bytes[i - 1]);
    }
    return value;
  }

  std::string text() { return std::string(take(number())); }

  template <std::size_t n>
  void read(std::array<std::uint8_t, n>& raw) {
    const std::string_view bytes = take(n);
    std::copy(bytes.begin(), bytes.end(), raw.begin());
  }

  char byte() {
    const std::string_view one = take(1);
    return one.empty() ? '\0' : one.front();
  }

  bool ok() const { return ok_; }

  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view take(std::uint64_t size) {
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) {
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool ok_ = true;
};

Error no_publication() {
  return {.code = ErrorCode::kBadRequest, .message = "not a publication, or a damaged one"};
}

}  // namespace

std::string publication_topic(const DocumentId& document) {
  return "document:" + std::string(document.value());
}

std::string encode_publication(std::span<const storage::Update> updates) {
  CS_ASSERT(!updates.empty(), "a commit has operations");
  Writer writer;
  writer.add(kFormat);
  writer.add(updates.front().revision.value());
  writer.add(updates.front().prev_hash);
  writer.add(updates.back().hash);
  for (const storage::Update& update : updates) {
    writer.add(update.client.value());
    writer.add(update.seq.value());
    writer.add(update.user.value());
    writer.add(static_cast<std::uint64_t>(update.created_at.value()));
    writer.add(update.salt);
    writer.add(update.op);
  }
  return writer.take();
}

Result<std::vector<storage::Update>> decode_publication(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.byte() != kFormat) {
    return fail(no_publication());
  }
  Revision revision(reader.number());
  storage::ChainHash hash{};
  storage::ChainHash last{};
  reader.read(hash);
  reader.read(last);
  std::vector<storage::Update> updates;
  while (reader.ok() && !reader.at_end()) {
    storage::Update update;
    update.revision = revision;
    update.client = ClientId(reader.text());
    update.seq = ClientSeq(reader.number());
    update.user = UserId(reader.text());
    update.created_at = Timestamp(static_cast<std::int64_t>(reader.number()));
    reader.read(update.salt);
    update.op = reader.text();
    link(update, hash);
    hash = update.hash;
    revision = next(revision);
    updates.push_back(std::move(update));
  }
  if (!reader.ok() || updates.empty() || hash != last) {
    return fail(no_publication());
  }
  return updates;
}

}  // namespace cloudsync::document
