#include "codec/http1/response.h"

#include <array>

namespace cloudsync::codec::http1 {

namespace {

struct Reason {
  int status;
  std::string_view phrase;
};

// RFC 9110 section 15, RFC 6585.
constexpr std::array<Reason, 36> kReasons = {{{100, "Continue"},
                                              {101, "Switching Protocols"},
                                              {200, "OK"},
                                              {201, "Created"},
                                              {202, "Accepted"},
                                              {204, "No Content"},
                                              {206, "Partial Content"},
                                              {301, "Moved Permanently"},
                                              {302, "Found"},
                                              {303, "See Other"},
                                              {304, "Not Modified"},
                                              {307, "Temporary Redirect"},
                                              {308, "Permanent Redirect"},
                                              {400, "Bad Request"},
                                              {401, "Unauthorized"},
                                              {403, "Forbidden"},
                                              {404, "Not Found"},
                                              {405, "Method Not Allowed"},
                                              {406, "Not Acceptable"},
                                              {408, "Request Timeout"},
                                              {409, "Conflict"},
                                              {410, "Gone"},
                                              {413, "Content Too Large"},
                                              {414, "URI Too Long"},
                                              {415, "Unsupported Media Type"},
                                              {421, "Misdirected Request"},
                                              {426, "Upgrade Required"},
                                              {429, "Too Many Requests"},
                                              {431, "Request Header Fields Too Large"},
                                              {500, "Internal Server Error"},
                                              {501, "Not Implemented"},
                                              {502, "Bad Gateway"},
                                              {503, "Service Unavailable"},
                                              {504, "Gateway Timeout"},
                                              {505, "HTTP Version Not Supported"},
                                              {507, "Insufficient Storage"}}};

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

void append_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back((byte < 0x20 && byte != '\t') || byte == 0x7F ? ' ' : c);
  }
}

std::string encode_up_to_body(const Response& response, bool keep_alive, std::size_t body_room) {
  std::string out;
  out.reserve(256 + body_room);
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(reason_phrase(response.status)).append("\r\n");
  for (const Header& header : response.headers) {
    append_value(out, header.name);
    out.append(": ");
    append_value(out, header.value);
    out.append("\r\n");
  }
  if (has_body(response.status)) {
    out.append("Content-Length: ").append(std::to_string(response.body_size())).append("\r\n");
  }
  if (response.status >= 200) {
    out.append(keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
  }
  out.append("\r\n");
  return out;
}

}  // namespace

std::size_t Response::body_size() const {
  std::size_t size = body.size();
  for (const SharedBytes& piece : shared_body) {
    size += piece->size();
  }
  return size;
}

std::string_view reason_phrase(int status) {
  for (const Reason& reason : kReasons) {
    if (reason.status == status) {
      return reason.phrase;
    }
  }
  return "Unknown";
}

std::string encode(const Response& response, bool keep_alive) {
  std::string out = encode_up_to_body(response, keep_alive, response.body.size());
  if (has_body(response.status)) {
    out.append(response.body);
  }
  return out;
}

std::string encode_head(const Response& response, bool keep_alive) {
  return encode_up_to_body(response, keep_alive, 0);
}

}  // namespace cloudsync::codec::http1
