#include "base/error_json.h"

#include "base/json.h"

namespace cloudsync {

void append_error_members(std::string& out, const Error& error) {
  out += R"("code":)";
  append_json_string(out, error_name(error.code));
  out += R"(,"message":)";
  append_json_string(out, error.message);
}

std::string error_body(const Error& error) {
  std::string body = R"({"error":{)";
  append_error_members(body, error);
  body += "}}";
  return body;
}

}  // namespace cloudsync
