#include "profile/audience.h"

#include <algorithm>
#include <charconv>

#include "base/json_writer.h"
#include "profile/features.h"

namespace ante {

namespace {

bool within(const Predicate& predicate, double value) {
  return (!predicate.at_least || value >= *predicate.at_least) &&
         (!predicate.at_most || value <= *predicate.at_most);
}

const Fact* fact_named(const AudienceQuestion& of, std::string_view name) {
  const Fact* found = nullptr;
  for (const Fact& fact : of.person.facts) {
    if (fact.name != name || (fact.expires_at_ms && *fact.expires_at_ms <= of.now_ms)) continue;
    if (found == nullptr || fact.provenance == Provenance::kTold) found = &fact;
  }
  return found;
}

std::string in_quotes(std::string_view text) {
  std::string out;
  JsonWriter(out).string(text);
  return out;
}

bool fact_holds(const Predicate& predicate, const AudienceQuestion& of) {
  const Fact* fact = fact_named(of, predicate.name);
  if (predicate.flag) return (fact != nullptr) == *predicate.flag;
  if (fact == nullptr) return false;
  const std::string& value = fact->value_json;
  if (!predicate.values.empty()) {
    // A text equals the text; a number or a yes equals how it is written.
    return std::ranges::any_of(predicate.values, [&](const std::string& wanted) {
      return value == wanted || value == in_quotes(wanted);
    });
  }
  double number = 0;
  const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
  return failure == std::errc{} && end == value.data() + value.size() && within(predicate, number);
}

bool topic_holds(const Predicate& predicate, const AudienceQuestion& of) {
  const std::span<const TopicKey> topic(&predicate.topic, 1);
  const TopicAffinity affinity = topic_affinity(of.person, topic, of.now_ms);
  if (predicate.flag) return (affinity.told > 0) == *predicate.flag;
  const float total = lasting_total(of.person, of.now_ms);
  return total > 0 &&
         static_cast<double>(affinity.lasting / total) >= predicate.at_least.value_or(0);
}

bool item_holds(const Predicate& predicate, const AudienceQuestion& of) {
  switch (predicate.was) {
    case Predicate::Was::kBought:
      return is_bought(of.person, predicate.item, ItemKey{});
    case Predicate::Was::kTouched:
      return own_history(of.person, predicate.item).count > 0;
    case Predicate::Was::kPinned:
      return is_pinned(of.person, predicate.item);
    case Predicate::Was::kHidden:
      return is_hidden(of.person, predicate.item, ItemKey{});
  }
  return false;
}

double counted(const Predicate& predicate, const PersonState& person) {
  if (predicate.name == "events") return person.events;
  return predicate.name == "visits" ? person.visits : person.purchases;
}

}  // namespace

bool holds(const Predicate& predicate, const AudienceQuestion& of) {
  const auto part_holds = [&of](const Predicate& part) { return holds(part, of); };
  switch (predicate.kind) {
    case Predicate::Kind::kEverybody:
      return true;
    case Predicate::Kind::kAll:
      return std::ranges::all_of(predicate.parts, part_holds);
    case Predicate::Kind::kAny:
      return std::ranges::any_of(predicate.parts, part_holds);
    case Predicate::Kind::kNot:
      return !holds(predicate.parts.front(), of);
    case Predicate::Kind::kTrait:
      return (predicate.levels >> of.traits.level[predicate.trait] & 1U) != 0;
    case Predicate::Kind::kFact:
      return fact_holds(predicate, of);
    case Predicate::Kind::kTopic:
      return topic_holds(predicate, of);
    case Predicate::Kind::kItem:
      return item_holds(predicate, of);
    case Predicate::Kind::kCount:
      return within(predicate, counted(predicate, of.person));
    case Predicate::Kind::kTask:
      return std::ranges::find(predicate.values, of.situation.task) != predicate.values.end();
  }
  return false;
}

}  // namespace ante
