#include "report/brief_check.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "base/time_text.h"

namespace ante {

namespace {

constexpr double kConsentAlpha = 0.05;

std::string share_in_words(double share) { return fmt::format("{:.3g} %", 100 * share); }
std::string lift_in_words(double share) { return fmt::format("{:+.3g} %", 100 * share); }
std::string brief_day(TimeMs at_ms) { return format_time(at_ms).substr(0, 10); }

std::string joined_texts(std::span<const std::string> texts) {
  std::string all;
  for (std::size_t i = 0; i < texts.size(); ++i)
    all.append(i == 0 ? "" : (i + 1 == texts.size() ? " and " : ", ")).append(texts[i]);
  return all;
}

// In single quotes for a shell.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out.push_back(c);
  }
  return out + "'";
}

std::string curl_of(const std::string& origin, const std::string& event) {
  std::string body;
  JsonWriter(body).begin_object().field("anonymousId", "test-1").field("event", event).end_object();
  return fmt::format("curl -s {} -u \"$ANTE_KEY:\" -d {}", shell_quoted(origin + "/v1/track"),
                     shell_quoted(body));
}

std::string metric_in_words(const MeasuredMetric& metric) {
  if (!metric.value) return "nothing measured yet";
  std::string text = lift_in_words(*metric.value);
  if (metric.low && metric.high)
    text +=
        fmt::format(" (95 %: {} to {})", lift_in_words(*metric.low), lift_in_words(*metric.high));
  return text + fmt::format(", n = {}", metric.n);
}

const MeasuredMetric* find_metric(const BriefEvidence& evidence, std::string_view id) {
  const auto found = std::ranges::find_if(
      evidence.metrics, [id](const MeasuredMetric& metric) { return same_word(metric.id, id); });
  return found == evidence.metrics.end() ? nullptr : &*found;
}

// The lines of one brief, as they are found.
class Checker {
 public:
  Checker(const Brief& brief, const BriefEvidence& evidence) : brief_(brief), evidence_(evidence) {}

  BriefCheck run() {
    answers();
    slot();
    renewal();
    chain();
    metrics();
    nudge();
    detectable();
    person_first();
    guardrails();
    came_true();
    difference();
    events();
    data();
    consent();
    return finish();
  }

 private:
  void add(unsigned question, const char* name, CheckState state, std::string sentence,
           std::string todo = "") {
    check_.lines.push_back(
        {static_cast<std::uint8_t>(question), name, state, std::move(sentence), std::move(todo)});
  }

  void answers();
  void slot();
  void renewal();
  void chain();
  void metrics();
  void nudge();
  void detectable();
  void person_first();
  void guardrails();
  void came_true();
  void difference();
  void events();
  void event(const std::string& name);
  void data();
  void consent();
  BriefCheck finish();

  // What her measure shows, and by what where it has no figures of its own.
  std::string hers_in_words(const MeasuredMetric* hers) const;
  // Its measures, each once.
  std::vector<std::string> measures() const;
  const EventCount* arrival(std::string_view name) const;

  const Brief& brief_;
  const BriefEvidence& evidence_;
  BriefCheck check_;
};

void Checker::answers() {
  check_.answered = answered(brief_);
  if (check_.answered == kBriefQuestions)
    return add(0, "answers", CheckState::kOk, "3 of 3 questions are answered.");
  std::vector<std::string> missing;
  for (const auto& members : unanswered(brief_))
    missing.insert(missing.end(), members.begin(), members.end());
  add(0, "answers", CheckState::kWarn,
      fmt::format("{} of 3 questions are answered. Slots with this brief stay in shadow until the "
                  "third is.",
                  check_.answered),
      "Still to say: " + joined_texts(missing) + ".");
}

void Checker::slot() {
  if (brief_.decision.empty()) return;
  const std::string& name = brief_.decision;
  if (!evidence_.slot_exists)
    return add(3, "slot", CheckState::kFail, fmt::format("There is no slot '{}'.", name),
               fmt::format("ante slot set {}", name));
  if (!evidence_.slot_uses_it)
    return add(3, "slot", CheckState::kWarn,
               fmt::format("Slot '{}' does not name this brief, so nothing is bet on it.", name),
               fmt::format("Set \"brief\":\"{}\" in slot '{}'.", brief_.id, name));
  if (evidence_.in_shadow)
    return add(3, "slot", CheckState::kWaiting,
               fmt::format("Slot '{}' is in shadow: it shows nothing but its safe default.", name));
  add(3, "slot", CheckState::kOk, fmt::format("Slot '{}' runs on this brief.", name));
}

