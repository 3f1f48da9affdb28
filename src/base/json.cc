#include "base/json.h"

#include "base/assert.h"

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace cloudsync {
namespace {

enum class KeyOrder { kAsIs, kSorted };

// Builds a value from the parser's events. Numbers are read from their text again: Boost.JSON 1.81
// is off by an ulp on long decimals, std::from_chars rounds exactly as every JavaScript peer does.
class ValueBuilder {
 public:
  static constexpr std::size_t max_object_size = boost::json::object::max_size();
  static constexpr std::size_t max_array_size = boost::json::array::max_size();
  static constexpr std::size_t max_key_size = boost::json::string::max_size();
  static constexpr std::size_t max_string_size = boost::json::string::max_size();

  using Error = boost::json::error_code;
  using Text = boost::json::string_view;

  ValueBuilder() { stack_.reset(); }

  JsonValue release() { return stack_.release(); }

  bool on_document_begin(Error&) { return true; }

  bool on_document_end(Error&) { return true; }

  bool on_object_begin(Error&) { return true; }

  bool on_object_end(std::size_t size, Error&) {
    stack_.push_object(size);
    return true;
  }

  bool on_array_begin(Error&) { return true; }

  bool on_array_end(std::size_t size, Error&) {
    stack_.push_array(size);
    return true;
  }

  bool on_key_part(Text part, std::size_t, Error&) {
    stack_.push_chars(part);
    return true;
  }

  bool on_key(Text part, std::size_t, Error&) {
    stack_.push_key(part);
    return true;
  }

  bool on_string_part(Text part, std::size_t, Error&) {
    stack_.push_chars(part);
    return true;
  }

  bool on_string(Text part, std::size_t, Error&) {
    stack_.push_string(part);
    return true;
  }

  bool on_number_part(Text part, Error&) {
    number_.append(part.data(), part.size());
    return true;
  }

  bool on_int64(std::int64_t number, Text part, Error& error) {
    return on_number(static_cast<double>(number), part, error);
  }

  bool on_uint64(std::uint64_t number, Text part, Error& error) {
    return on_number(static_cast<double>(number), part, error);
  }

  bool on_double(double number, Text part, Error& error) { return on_number(number, part, error); }

  bool on_bool(bool value, Error&) {
    stack_.push_bool(value);
    return true;
  }

  bool on_null(Error&) {
    stack_.push_null();
    return true;
  }

  bool on_comment_part(Text, Error&) { return true; }

  bool on_comment(Text, Error&) { return true; }

 private:
  bool on_number(double approximate, Text part, Error& error) {
    number_.append(part.data(), part.size());
    double value = 0;
    // Out of range leaves `value` at 0, which is right for an underflow.
    std::from_chars(number_.data(), number_.data() + number_.size(), value);
    number_.clear();
    if (!std::isfinite(value) || (value == 0 && std::abs(approximate) > 1)) {
      error = boost::json::error::exponent_overflow;
      return false;
    }
    if (value == std::trunc(value) && std::abs(value) <= static_cast<double>(kJsonIntegerMax)) {
      stack_.push_int64(static_cast<std::int64_t>(value));
    } else {
      stack_.push_double(value);
    }
    return true;
  }

  boost::json::value_stack stack_;
  std::string number_;
};

// Number::toString of ECMA-262: shortest digits that round-trip, plain up to 21 digits, else
// exponent.
void append_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";  // as JSON.stringify
    return;
  }
  char buffer[32];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific).ptr;
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  if (text.front() == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  std::string digits(1, text[0]);
  if (e > 1) {
    digits.append(text.substr(2, e - 2));
  }
  int exponent = 0;
  const char* exponent_first = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(exponent_first, text.data() + text.size(), exponent);
  const int point = exponent + 1;  // digits before the decimal point
  const int count = static_cast<int>(digits.size());
  if (count <= point && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out.append(digits, 0, static_cast<std::size_t>(point));
    out += '.';
    out.append(digits, static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    out += digits[0];
    if (count > 1) {
      out += '.';
      out.append(digits, 1);
    }
    out += 'e';
    out += exponent < 0 ? '-' : '+';
    out += std::to_string(std::abs(exponent));
  }
}

void append_value(std::string& out, const JsonValue& value, KeyOrder order);

void append_object(std::string& out, const JsonObject& object, KeyOrder order) {
  std::vector<const boost::json::key_value_pair*> members;
  members.reserve(object.size());
  for (const auto& member : object) {
    members.push_back(&member);
  }
  if (order == KeyOrder::kSorted) {
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) {
      return a->key() < b->key();
    });
  }
  out += '{';
  for (const auto* member : members) {
    if (member != members.front()) {
      out += ',';
    }
    append_json_string(out, {member->key().data(), member->key().size()});
    out += ':';
    append_value(out, member->value(), order);
  }
  out += '}';
}

