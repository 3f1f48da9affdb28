#include "api/rest.h"

#include "api/responses.h"
#include "base/crypto.h"
#include "base/json.h"
#include "ot/type.h"

#include <memory>
#include <utility>

namespace cloudsync::api {
namespace {

using codec::http1::Request;
using codec::http1::Response;

constexpr std::string_view kDocuments = "/api/v1/documents";

struct NewDocument {
  ot::Type type;
  std::string title;
};

Result<NewDocument> parse_new_document(const Request& request,
                                       const Limits& limits,
                                       Metrics& metrics) {
  CS_TRY_ASSIGN(const JsonValue body, parse_json(request.body));
  if (!body.is_object()) {
    return fail(ErrorCode::kBadRequest, "the body must be a JSON object");
  }
  const auto* type_name = find_string(body.get_object(), "type");
  const auto type = type_name == nullptr ? std::nullopt : ot::type_from_name(view(*type_name));
  if (!type) {
    return fail(ErrorCode::kBadRequest, "type must be \"text\", \"rich-text\" or \"json\"");
  }
  const auto* title = find_string(body.get_object(), "title");
  if (title == nullptr) {
    return fail(ErrorCode::kBadRequest, "title must be a string");
  }
  if (title->size() > limits.title_bytes) {
    metrics.limit("title_bytes").add();
    return fail(ErrorCode::kTooLarge,
                "title is over " + std::to_string(limits.title_bytes) + " bytes");
  }
  return NewDocument{*type, std::string(view(*title))};
}

std::string short_hash(const storage::ChainHash& hash) {
  return hex(hash).substr(0, 16);
}

void append_field(std::string& json, std::string_view key, std::string_view text) {
  append_json_string(json, key);
  json += ':';
  append_json_string(json, text);
  json += ',';
}

/// `"id":…,"type":…,"title":…,"revision":…`
void append_summary(std::string& json, const storage::DocumentInfo& info, Revision revision) {
  append_field(json, "id", info.id.value());
  append_field(json, "type", info.type.str());
  append_field(json, "title", info.title.str());
  json += R"("revision":)" + std::to_string(revision.value());
}

bool is_json(const Request& request) {
  const std::string* type = request.find("content-type");
  const std::string_view media = type == nullptr ? std::string_view() : *type;
  return codec::http1::equal_ignoring_case(media.substr(0, media.find(';')), "application/json");
}

Response method_not_allowed(std::string_view allowed) {
  auto response = error_response({ErrorCode::kBadRequest, "method not allowed"});
  response.status = 405;
  response.headers.push_back({"allow", std::string(allowed)});
  return response;
}

}  // namespace

Rest::Rest(const NodeContext& context, std::uint32_t loop_index)
    : context_(context), loop_index_(loop_index) {}

bool Rest::handle(const Request& request,
                  const gateway::RequestOrigin& origin,
                  gateway::Responder& respond) {
  const std::string_view path = request.path();
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (path == "/healthz") {
    respond(text_response(200, "ok\n"));
  } else if (path == "/readyz") {
    ready(std::move(respond));
  } else if (path == "/metrics") {
    Response response = text_response(200, context_.metrics.render());
    response.headers.front().value = "text/plain; version=0.0.4; charset=utf-8";
    respond(std::move(response));
  } else if (path == kDocuments) {
    if (request.method == "POST") {
      create_document(request, origin, std::move(respond));
    } else if (get) {
      list_documents(request, std::move(respond));
    } else {
      respond(method_not_allowed("GET, POST"));
    }
  } else if (path.starts_with("/api/v1/documents/")) {
    std::string_view id = path.substr(kDocuments.size() + 1);
    const bool snapshot = id.ends_with("/snapshot");
    if (snapshot) {
      id.remove_suffix(std::string_view("/snapshot").size());
    }
    if (!get) {
      respond(method_not_allowed("GET"));
    } else if (snapshot) {
      get_snapshot(DocumentId(std::string(id)), request, std::move(respond));
    } else {
      get_document(DocumentId(std::string(id)), std::move(respond));
    }
  } else if (path.starts_with("/api/")) {
    respond(error_response({ErrorCode::kNotFound, "no such route"}));
  } else {
    return false;
  }
  return true;
}

void Rest::ready(gateway::Responder respond) {
  const auto reason = context_.not_ready();
  std::string body = R"({"ready":)";
  body += reason ? "false" : "true";
  body += R"(,"durability":)";
  append_json_string(body, context_.durability);
  if (reason) {
    body += R"(,"reason":)";
    append_json_string(body, *reason);
  }
  body += '}';
  respond(json_response(reason ? 503 : 200, std::move(body)));
}

void Rest::create_document(const Request& request,
                           const gateway::RequestOrigin& origin,
                           gateway::Responder respond) {
  if (!is_json(request)) {
    auto response =
        error_response({ErrorCode::kBadRequest, "Content-Type must be application/json"});
    response.status = 415;
    respond(std::move(response));
    return;
  }
  auto user = context_.guests.from_cookie(request);
  const bool known = user.has_value();
  if (!context_.guests.allowed(request, origin)) {
    respond(error_response({ErrorCode::kUnauthenticated, "guests may not create documents here"}));
    return;
  }
  const auto wanted = parse_new_document(request, context_.limits, context_.metrics);
  if (!wanted) {
    respond(error_response(wanted.error()));
    return;
  }
  if (!user) {
    user = context_.guests.make_user();
  }
  storage::DocumentInfo info;
  info.id = DocumentId(random_token(context_.random, 16));
  info.org = OrgId("default");
  info.type = ot::type_name(wanted->type);
  info.title = wanted->title;
  info.created_by = *user;
  info.created_at = context_.clock.wall();
  info.updated_at = info.created_at;
  std::string body = "{";
  append_summary(body, info, Revision(0));
  body += '}';
  std::string set_cookie = known ? std::string() : context_.guests.cookie(*user);
  context_.directory.create_document(
      std::move(info),
      to_json(ot::content(ot::make_document(wanted->type))),
      executor(),
      [respond = std::move(respond), body = std::move(body), cookie = std::move(set_cookie)](
          Result<void> created) mutable {
        Response response =
            created ? json_response(201, std::move(body)) : error_response(created.error());
        if (!cookie.empty()) {
          response.headers.push_back({"set-cookie", std::move(cookie)});
        }
        respond(std::move(response));
      });
}

void Rest::list_documents(const Request& request, gateway::Responder respond) {
  const auto user = context_.guests.from_cookie(request);
  if (!user) {
    respond(json_response(200, R"({"documents":[]})"));  // nobody yet: nothing created or opened
    return;
  }
  context_.directory.list_documents(
      *user,
      {},
      executor(),
      [respond = std::move(respond)](Result<std::vector<storage::DocumentInfo>> list) mutable {
        if (!list) {
          respond(error_response(list.error()));
          return;
        }
        std::string body = R"({"documents":[)";
        const char* separator = "";
        for (const auto& info : *list) {
          body += std::exchange(separator, ",");
          body += '{';
          append_summary(body, info, info.head);
          body += R"(,"createdAt":)" + std::to_string(info.created_at.value());
          body += R"(,"updatedAt":)" + std::to_string(info.updated_at.value());
          body += '}';
        }
        body += "]}";
        respond(json_response(200, std::move(body)));
      });
}

void Rest::read(const DocumentId& document,
                std::optional<Revision> revision,
                Completion<document::DocumentContent> done) {
  const std::uint32_t owner = context_.loop_of(document);
  const bool is_head = !revision;
  const Timestamp asked = context_.clock.wall();
  context_.loops[owner]->post(
      [this, owner, document, revision, is_head, asked, done = std::move(done)]() mutable {
        context_.documents[owner]->read(
            document,
            revision,
            [this, document, is_head, asked, done = std::move(done)](
                Result<document::DocumentContent> content) mutable {
              if (is_head && content && context_.observer != nullptr) {
                context_.observer->read(document, content->revision, asked);
              }
              executor().post([done = std::move(done), moved = std::move(content)]() mutable {
                done(std::move(moved));
              });
            });
      });
}

void Rest::get_document(const DocumentId& document, gateway::Responder respond) {
  read(document,
       std::nullopt,
       [respond = std::move(respond)](Result<document::DocumentContent> content) mutable {
         if (!content) {
           respond(error_response(content.error()));
           return;
         }
         std::string body = "{";
         append_summary(body, content->info, content->revision);
         body += ',';
         append_field(body, "hash", short_hash(content->hash));
         body += R"("content":)";
         Response response = json_response(200, std::move(body));
         response.shared_body = {std::move(content->content), share("}")};
         respond(std::move(response));
       });
}

void Rest::get_snapshot(const DocumentId& document,
                        const Request& request,
                        gateway::Responder respond) {
  const auto text = codec::http1::query_value(request.query(), "revision");
  std::optional<Revision> revision;
  if (text) {
    const auto number = parse_json(*text);
    if (!number || !number->is_int64() || number->get_int64() < 0) {
      respond(error_response({ErrorCode::kBadRequest, "revision must be a whole number"}));
      return;
    }
    revision = Revision(static_cast<std::uint64_t>(number->get_int64()));
  }
  read(document,
       revision,
       [respond = std::move(respond),
        fixed = revision.has_value()](Result<document::DocumentContent> content) mutable {
         if (!content) {
           respond(error_response(content.error()));
           return;
         }
         Response response = json_response(200, {});
         response.shared_body = {std::move(content->content)};
         response.headers.push_back({"etag", '"' + hex(content->hash) + '"'});
         response.headers.push_back(
             {"x-cloudsync-revision", std::to_string(content->revision.value())});
         if (fixed) {
           response.headers[1].value = "private, max-age=31536000, immutable";
         }
         respond(std::move(response));
       });
}

}  // namespace cloudsync::api
