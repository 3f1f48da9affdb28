// Any Sec-WebSocket-Extensions (each line of the input is one header) is read or refused; what a
// server answers is itself well-formed and names no more than the client offered.

#include "base/assert.h"
#include "codec/websocket/extensions.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace {

using namespace cloudsync::codec;
using namespace cloudsync::codec::websocket;

http1::Headers headers_of(std::string_view input) {
  http1::Headers headers;
  while (true) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    headers.push_back({"sec-websocket-extensions", std::string(input.substr(0, end))});
    if (end == input.size()) {
      return headers;
    }
    input.remove_prefix(end + 1);
  }
}

bool names(const Extension& extension, std::string_view parameter) {
  return std::any_of(extension.parameters.begin(),
                     extension.parameters.end(),
                     [&](const ExtensionParameter& each) { return each.name == parameter; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto offers = parse_extensions(headers_of({reinterpret_cast<const char*>(data), size}));
  if (!offers) {
    return 0;
  }
  CS_ASSERT(!offers->empty(), "a header holds one extension at least");
  const auto agreement = accept_deflate(*offers);
  if (!agreement) {
    return 0;
  }
  CS_ASSERT(agreement->server_window_bits >= kWindowBitsMin &&
                agreement->server_window_bits <= kWindowBitsMax,
            "the window is one of the RFC");
  const auto answer =
      parse_extensions({{"sec-websocket-extensions", deflate_response(*agreement)}});
  CS_ASSERT(answer && answer->size() == 1, "the answer is one extension");
  CS_ASSERT(!names(answer->front(), "client_max_window_bits"), "nothing is asked of the client");
  const bool offered = std::any_of(offers->begin(), offers->end(), [](const Extension& offer) {
    return names(offer, "server_max_window_bits");
  });
  CS_ASSERT(offered || !names(answer->front(), "server_max_window_bits"), "as the client asked");
  CS_ASSERT(accept_deflate(*answer) == agreement, "the answer would be accepted as an offer");
  return 0;
}
