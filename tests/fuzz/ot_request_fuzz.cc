// Fuzzes cloudsync-ot: every line gets an answer, which is one line of JSON with a result or an
// error.

#include "base/assert.h"
#include "base/json.h"
#include "ot_tool/request.h"

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // reinterpret_cast: the fuzzer's bytes are read as characters.
  const std::string answer =
      cloudsync::ot_tool::answer({reinterpret_cast<const char*>(data), size});
  CS_ASSERT(answer.find('\n') == std::string::npos, "an answer is one line");
  // The content of a document may be as deep as a request, and is one level deeper in the answer.
  const auto json = cloudsync::parse_json(answer, cloudsync::ot_tool::kRequestDepthMax + 1);
  const auto* object = json ? json->if_object() : nullptr;
  CS_ASSERT(object != nullptr && object->size() == 1, "an answer is an object of one member");
  CS_ASSERT(object->contains("result") || object->contains("error"), "a result or an error");
  return 0;
}
