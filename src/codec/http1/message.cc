#include "codec/http1/message.h"

#include <algorithm>

namespace cloudsync::codec::http1 {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) {
        return std::nullopt;
      }
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) {
        return std::nullopt;
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') {
      return std::nullopt;
    }
    out.push_back(c);
  }
  return out;
}

/// Calls `visit(key, value)`, both still encoded, for each pair of `query`.
template <class Visit>
void for_each_pair(std::string_view query, Visit visit) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) {
      continue;
    }
    const auto equals = std::min(pair.find('='), pair.size());
    visit(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
  }
}

}  // namespace

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const Header& header : headers) {
    if (header.name == name) {
      return &header.value;
    }
  }
  return nullptr;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool has_token(const Headers& headers, std::string_view name, std::string_view token) {
  for (const Header& header : headers) {
    if (header.name != name) {
      continue;
    }
    std::string_view list = header.value;
    while (!list.empty()) {
      const auto end = std::min(list.find(','), list.size());
      if (equal_ignoring_case(trim(list.substr(0, end)), token)) {
        return true;
      }
      list.remove_prefix(std::min(end + 1, list.size()));
    }
  }
  return false;
}

std::optional<std::string_view> cookie_value(const Headers& headers, std::string_view name) {
  const std::string* header = find_header(headers, "cookie");
  std::string_view rest = header == nullptr ? std::string_view() : *header;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
    if (pair.starts_with(name) && pair.substr(name.size(), 1) == "=") {
      return pair.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

std::optional<std::string> percent_decode(std::string_view text) {
  return decode(text, false);
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for_each_pair(query, [&pairs](std::string_view key, std::string_view value) {
    auto decoded_key = decode(key, true);
    auto decoded_value = decode(value, true);
    if (decoded_key && decoded_value) {
      pairs.emplace_back(std::move(*decoded_key), std::move(*decoded_value));
    }
  });
  return pairs;
}

std::optional<std::string> query_value(std::string_view query, std::string_view key) {
  std::optional<std::string> result;
  for_each_pair(query, [&result, key](std::string_view encoded_key, std::string_view value) {
    const auto decoded_key = decode(encoded_key, true);
    if (decoded_key != key) {
      return;
    }
    if (auto decoded_value = decode(value, true)) {
      result = std::move(decoded_value);
    }
  });
  return result;
}

bool has_query_key(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    if (pair.substr(0, pair.find('=')) == key) {
      return true;
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return false;
}

}  // namespace cloudsync::codec::http1
