#include "domain/predicate.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "domain/traits.h"

namespace ante {

namespace {

constexpr std::size_t kPredicateTextBytesMax = 128;
constexpr double kPredicateNumberMax = 1e15;

using Names = std::string_view;
constexpr std::array<Names, 10> kKinds = {"everybody", "all",   "any",  "not",   "trait",
                                          "fact",      "topic", "item", "count", "task"};
constexpr std::array<Names, 2> kTraitFields = {"name", "in"};
constexpr std::array<Names, 6> kFactFields = {"name", "is", "in", "atLeast", "atMost", "exists"};
constexpr std::array<Names, 3> kTopicFields = {"name", "told", "atLeast"};
constexpr std::array<Names, 2> kOneItemFields = {"id", "was"};
constexpr std::array<Names, 3> kCountFields = {"of", "atLeast", "atMost"};
constexpr std::array<Names, 1> kTaskFields = {"in"};
constexpr std::array<Names, 4> kWas = {"bought", "touched", "pinned", "hidden"};
constexpr std::array<Names, 3> kCounted = {"events", "visits", "purchases"};

std::string listed(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

class PredicateReader {
 public:
  Predicate read(const JsonFields& fields, std::size_t depth);

 private:
  void read_parts(const JsonFields& fields, std::string_view name, std::size_t depth,
                  Predicate& into);
  void read_trait(const JsonFields& fields, Predicate& into);
  void read_fact(const JsonFields& fields, Predicate& into);
  void read_topic(const JsonFields& fields, Predicate& into);
  void read_item(const JsonFields& fields, Predicate& into);
  void read_count(const JsonFields& fields, Predicate& into);
  void read_task(const JsonFields& fields, Predicate& into);

  std::size_t nodes_ = 0;
};

void read_bounds(const JsonFields& fields, double lowest, double highest, Predicate& into) {
  into.at_least = fields.number("atLeast", lowest, highest);
  into.at_most = fields.number("atMost", lowest, highest);
  if (into.at_least && into.at_most && *into.at_least > *into.at_most)
    fields.refuse("atLeast", "is above atMost: nobody could be meant");
}

void PredicateReader::read_parts(const JsonFields& fields, std::string_view name, std::size_t depth,
                                 Predicate& into) {
  const auto value = fields.get(name);
  simdjson::dom::array array;
  if (!value || value->get(array) != simdjson::SUCCESS || array.size() == 0) {
    fields.refuse(name, "must be a list of at least one question");
    return;
  }
  std::size_t i = 0;
  for (const simdjson::dom::element element : array) {
    const std::string at = std::string(name) + "/" + std::to_string(i++);
    simdjson::dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      fields.refuse(name, "must hold objects like {\"trait\": {..}}");
      return;
    }
    into.parts.push_back(read(fields.inner(object, at, kKinds), depth + 1));
  }
}

void PredicateReader::read_trait(const JsonFields& fields, Predicate& into) {
  into.name = fields.text("name", 1, kPredicateTextBytesMax).value_or("");
  into.values = fields.texts("in", kTraitLevelsMax, kPredicateTextBytesMax)
                    .value_or(std::vector<std::string>());
  std::array<std::string_view, kTraitCount> names;
  for (std::size_t t = 0; t < kTraitCount; ++t) names[t] = trait_name(static_cast<Trait>(t));
  const auto trait = std::ranges::find(names, into.name);
  if (trait == names.end()) {
    fields.refuse("name", "must be one of " + listed(names));
    return;
  }
  into.trait = static_cast<std::uint8_t>(trait - names.begin());
  const auto levels = trait_levels(static_cast<Trait>(into.trait));
  for (const std::string& value : into.values) {
    const auto level = std::ranges::find(levels, value);
    if (level == levels.end()) {
      fields.refuse("in", "must name levels of " + into.name + ": " + listed(levels));
      return;
    }
    into.levels = static_cast<std::uint8_t>(into.levels | 1U << (level - levels.begin()));
  }
  if (into.levels == 0) fields.refuse("in", "must name at least one level: " + listed(levels));
}

void PredicateReader::read_fact(const JsonFields& fields, Predicate& into) {
  into.name = fields.text("name", 1, kPredicateTextBytesMax).value_or("");
  if (into.name.empty()) fields.refuse("name", "must name a fact");
  if (const auto is = fields.text("is", 0, kPredicateTextBytesMax)) into.values = {*is};
  if (const auto in = fields.texts("in", kPredicateValuesMax, kPredicateTextBytesMax))
    into.values = *in;
  into.flag = fields.boolean("exists");
  read_bounds(fields, -kPredicateNumberMax, kPredicateNumberMax, into);
  const int said = (fields.get("is") ? 1 : 0) + (fields.get("in") ? 1 : 0) + (into.flag ? 1 : 0) +
                   (into.at_least || into.at_most ? 1 : 0);
  if (said != 1) fields.refuse_self("must say one of: is, in, exists, or atLeast and atMost");
  if (fields.get("in") && into.values.empty()) fields.refuse("in", "must name at least one value");
}

void PredicateReader::read_topic(const JsonFields& fields, Predicate& into) {
  into.name = fields.text("name", 1, kPredicateTextBytesMax).value_or("");
  if (into.name.empty()) fields.refuse("name", "must name a topic");
  into.topic = topic_key(into.name);
  into.flag = fields.boolean("told");
  into.at_least = fields.number("atLeast", 0, 1);
  if (into.flag.has_value() == into.at_least.has_value())
    fields.refuse_self("must say either told or atLeast, a share of their interest from 0 to 1");
}

void PredicateReader::read_item(const JsonFields& fields, Predicate& into) {
  into.name = fields.text("id", 1, kIdBytesMax).value_or("");
  if (into.name.empty()) fields.refuse("id", "must name an item");
  into.item = item_key(into.name);
  const auto was = fields.text("was", 1, kPredicateTextBytesMax);
  const auto found = std::ranges::find(kWas, was.value_or(""));
  if (found == kWas.end())
    fields.refuse("was", "must be one of " + listed(kWas));
  else
    into.was = static_cast<Predicate::Was>(found - kWas.begin());
}

void PredicateReader::read_count(const JsonFields& fields, Predicate& into) {
  into.name = fields.text("of", 1, kPredicateTextBytesMax).value_or("");
  if (std::ranges::find(kCounted, into.name) == kCounted.end())
    fields.refuse("of", "must be one of " + listed(kCounted));
  read_bounds(fields, 0, kPredicateNumberMax, into);
  if (!into.at_least && !into.at_most) fields.refuse_self("must say atLeast or atMost");
}

void PredicateReader::read_task(const JsonFields& fields, Predicate& into) {
  into.values = fields.texts("in", kPredicateValuesMax, kPredicateTextBytesMax)
                    .value_or(std::vector<std::string>());
  if (into.values.empty()) fields.refuse("in", "must name at least one task");
}

Predicate PredicateReader::read(const JsonFields& fields, std::size_t depth) {
  Predicate predicate;
  if (++nodes_ > kPredicateNodesMax || depth > kPredicateDepthMax) {
    fields.refuse_self(fmt::format("is too large: at most {} questions, {} levels deep",
                                   kPredicateNodesMax, kPredicateDepthMax));
    return predicate;
  }
  std::size_t said = 0, kind = 0;
  for (std::size_t k = 0; k < kKinds.size(); ++k) {
    if (!fields.get(kKinds[k])) continue;
    ++said;
    kind = k;
  }
  if (said != 1) {
    fields.refuse_self("must ask exactly one question: " + listed(kKinds));
    return predicate;
  }
  predicate.kind = static_cast<Predicate::Kind>(kind);
  const auto of = [&](std::span<const std::string_view> known,
                      void (PredicateReader::*reader)(const JsonFields&, Predicate&)) {
    if (const auto inner = fields.object(kKinds[kind], known)) (this->*reader)(*inner, predicate);
  };
  switch (predicate.kind) {
    case Predicate::Kind::kEverybody:
      if (!fields.boolean("everybody").value_or(true))
        fields.refuse("everybody", "must be true; for nobody there is no bet");
      break;
    case Predicate::Kind::kAll:
    case Predicate::Kind::kAny:
      read_parts(fields, kKinds[kind], depth, predicate);
      break;
    case Predicate::Kind::kNot:
      if (const auto inner = fields.object("not", kKinds))
        predicate.parts.push_back(read(*inner, depth + 1));
      break;
    case Predicate::Kind::kTrait:
      of(kTraitFields, &PredicateReader::read_trait);
      break;
    case Predicate::Kind::kFact:
      of(kFactFields, &PredicateReader::read_fact);
      break;
    case Predicate::Kind::kTopic:
      of(kTopicFields, &PredicateReader::read_topic);
      break;
    case Predicate::Kind::kItem:
      of(kOneItemFields, &PredicateReader::read_item);
      break;
    case Predicate::Kind::kCount:
      of(kCountFields, &PredicateReader::read_count);
      break;
    case Predicate::Kind::kTask:
      of(kTaskFields, &PredicateReader::read_task);
      break;
  }
  return predicate;
}

void write_bounds(JsonWriter& json, const Predicate& predicate) {
  if (predicate.at_least) json.field("atLeast", *predicate.at_least);
  if (predicate.at_most) json.field("atMost", *predicate.at_most);
}

std::string either(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text.append(text.empty() ? "" : " or ").append(value);
  return text;
}

std::string bounds_in_words(const Predicate& predicate) {
  if (predicate.at_least && predicate.at_most)
    return fmt::format("{:g} to {:g}", *predicate.at_least, *predicate.at_most);
  return predicate.at_least ? fmt::format("{:g} or more", *predicate.at_least)
                            : fmt::format("at most {:g}", predicate.at_most.value_or(0));
}

std::string joined(const std::vector<Predicate>& parts, std::string_view with) {
  std::string text;
  for (const Predicate& part : parts) {
    if (!text.empty()) text += with;
    const bool group = part.kind == Predicate::Kind::kAll || part.kind == Predicate::Kind::kAny;
    text += group && parts.size() > 1 ? "(" + to_words(part) + ")" : to_words(part);
  }
  return text;
}

}  // namespace

std::optional<Predicate> read_predicate(const JsonFields& fields, std::string_view name) {
  if (!fields.get(name)) return std::nullopt;
  const auto inner = fields.object(name, kKinds);
  if (!inner) return std::nullopt;
  return PredicateReader().read(*inner, 1);
}

void write_predicate(JsonWriter& json, const Predicate& predicate) {
  json.begin_object().key(kKinds[static_cast<std::size_t>(predicate.kind)]);
  switch (predicate.kind) {
    case Predicate::Kind::kEverybody:
      json.boolean(true);
      break;
    case Predicate::Kind::kAll:
    case Predicate::Kind::kAny:
      json.begin_array();
      for (const Predicate& part : predicate.parts) write_predicate(json, part);
      json.end_array();
      break;
    case Predicate::Kind::kNot:
      write_predicate(json, predicate.parts.front());
      break;
    case Predicate::Kind::kTrait:
      json.begin_object().field("name", predicate.name);
      json.texts("in", predicate.values);
      json.end_object();
      break;
    case Predicate::Kind::kFact:
      json.begin_object().field("name", predicate.name);
      if (!predicate.values.empty()) json.texts("in", predicate.values);
      if (predicate.flag) json.field("exists", *predicate.flag);
      write_bounds(json, predicate);
      json.end_object();
      break;
    case Predicate::Kind::kTopic:
      json.begin_object().field("name", predicate.name);
      if (predicate.flag) json.field("told", *predicate.flag);
      write_bounds(json, predicate);
      json.end_object();
      break;
    case Predicate::Kind::kItem:
      json.begin_object().field("id", predicate.name);
      json.field("was", kWas[static_cast<std::size_t>(predicate.was)]).end_object();
      break;
    case Predicate::Kind::kCount:
      json.begin_object().field("of", predicate.name);
      write_bounds(json, predicate);
      json.end_object();
      break;
    case Predicate::Kind::kTask:
      json.begin_object();
      json.texts("in", predicate.values);
      json.end_object();
      break;
  }
  json.end_object();
}

std::string to_words(const Predicate& predicate) {
  switch (predicate.kind) {
    case Predicate::Kind::kEverybody:
      return "everybody";
    case Predicate::Kind::kAll:
      return joined(predicate.parts, " and ");
    case Predicate::Kind::kAny:
      return joined(predicate.parts, " or ");
    case Predicate::Kind::kNot:
      return "not (" + to_words(predicate.parts.front()) + ")";
    case Predicate::Kind::kTrait:
      return predicate.name + " " + either(predicate.values);
    case Predicate::Kind::kFact:
      if (predicate.flag) return (*predicate.flag ? "with a " : "without a ") + predicate.name;
      if (!predicate.values.empty()) return predicate.name + " " + either(predicate.values);
      return predicate.name + " " + bounds_in_words(predicate);
    case Predicate::Kind::kTopic:
      if (predicate.flag)
        return (*predicate.flag ? "said they want " : "did not say they want ") + predicate.name;
      return fmt::format("at least {:g} % of their interest in {}",
                         100 * predicate.at_least.value_or(0), predicate.name);
    case Predicate::Kind::kItem:
      return std::string(kWas[static_cast<std::size_t>(predicate.was)]) + " " + predicate.name;
    case Predicate::Kind::kCount:
      return bounds_in_words(predicate) + " " + predicate.name;
    case Predicate::Kind::kTask:
      return "here for " + either(predicate.values);
  }
  return "";
}

}  // namespace ante
