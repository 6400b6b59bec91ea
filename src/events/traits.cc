#include "events/traits.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_parser.h"
#include "base/json_text.h"
#include "domain/json_fields.h"

namespace ante {

namespace {

constexpr std::string_view kOwnPrefix = "ante.";
constexpr std::string_view kAnswerPrefix = "answer.";

// Lower case; who somebody is and where they can be reached.
constexpr std::array<std::string_view, 18> kIdentityTraits = {
    "address",    "avatar",   "email",       "emailaddress", "e-mail",   "firstname",
    "first_name", "fullname", "full_name",   "id",           "lastname", "last_name",
    "name",       "phone",    "phonenumber", "phone_number", "username", "userid"};

bool says_who(std::string_view name) {
  std::array<char, 16> lower{};
  if (name.size() > lower.size()) return false;
  std::transform(name.begin(), name.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::find(kIdentityTraits.begin(), kIdentityTraits.end(),
                   std::string_view(lower.data(), name.size())) != kIdentityTraits.end();
}

bool is_scalar(JsonElement value) {
  return !value.is_object() && !value.is_array() && !value.is_null();
}

// A scalar, or an array of them.
bool can_be_fact(JsonElement value) {
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) return is_scalar(value);
  return std::all_of(array.begin(), array.end(), is_scalar);
}

std::optional<Refusal> add(std::string name, const std::string& pointer, JsonElement value,
                           Provenance provenance, TimeMs at_ms, std::vector<Fact>& facts) {
  if (name.empty() || name.size() > kFactNameBytesMax) {
    return Refusal{"limit", pointer,
                   "a name must have 1 to " + std::to_string(kFactNameBytesMax) + " bytes"};
  }
  if (facts.size() == kPersonFactsMax) {
    return Refusal{"limit", pointer,
                   "a person has at most " + std::to_string(kPersonFactsMax) + " facts"};
  }
  Fact fact;
  fact.name = std::move(name);
  fact.value_json = json_text(value);
  fact.provenance = provenance;
  fact.at_ms = at_ms;
  if (fact.value_json.size() > kTraitBytesMax) {
    return Refusal{"limit", pointer,
                   "must have at most " + std::to_string(kTraitBytesMax) +
                       " bytes as JSON, found " + std::to_string(fact.value_json.size())};
  }
  facts.push_back(std::move(fact));
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> read_traits(const std::optional<JsonElement>& traits, Provenance provenance,
                                   TimeMs at_ms, std::vector<Fact>& facts) {
  simdjson::dom::object object;
  if (!traits || traits->get(object) != simdjson::SUCCESS) return std::nullopt;
  for (const auto field : object) {
    const std::string pointer = "/traits/" + pointer_token(field.key.substr(0, kFactNameBytesMax));
    if (field.key.starts_with(kOwnPrefix)) {
      return Refusal{"schema", pointer, "names that start with 'ante.' are Ante's own"};
    }
    if (says_who(field.key) || !can_be_fact(field.value)) continue;
    if (auto problem = add(std::string(field.key), pointer, field.value, provenance, at_ms, facts))
      return problem;
  }
  return std::nullopt;
}

std::optional<Refusal> read_answer(const std::optional<JsonElement>& properties, TimeMs at_ms,
                                   std::vector<Fact>& facts) {
  const auto question = member(properties, "questionId");
  const auto id = question ? id_text(*question) : std::nullopt;
  if (!id || id->empty())
    return Refusal{"schema", "/properties/questionId", "an answer needs its questionId"};
  const auto value = member(properties, "value");
  if (!value || !can_be_fact(*value)) {
    return Refusal{"schema", "/properties/value",
                   "an answer needs a value: a string, number, boolean or array of them"};
  }
  return add(std::string(kAnswerPrefix) + *id, "/properties/value", *value, Provenance::kTold,
             at_ms, facts);
}

}  // namespace ante