void Checker::renewal() {
  if (brief_.registered_at_ms == 0)
    return add(0, "renewal", CheckState::kWaiting,
               "It is registered when all three questions are answered, and must be renewed a "
               "quarter later.");
  const TimeMs due = brief_.due_ms();
  const MeasuredMetric* hers = find_metric(evidence_, brief_.person.metric);
  const bool is_refused = hers != nullptr && hers->verdict == Verdict::kLosing;
  const std::string todo =
      is_refused ? "It cannot be renewed while people are worse off: let it stop, or change what "
                   "its slot shows."
                 : fmt::format("ante brief renew {} --why \"...\"", brief_.id);
  if (brief_.is_overdue(evidence_.now_ms))
    return add(0, "renewal", CheckState::kFail,
               fmt::format("It was to be renewed by {}, and nobody did: its slot shows the safe "
                           "default.",
                           brief_day(due)),
               todo);
  const std::int64_t days = (due - evidence_.now_ms + kDayMs - 1) / kDayMs;
  const bool is_soon = days <= kRenewalWarnDays;
  add(0, "renewal", is_soon ? CheckState::kWarn : CheckState::kOk,
      fmt::format("It stops on {}, in {} day{}, unless somebody renews it with a reason.",
                  brief_day(due), days, days == 1 ? "" : "s"),
      is_soon ? todo : "");
}

void Checker::chain() {
  constexpr std::array kBetween = {"from the impact to what she does",
                                   "from what she does to her need",
                                   "from her need to our decision"};
  if (brief_.impact.empty() || brief_.behaviour.empty() || brief_.need.empty() ||
      brief_.decided.empty())
    return add(0, "chain", CheckState::kWarn, "The chain from impact to decision has gaps.",
               "Say chain/impact, chain/behaviour, chain/need and chain/decision.");
  std::vector<std::string> assumed;
  for (std::size_t i = 0; i < kBetween.size(); ++i) {
    if (brief_.links[i].known == LinkEvidence::kAssumed) assumed.emplace_back(kBetween[i]);
  }
  if (assumed.empty())
    return add(0, "chain", CheckState::kOk,
               "Every link from impact to decision was seen or tested.");
  add(0, "chain", CheckState::kWarn,
      fmt::format("{} of 3 links {} only assumed: {}.", assumed.size(),
                  assumed.size() == 1 ? "is" : "are", joined_texts(assumed)),
      "Say what was observed or tested, and where.");
}

std::vector<std::string> Checker::measures() const {
  std::vector<std::string> all = {brief_.person.metric, brief_.business.metric};
  all.insert(all.end(), brief_.guardrails.begin(), brief_.guardrails.end());
  std::vector<std::string> once;
  for (const std::string& id : all) {
    const bool is_there =
        std::ranges::any_of(once, [&id](const std::string& other) { return same_word(other, id); });
    if (!id.empty() && !is_there) once.push_back(id);
  }
  return once;
}

void Checker::metrics() {
  std::vector<std::string_view> known;
  for (const MeasuredMetric& metric : evidence_.metrics) known.push_back(metric.id);
  const std::vector<std::string> named = measures();
  bool all_known = true;
  for (const std::string& id : named) {
    if (find_metric(evidence_, id) != nullptr) continue;
    all_known = false;
    add(1, "metric", CheckState::kWarn,
        fmt::format("There is no such metric '{}'.{}", id, did_you_mean(id, known)),
        "Name one that is measured, or send what it is made of.");
  }
  if (all_known && !named.empty())
    add(1, "metric", CheckState::kOk, fmt::format("Measured: {}.", joined_texts(named)));
}

// Exactly one, however many of its measures are proxies.
void Checker::nudge() {
  const MeasuredMetric* hers = find_metric(evidence_, brief_.person.metric);
  if (hers == nullptr || hers->metric_class != MetricClass::kProxy) return;
  for (const std::string& id : measures()) {
    const MeasuredMetric* metric = find_metric(evidence_, id);
    if (metric != nullptr && metric->metric_class && metric->metric_class != MetricClass::kProxy)
      return;
  }
  add(1, "nudge", CheckState::kWarn,
      fmt::format("'{}' alone is a measure of our page, not of her. Add one thing she tells us.",
                  brief_.person.metric));
}

