#include "codec/websocket/extensions.h"

#include <algorithm>
#include <utility>

namespace cloudsync::codec::websocket {

namespace {

constexpr std::string_view kDeflate = "permessage-deflate";

/// RFC 9110 section 5.6.2.
bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Reads one header's value from the left; each step skips the white space in front of it.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() {
    skip_space();
    return text_.empty();
  }

  bool take(char wanted) {
    skip_space();
    if (!text_.starts_with(wanted)) {
      return false;
    }
    text_.remove_prefix(1);
    return true;
  }

  /// Empty if there is none.
  std::string token() {
    skip_space();
    const auto* const end = std::find_if_not(text_.begin(), text_.end(), is_token_character);
    std::string token(text_.begin(), end);
    text_.remove_prefix(token.size());
    return token;
  }

  /// A token, or one in quotes (section 9.1: what is in quotes must be a token, too).
  std::string value() {
    if (!take('"')) {
      return token();
    }
    std::string value;
    while (!text_.empty() && text_.front() != '"') {
      if (text_.front() == '\\') {
        text_.remove_prefix(1);
      }
      if (text_.empty() || !is_token_character(text_.front())) {
        return {};
      }
      value += text_.front();
      text_.remove_prefix(1);
    }
    return take('"') ? value : std::string();
  }

 private:
  void skip_space() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t"), text_.size())); }

  std::string_view text_;
};

std::optional<Extension> read_extension(Reader& reader) {
  Extension extension{.name = reader.token(), .parameters = {}};
  if (extension.name.empty()) {
    return std::nullopt;
  }
  while (reader.take(';')) {
    ExtensionParameter parameter{.name = reader.token(), .value = {}};
    if (parameter.name.empty()) {
      return std::nullopt;
    }
    if (reader.take('=')) {
      parameter.value = reader.value();
      if (parameter.value->empty()) {
        return std::nullopt;
      }
    }
    extension.parameters.push_back(std::move(parameter));
  }
  return extension;
}

/// 8 to 15, without leading zeros (RFC 7692 sections 7.1.2.1 and 7.1.2.2).
std::optional<int> window_bits(const std::string& text) {
  for (int bits = kWindowBitsMin; bits <= kWindowBitsMax; ++bits) {
    if (text == std::to_string(bits)) {
      return bits;
    }
  }
  return std::nullopt;
}

bool is_repeated(const Extension& offer, const std::string& name) {
  return std::count_if(offer.parameters.begin(),
                       offer.parameters.end(),
                       [&](const ExtensionParameter& other) { return other.name == name; }) > 1;
}

std::optional<DeflateAgreement> accept_offer(const Extension& offer) {
  // More than there are names: one is unknown or repeated. Tells so before the search for which.
  if (offer.parameters.size() > 4) {
    return std::nullopt;
  }
  DeflateAgreement agreement;
  for (const auto& [name, value] : offer.parameters) {
    bool sound = false;
    if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
      sound = !value;
    } else if (name == "client_max_window_bits") {
      sound = !value || window_bits(*value);  // every window of a client fits into ours
    } else if (name == "server_max_window_bits" && value) {
      const auto bits = window_bits(*value);
      sound = bits.has_value();
      agreement = {.server_window_bits = bits.value_or(0), .names_server_window = true};
    }
    if (!sound || is_repeated(offer, name)) {
      return std::nullopt;
    }
  }
  return agreement;
}

}  // namespace

Result<std::vector<Extension>> parse_extensions(const http1::Headers& headers) {
  std::vector<Extension> extensions;
  for (const http1::Header& header : headers) {
    if (header.name != "sec-websocket-extensions") {
      continue;
    }
    Reader reader(header.value);
    do {
      auto extension = read_extension(reader);
      if (!extension) {
        return fail(ErrorCode::kBadRequest, "Sec-WebSocket-Extensions is malformed");
      }
      extensions.push_back(*std::move(extension));
    } while (reader.take(','));
    if (!reader.at_end()) {
      return fail(ErrorCode::kBadRequest, "Sec-WebSocket-Extensions is malformed");
    }
  }
  return extensions;
}

std::optional<DeflateAgreement> accept_deflate(const std::vector<Extension>& offers) {
  for (const Extension& offer : offers) {
    if (offer.name != kDeflate) {
      continue;
    }
    if (auto agreement = accept_offer(offer)) {
      return agreement;
    }
  }
  return std::nullopt;
}

std::string deflate_response(const DeflateAgreement& agreement) {
  std::string value(kDeflate);
  value += "; server_no_context_takeover; client_no_context_takeover";
  if (agreement.names_server_window) {
    value += "; server_max_window_bits=" + std::to_string(agreement.server_window_bits);
  }
  return value;
}

}  // namespace cloudsync::codec::websocket
