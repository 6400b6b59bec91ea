#include <algorithm>
#include <charconv>
#include <iterator>

#include <fmt/format.h>

#include "api/routes.h"
#include "base/json_writer.h"
#include "catalog/import.h"

namespace ante {
namespace {

constexpr std::size_t kListUsual = 50, kListMost = 500;
constexpr std::size_t kItemBodyBytesMax = kItemBytesMax + 1024;
constexpr std::size_t kImportRecordsAtOnce = 2000;
constexpr std::size_t kImportErrorsShown = 100;

bool id_fits(Call& call) {
  if (call.path_values[0].size() <= kIdBytesMax) return true;
  call.problem({.name = "invalid-request",
                .detail = fmt::format("An item's id may have {} bytes.", kIdBytesMax)});
  return false;
}

void answer_stored(const CallPointer& call, Item item, int status) {
  HttpResponse response;
  response.status = status;
  response.body = item_to_json(item);
  response.headers.emplace_back("ETag", etag(item.version));
  call->reply(std::move(response));
}

void store_item(Api& api, const CallPointer& call, Item item) {
  const ItemKey key = item.key;
  const bool is_new = api.engine.catalog().view().find(key) == nullptr;
  std::vector<Item> items;
  items.push_back(std::move(item));
  api.engine.put_items(std::move(items),
                       [&api, call, key, is_new](Result<std::vector<AppendOutcome>> outcome) {
                         if (!outcome) return call->problem(outcome.error());
                         const CatalogView view = api.engine.catalog().view();
                         const Item* stored = view.find(key);
                         if (stored == nullptr) return call->reply_empty();
                         answer_stored(call, *stored, is_new ? 201 : 200);
                       });
}

bool version_holds(Call& call, const Item* present) {
  ExpectedVersion expected;
  if (!read_expected_version(call, expected)) return false;
  const std::uint64_t found = present == nullptr ? 0 : present->version;
  if (!expected || *expected == found) return true;
  call.problem(
      {.name = "version-mismatch", .detail = fmt::format("The item is at version {}.", found)});
  return false;
}

// The path names the item; a body without an id gets it, one with another is wrong.
std::string with_id(std::string_view json, std::string_view id) {
  const std::size_t brace = json.find('{');
  std::string out = "{\"id\":";
  append_json_string(out, id);
  const std::size_t next = json.find_first_not_of(" \t\r\n", brace + 1);
  if (next != json.npos && json[next] != '}') out += ',';
  out.append(json.substr(brace + 1));
  return out;
}

void put_item(Api& api, CallPointer call) {
  if (!id_fits(*call)) return;
  const auto object = body_object(*call);
  if (!object) return;
  FieldErrors errors;
  Fields body(*object, "#", errors);
  const auto id = body.text("id", kIdBytesMax);
  if (id && *id != call->path_values[0]) body.wrong("id", "must be the id of the address");
  if (answer_errors(*call, errors)) return;
  auto item = item_from_json(id ? std::string(call->request.body)
                                : with_id(call->request.body, call->path_values[0]));
  if (!item) return call->problem(item.error());
  const CatalogView view = api.engine.catalog().view();
  if (!version_holds(*call, view.find(item->key))) return;
  store_item(api, call, std::move(*item));
}

// Null: the problem is answered.
const Item* known_item(const CatalogView& view, Call& call) {
  if (!id_fits(call)) return nullptr;
  const Item* item = view.find(item_key(call.path_values[0]));
  if (item == nullptr) {
    call.problem({.name = "unknown-item",
                  .detail = "There is no item '" + call.path_values[0] + "'.",
                  .fix = "ante import items FILE"});
  }
  return item;
}

void patch_item(Api& api, CallPointer call) {
  const CatalogView view = api.engine.catalog().view();
  const Item* present = known_item(view, *call);
  if (present == nullptr || !body_object(*call) || !version_holds(*call, present)) return;
  auto item = item_patched(*present, call->request.body);
  if (!item) return call->problem(item.error());
  store_item(api, call, std::move(*item));
}

void get_item(Api& api, CallPointer call) {
  const CatalogView view = api.engine.catalog().view();
  const Item* item = known_item(view, *call);
  if (item == nullptr) return;
  if (call->request.header("If-None-Match") == etag(item->version)) return call->reply_empty(304);
  answer_stored(call, *item, 200);
}

void delete_item(Api& api, CallPointer call) {
  const CatalogView view = api.engine.catalog().view();
  const Item* present = known_item(view, *call);
  if (present == nullptr || !version_holds(*call, present)) return;
  Item item = *present;
  item.withdrawn = true;
  std::vector<Item> items;
  items.push_back(std::move(item));
  api.engine.put_items(std::move(items), [call](Result<std::vector<AppendOutcome>> outcome) {
    if (!outcome) return call->problem(outcome.error());
    call->reply_empty();
  });
}

// Items in the order of their numbers in RAM, which a cursor names: stable while the process runs.
void list_items(Api& api, CallPointer call) {
  const auto limit = list_limit(*call, kListUsual, kListMost);
  if (!limit) return;
  const CatalogView view = api.engine.catalog().view();
  std::uint32_t at = 0;
  if (const std::string* cursor = call->query.find("cursor")) {
    const auto key = cursor->size() == 16 ? std::optional<std::uint64_t>(0) : std::nullopt;
    std::uint64_t value = 0;
    const auto [end, failure] =
        std::from_chars(cursor->data(), cursor->data() + cursor->size(), value, 16);
    const auto index = failure == std::errc{} && end == cursor->data() + cursor->size() && key
                           ? api.engine.interner().find(ItemKey{value})
                           : std::nullopt;
    if (!index)
      return call->problem({.name = "bad-request", .detail = "This is no cursor of ours."});
    at = index->value + 1;
  }
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("data").begin_array();
  std::string next;
  std::size_t count = 0;
  for (const std::uint32_t size = api.engine.interner().size(); at < size; ++at) {
    const Item* item = view.find(ItemIndex{at});
    if (item == nullptr) continue;
    json.raw(item_to_json(*item));
    if (++count == *limit) {
      next = fmt::format("{:016x}", item->key.value);
      break;
    }
  }
  json.end_array().key("nextCursor");
  next.empty() ? json.null() : json.string(next);
  json.end_object();
  HttpResponse response;
  response.body = std::move(body);
  if (!next.empty()) {
    response.headers.emplace_back(
        "Link", fmt::format("</v1/items?limit={}&cursor={}>; rel=\"next\"", *limit, next));
  }
  call->reply(std::move(response));
}

// Stores what could be read, a slice a commit, and says what could not.
void store_import(Api& api, const CallPointer& call, ImportedItems imported) {
  std::size_t stored = 0;
  std::vector<Item>& items = imported.items;
  for (std::size_t at = 0; at < items.size(); at += kImportRecordsAtOnce) {
    const std::size_t end = std::min(items.size(), at + kImportRecordsAtOnce);
    std::vector<Item> slice(
        std::make_move_iterator(items.begin() + static_cast<std::ptrdiff_t>(at)),
        std::make_move_iterator(items.begin() + static_cast<std::ptrdiff_t>(end)));
    const std::size_t wanted = slice.size();
    if (const auto done = api.engine.put_items_and_wait(std::move(slice)); !done) {
      Problem problem = problem_of(done.error());
      problem.detail += fmt::format(" ({} items of this import are stored.)", stored);
      return call->problem(std::move(problem));
    }
    stored += wanted;
  }
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("accepted", stored).field("rejectedCount", imported.error_count);
  json.key("rejected").begin_array();
  for (std::size_t i = 0; i < std::min(kImportErrorsShown, imported.errors.size()); ++i) {
    const ImportError& error = imported.errors[i];
    json.begin_object().field("line", error.line).field("detail", error.what).end_object();
  }
  json.end_array().end_object();
  call->reply_json(200, std::move(body));
}

bool is_csv(const HttpRequest& request, const QueryParameters& query) {
  if (const std::string* format = query.find("format")) return *format == "csv";
  if (request.header("Content-Type").starts_with("text/csv")) return true;
  const std::size_t first = request.body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && request.body[first] != '{';
}

void import_items(Api& api, CallPointer call) {
  later(api, call, [&api](const CallPointer& waiting) {
    const std::string_view body = waiting->request.body;
    auto imported = is_csv(waiting->request, waiting->query) ? items_from_csv(body, {})
                                                             : items_from_ndjson(body);
    if (!imported) return waiting->problem(imported.error());
    store_import(api, waiting, std::move(*imported));
  });
}

}  // namespace

std::span<const Route> item_routes() {
  static constexpr Route kRoutes[] = {
      {"GET", "/v1/items", Role::kSecret, 0, list_items, "items", "All items, by pages"},
      {"POST", "/v1/items:import", Role::kSecret, kImportBodyBytesMax, import_items, "items",
       "Items from NDJSON, or CSV with a header"},
      {"GET", "/v1/items/{id}", Role::kSecret, 0, get_item, "items", "An item"},
      {"PUT", "/v1/items/{id}", Role::kSecret, kItemBodyBytesMax, put_item, "items",
       "Makes or replaces an item"},
      {"PATCH", "/v1/items/{id}", Role::kSecret, kItemBodyBytesMax, patch_item, "items",
       "Changes members of an item (RFC 7396)"},
      {"DELETE", "/v1/items/{id}", Role::kSecret, 0, delete_item, "items",
       "Withdraws an item; its history stays"},
  };
  return kRoutes;
}

}  // namespace ante