void Checker::detectable() {
  if (!brief_.person.target || !brief_.horizon_days || !evidence_.slot_exists) return;
  const double target = *brief_.person.target;
  const std::int64_t days = *brief_.horizon_days;
  if (brief_.smallest_worth && target < *brief_.smallest_worth)
    add(1, "worth", CheckState::kWarn,
        fmt::format("It promises {}, and says that less than {} is not worth the work.",
                    lift_in_words(target), lift_in_words(*brief_.smallest_worth)));
  if (evidence_.people == 0)
    return add(1, "detectable", CheckState::kWaiting,
               "Nobody has come by yet: a day of visits says whether the lift can be known.");
  if (evidence_.holdout_share <= 0)
    return add(1, "detectable", CheckState::kWarn,
               "Nobody is held out, so no lift can ever be known.",
               fmt::format("Set a holdout in slot '{}'.", brief_.decision));
  if (!evidence_.has_base)
    return add(1, "detectable", CheckState::kWaiting,
               "Too few people have reached the goal to say how large a lift can be known.");
  constexpr const char* kTodo =
      "Promise more, wait longer, hold out more people, or measure what happens more often.";
  if (!evidence_.smallest_lift)
    return add(
        1, "detectable", CheckState::kWarn,
        fmt::format("With so few people not even a tenfold lift can be known in {} days.", days),
        kTodo);
  const double smallest = *evidence_.smallest_lift;
  const std::string by =
      evidence_.slot_lift && !same_word(evidence_.slot_lift->id, brief_.person.metric)
          ? fmt::format(" Judged by the slot's goal '{}'.", evidence_.slot_lift->id)
          : "";
  const std::string takes = evidence_.days_to_know
                                ? fmt::format("{:.0f} days", std::ceil(*evidence_.days_to_know))
                                : "more than ten years";
  if (target < smallest)
    return add(1, "detectable", CheckState::kWarn,
               fmt::format("It promises {} in {} days, but the smallest lift that so many people "
                           "can show by then is {}. To see {} would take {}.",
                           lift_in_words(target), days, lift_in_words(smallest),
                           lift_in_words(target), takes) +
                   by,
               kTodo);
  add(1, "detectable", CheckState::kOk,
      fmt::format("A lift of {} can be known in {}, about twice that if one looks every day; the "
                  "smallest within {} days is {}.",
                  lift_in_words(target), takes, days, lift_in_words(smallest)) +
          by);
}

std::string Checker::hers_in_words(const MeasuredMetric* hers) const {
  if (hers == nullptr) return "nothing measured yet";
  if (same_word(hers->id, brief_.person.metric)) return metric_in_words(*hers);
  return metric_in_words(*hers) + fmt::format(", by the slot's goal '{}'", hers->id);
}

void Checker::person_first() {
  const MeasuredMetric* hers = person_measure(brief_, evidence_);
  if (brief_.person.metric.empty() || hers == nullptr) return;
  const MeasuredMetric* business = find_metric(evidence_, brief_.business.metric);
  if (hers->verdict == Verdict::kLosing)
    return add(1, "customer first", CheckState::kFail,
               fmt::format("Her measure '{}' is losing: {}. The brief fails, whatever '{}' says{}.",
                           brief_.person.metric, hers_in_words(hers), brief_.business.metric,
                           business != nullptr && business->value
                               ? fmt::format(" ({})", metric_in_words(*business))
                               : ""),
               "Stop, or change what is decided; it cannot be renewed like this.");
  if (business != nullptr && business != hers && business->verdict == Verdict::kLosing)
    return add(
        1, "customer first", CheckState::kWarn,
        fmt::format("Our measure '{}' is losing: {}.", business->id, metric_in_words(*business)));
  const bool is_early = hers->verdict == Verdict::kTooEarly || hers->verdict == Verdict::kUnproven;
  add(1, "customer first", is_early ? CheckState::kWaiting : CheckState::kOk,
      fmt::format("Her measure '{}' is {}: {}.", brief_.person.metric, to_string(hers->verdict),
                  hers_in_words(hers)));
}

void Checker::guardrails() {
  if (brief_.guardrails.empty()) return;
  bool all_measured = true;
  for (const std::string& id : brief_.guardrails) {
    const MeasuredMetric* metric = find_metric(evidence_, id);
    all_measured = all_measured && metric != nullptr && metric->value.has_value();
    if (metric != nullptr && metric->verdict == Verdict::kLosing)
      return add(1, "guardrails", CheckState::kFail,
                 fmt::format("Guardrail '{}' is losing: {}.", id, metric_in_words(*metric)),
                 "Stop, or change what is decided.");
  }
  add(1, "guardrails", all_measured ? CheckState::kOk : CheckState::kWaiting,
      all_measured ? "No guardrail is losing." : "Not every guardrail has figures yet.");
}

