#pragma once
// The packets of socket.io-msgpack-parser: each is one binary message with a MessagePack map
// {type, nsp, data, id}, in which binary data stands in its place. A packet is the same value as
// that of the JSON decoder: bytes become attachments with placeholders.

#include "base/result.h"
#include "codec/socketio/decoder.h"
#include "codec/socketio/packet.h"

#include <string>
#include <string_view>

namespace cloudsync::codec::socketio {

/// Decodes one message. A date (extension -1) becomes its ISO 8601 text as JSON.stringify writes
/// it, other extensions null (npm's encoder writes undefined as one). Errors: kBadRequest for
/// anything malformed, text that is not UTF-8, or an object that looks like a placeholder in a
/// packet with binary data; kTooLarge for a limit. After an error the connection must be closed.
Result<Packet> decode_msgpack(Role role, const DecoderLimits& limits, std::string_view bytes);

/// The message for `packet`.
std::string encode_msgpack(const Packet& packet);

}  // namespace cloudsync::codec::socketio