// Recursion is bounded: every value was parsed under a depth cap or built by us.
void append_value(std::string& out, const JsonValue& value, KeyOrder order) {
  switch (value.kind()) {
    case boost::json::kind::null:
      out += "null";
      break;
    case boost::json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      break;
    case boost::json::kind::int64:
      out += std::to_string(value.get_int64());
      break;
    case boost::json::kind::uint64:
      out += std::to_string(value.get_uint64());
      break;
    case boost::json::kind::double_:
      append_double(out, value.get_double());
      break;
    case boost::json::kind::string:
      append_json_string(out, view(value.get_string()));
      break;
    case boost::json::kind::array: {
      out += '[';
      const char* separator = "";
      for (const JsonValue& element : value.get_array()) {
        out += separator;
        append_value(out, element, order);
        separator = ",";
      }
      out += ']';
      break;
    }
    case boost::json::kind::object:
      append_object(out, value.get_object(), order);
      break;
  }
}

/// Length of \u and four digits.
constexpr std::size_t kUnitEscapeBytes = 6;

/// The UTF-16 unit of the escape at `at`, if there is one.
std::optional<std::uint16_t> escaped_unit(std::string_view text, std::size_t at) {
  if (at + kUnitEscapeBytes > text.size() || text.substr(at, 2) != "\\u") {
    return std::nullopt;
  }
  std::uint16_t unit = 0;
  const char* const end = text.data() + at + kUnitEscapeBytes;
  const auto parsed = std::from_chars(text.data() + at + 2, end, unit, 16);
  return parsed.ptr == end ? std::optional(unit) : std::nullopt;
}

bool is_high_surrogate(std::uint16_t unit) {
  return (unit & 0xFC00) == 0xD800;
}

bool is_low_surrogate(std::uint16_t unit) {
  return (unit & 0xFC00) == 0xDC00;
}

}  // namespace

Result<JsonValue> parse_json(std::string_view text, std::size_t depth_max) {
  boost::json::parse_options options;
  options.max_depth = depth_max;
  boost::json::basic_parser<ValueBuilder> parser(options);
  boost::json::error_code error;
  const std::size_t parsed = parser.write_some(false, text.data(), text.size(), error);
  if (error || parsed != text.size()) {
    return fail(ErrorCode::kBadRequest,
                "malformed JSON: " + (error ? error.message() : "text behind the value"));
  }
  return parser.handler().release();
}

bool replace_lone_surrogates(std::string& text) {
  bool replaced = false;
  for (std::size_t at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
    const auto unit = escaped_unit(text, at);
    if (!unit) {
      at += 2;  // another escape, an escaped backslash too
      continue;
    }
    const auto following = escaped_unit(text, at + kUnitEscapeBytes);
    if (is_high_surrogate(*unit) && following && is_low_surrogate(*following)) {
      at += 2 * kUnitEscapeBytes;
      continue;
    }
    if (is_high_surrogate(*unit) || is_low_surrogate(*unit)) {
      text.replace(at, kUnitEscapeBytes, "\\ufffd");
      replaced = true;
    }
    at += kUnitEscapeBytes;
  }
  return replaced;
}

void append_json(std::string& out, const JsonValue& value) {
  append_value(out, value, KeyOrder::kAsIs);
}

std::string to_json(const JsonValue& value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::string to_canonical_json(const JsonValue& value) {
  std::string out;
  append_value(out, value, KeyOrder::kSorted);
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t plain_first = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') {
      continue;
    }
    out.append(text, plain_first, i - plain_first);
    plain_first = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out.append(text, plain_first);
  out += '"';
}

const boost::json::string* find_string(const JsonObject& object, std::string_view key) {
  const JsonValue* value = object.if_contains({key.data(), key.size()});
  return value == nullptr ? nullptr : value->if_string();
}

std::optional<std::uint64_t> find_unsigned(const JsonObject& object, std::string_view key) {
  const JsonValue* value = object.if_contains({key.data(), key.size()});
  if (value == nullptr || !value->is_int64() || value->get_int64() < 0) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(value->get_int64());
}

}  // namespace cloudsync