void Checker::came_true() {
  if (brief_.registered_at_ms == 0 || !brief_.person.target) return;
  const double target = *brief_.person.target;
  const MeasuredMetric* hers = person_measure(brief_, evidence_);
  const std::string so_far = hers_in_words(hers);
  // The slot's goal stands for her measure while that has no figures, but keeps no promise for it.
  const bool is_own = hers != nullptr && same_word(hers->id, brief_.person.metric);
  const std::string promised = fmt::format("{} of '{}' by {}", lift_in_words(target),
                                           brief_.person.metric, brief_day(brief_.horizon_ms()));
  if (evidence_.now_ms < brief_.horizon_ms())
    return add(1, "came true", CheckState::kWaiting,
               fmt::format("Promised: {}. So far: {}.", promised, so_far));
  if (!is_own || !hers->value || !hers->low || !hers->high)
    return add(1, "came true", CheckState::kFail,
               fmt::format("Promised: {}. That day is over, and nothing can be said: {}.", promised,
                           so_far),
               "Measure it, or stop.");
  if (*hers->high < target)
    return add(1, "came true", CheckState::kFail,
               fmt::format("It did not come true. Promised: {}. Measured: {}.", promised, so_far),
               "Stop, or promise what it does.");
  if (*hers->low >= target)
    return add(1, "came true", CheckState::kOk,
               fmt::format("It came true. Promised: {}. Measured: {}.", promised, so_far));
  add(1, "came true", CheckState::kWarn,
      fmt::format("The day is over and it is not decided. Promised: {}. Measured: {}.", promised,
                  so_far));
}

void Checker::difference() {
  if (!brief_.share) return;
  const double promised = *brief_.share;
  const Estimate& seen = evidence_.different;
  if (!seen.value || seen.n == 0)
    return add(
        2, "difference", CheckState::kWaiting,
        fmt::format("Promised: {} of decisions differ from the general experience. Nothing "
                    "is measured yet{}.",
                    share_in_words(promised), seen.why_not.empty() ? "" : ": " + seen.why_not));
  const std::string measured = fmt::format(
      "You promised {} different; {} saw the same (95 %: {} to {}, n = {}).",
      share_in_words(promised), share_in_words(1 - *seen.value),
      share_in_words(1 - seen.interval.high), share_in_words(1 - seen.interval.low), seen.n);
  if (seen.n < kDifferenceDecisionsMin)
    return add(2, "difference", CheckState::kWaiting, measured + " Too few to judge by.");
  if (seen.interval.high < promised)
    return add(2, "difference", CheckState::kFail, measured,
               "Give it more to choose from, let it bet more, or promise what it does.");
  const bool is_kept = seen.interval.low >= promised || *seen.value >= promised;
  add(2, "difference", is_kept ? CheckState::kOk : CheckState::kWaiting, measured);
}

const EventCount* Checker::arrival(std::string_view name) const {
  const auto found = std::ranges::find_if(
      evidence_.arrivals, [name](const EventCount& count) { return same_word(count.name, name); });
  return found == evidence_.arrivals.end() || found->total == 0 ? nullptr : &*found;
}

void Checker::event(const std::string& name) {
  const EventCount* came = arrival(name);
  if (came == nullptr) {
    const std::vector<std::string_view> known(evidence_.known_events.begin(),
                                              evidence_.known_events.end());
    return add(3, "event", CheckState::kFail,
               fmt::format("'{}' never arrived.{}", name, did_you_mean(name, known)),
               curl_of(evidence_.origin, name));
  }
  const std::uint64_t lately = came->within(evidence_.now_ms, kEventQuietDays);
  if (lately == 0)
    return add(3, "event", CheckState::kWarn,
               fmt::format("'{}' no longer arrives: it came {} times, last on {}.", name,
                           came->total, brief_day(came->last_ms)),
               curl_of(evidence_.origin, name));
  std::string allowed;
  if (came->sampled > 0)
    allowed =
        fmt::format("; {:.0f} % from people who allow a profile",
                    100 * static_cast<double>(came->allowed) / static_cast<double>(came->sampled));
  add(3, "event", CheckState::kOk,
      fmt::format("'{}' came {} in {} days, last on {}{}.", name,
                  lately == 1 ? "once" : fmt::format("{} times", lately), kEventQuietDays,
                  format_time(came->last_ms).substr(0, 16), allowed));
}

void Checker::events() {
  for (const std::string& name : brief_.events) event(name);
}

void Checker::data() {
  if (brief_.sources.empty()) return;
  std::vector<std::string> missing;
  for (const BriefSource& source : brief_.sources) {
    if (!source.have)
      missing.push_back(source.name + (source.obtainable ? " (obtainable)" : " (not obtainable)"));
    else if (!source.event.empty() && arrival(source.event) == nullptr)
      missing.push_back(
          fmt::format("{} (said to be there, but '{}' never arrived)", source.name, source.event));
  }
  if (missing.empty()) return add(3, "data", CheckState::kOk, "All the data it needs is there.");
  add(3, "data", CheckState::kWarn,
      fmt::format("{} of {} pieces of data are missing: {}.", missing.size(), brief_.sources.size(),
                  joined_texts(missing)),
      "ante report gaps");
}

