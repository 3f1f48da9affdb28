#include "ot/json_string.h"

namespace cloudsync::ot {

JsonString::JsonString(std::string_view text) {
  if (text.size() <= kFlatBytesMax) {
    content_ = Flat{std::string(text), count_utf16_units(text)};
  } else {
    content_ = Rope(text);
  }
}

Utf16Prefix JsonString::Flat::prefix(std::uint64_t offset) const {
  if (units == text.size() && offset <= units) {
    return {static_cast<std::size_t>(offset), offset};
  }
  return utf16_prefix(text, offset);
}

std::uint64_t JsonString::units() const {
  const auto* flat = std::get_if<Flat>(&content_);
  return flat != nullptr ? flat->units : std::get<Rope>(content_).size().utf16_units;
}

std::string JsonString::text() const {
  const auto* flat = std::get_if<Flat>(&content_);
  return flat != nullptr ? flat->text : std::get<Rope>(content_).text();
}

bool JsonString::equals(std::string_view text) const {
  if (const auto* flat = std::get_if<Flat>(&content_)) {
    return flat->text == text;
  }
  for (const auto& chunk : std::get<Rope>(content_).chunks()) {
    const std::string_view own = chunk.text();
    if (text.substr(0, own.size()) != own) {
      return false;
    }
    text.remove_prefix(own.size());
  }
  return text.empty();
}

bool operator==(const JsonString& a, const JsonString& b) {
  if (const auto* flat = std::get_if<JsonString::Flat>(&a.content_)) {
    return b.equals(flat->text);
  }
  if (const auto* flat = std::get_if<JsonString::Flat>(&b.content_)) {
    return a.equals(flat->text);
  }
  return std::get<Rope>(a.content_) == std::get<Rope>(b.content_);
}

bool JsonString::is_border(std::uint64_t offset) const {
  if (offset > units()) {
    return false;
  }
  const auto* flat = std::get_if<Flat>(&content_);
  return flat != nullptr ? flat->prefix(offset).units == offset
                         : std::get<Rope>(content_).is_border(&TextSize::utf16_units, offset);
}

bool JsonString::has(std::uint64_t offset, std::string_view text) const {
  if (const auto* flat = std::get_if<Flat>(&content_)) {
    return flat->text.compare(flat->prefix(offset).bytes, text.size(), text) == 0;
  }
  const auto& rope = std::get<Rope>(content_);
  const std::uint64_t first = rope.bytes_before(&TextSize::utf16_units, offset);
  return text.size() <= rope.size().bytes - first &&
         rope.slice(&TextSize::bytes, first, first + text.size()) == text;
}

void JsonString::insert(std::uint64_t offset, std::string_view text, std::uint64_t units) {
  auto* flat = std::get_if<Flat>(&content_);
  if (flat == nullptr) {
    std::get<Rope>(content_).insert(&TextSize::utf16_units, offset, text);
    return;
  }
  flat->text.insert(flat->prefix(offset).bytes, text);
  flat->units += units;
  if (flat->text.size() > kFlatBytesMax) {
    content_ = Rope(flat->text);
  }
}

void JsonString::erase(std::uint64_t offset, std::string_view text, std::uint64_t units) {
  if (auto* flat = std::get_if<Flat>(&content_)) {
    flat->text.erase(flat->prefix(offset).bytes, text.size());
    flat->units -= units;
  } else {
    std::get<Rope>(content_).erase(&TextSize::utf16_units, offset, offset + units);
  }
}

}  // namespace cloudsync::ot