void Checker::consent() {
  const std::vector<Purpose> purposes = purposes_of(brief_);
  if (purposes.empty()) return;
  std::vector<std::string> names;
  for (const Purpose purpose : purposes) names.emplace_back(to_string(purpose));
  const ConsentCount& count = evidence_.consent;
  if (count.people == 0)
    return add(
        3, "consent", CheckState::kWaiting,
        fmt::format("It needs that people allow {}. Nobody has come by yet.", joined_texts(names)));
  const double share = static_cast<double>(count.allowing) / static_cast<double>(count.people);
  const Interval around = wilson_interval(count.allowing, count.people, kConsentAlpha);
  const std::string said = fmt::format(
      "{} of people allow {} (95 %: {} to {}, n = {}{}).", share_in_words(share),
      joined_texts(names), share_in_words(around.low), share_in_words(around.high), count.people,
      count.sample < 1 ? fmt::format(", a sample of {}", share_in_words(count.sample)) : "");
  constexpr const char* kTodo = "Ask people for it, or decide without what they do not allow.";
  if (count.allowing == 0 && count.people >= kConsentPeopleNeeded)
    return add(3, "consent", CheckState::kFail, said, kTodo);
  if (around.high < kConsentShareMin) return add(3, "consent", CheckState::kWarn, said, kTodo);
  add(3, "consent", CheckState::kOk, said);
}

BriefCheck Checker::finish() {
  std::ranges::stable_sort(check_.lines, {}, &BriefCheckLine::question);
  const BriefCheckLine* worst = nullptr;
  std::size_t fails = 0, warns = 0;
  for (const BriefCheckLine& line : check_.lines) {
    if (worst == nullptr || line.state > worst->state) worst = &line;
    fails += line.state == CheckState::kFail ? 1 : 0;
    warns += line.state == CheckState::kWarn ? 1 : 0;
  }
  check_.status = worst == nullptr ? CheckState::kOk : worst->state;
  check_.sentence = fmt::format("{} of 3 answered. ", check_.answered);
  if (fails > 0)
    check_.sentence +=
        fmt::format("{} of {} checks fail. {}", fails, check_.lines.size(), worst->sentence);
  else if (warns > 0)
    check_.sentence +=
        fmt::format("{} of {} checks warn. {}", warns, check_.lines.size(), worst->sentence);
  else if (check_.status == CheckState::kWaiting)
    check_.sentence += "Nothing speaks against it; some of it cannot be known yet.";
  else
    check_.sentence += "It holds.";
  return std::move(check_);
}

}  // namespace

const char* to_string(CheckState state) {
  switch (state) {
    case CheckState::kOk:
      return "ok";
    case CheckState::kWaiting:
      return "waiting";
    case CheckState::kWarn:
      return "warn";
    case CheckState::kFail:
      return "fail";
  }
  return "unknown";
}

const MeasuredMetric* person_measure(const Brief& brief, const BriefEvidence& evidence) {
  const MeasuredMetric* own = find_metric(evidence, brief.person.metric);
  if (own != nullptr && (own->value || own->n > 0)) return own;
  if (evidence.slot_lift) return &*evidence.slot_lift;
  return own;
}

std::vector<Purpose> purposes_of(const Brief& brief) {
  std::vector<Purpose> all = brief.consent;
  for (const BriefSource& source : brief.sources) all.push_back(source.purpose);
  std::ranges::sort(all);
  const auto same = std::ranges::unique(all);
  all.erase(same.begin(), same.end());
  return all;
}

BriefCheck check(const Brief& brief, const BriefEvidence& evidence) {
  return Checker(brief, evidence).run();
}

std::string to_json(const Brief& brief, const BriefCheck& check) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("brief", brief.id).field("title", brief.title);
  json.field("purpose", brief.purpose).field("answered", check.answered);
  json.field("status", to_string(check.status)).field("sentence", check.sentence);
  json.key("lines").begin_array();
  for (const BriefCheckLine& line : check.lines) {
    json.begin_object().field("question", line.question).field("name", line.name);
    json.field("state", to_string(line.state)).field("sentence", line.sentence);
    if (!line.todo.empty()) json.field("todo", line.todo);
    json.end_object();
  }
  json.end_array().end_object();
  return body;
}

}  // namespace ante
