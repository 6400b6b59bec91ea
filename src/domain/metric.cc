#include "domain/metric.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/json_parser.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "domain/json_fields.h"
#include "domain/object_id.h"

namespace ante {

namespace {

constexpr std::size_t kMetricJsonBytesMax = 8 * 1024;
constexpr std::size_t kMetricTextBytesMax = 200;
constexpr double kCapMin = 1e-6, kCapMax = 1e6;  // numbers are kept in millionths

using Names = std::string_view;
constexpr std::array<Names, 14> kMetricFields = {"id",  "title",    "class",   "how",    "count",
                                                 "per", "minus",    "of",      "cap",    "better",
                                                 "ask", "windowMs", "afterMs", "version"};
constexpr std::array<Names, 2> kEventFields = {"event", "where"};
constexpr std::array<Names, 3> kTestFields = {"property", "is", "atLeast"};
constexpr std::array<Names, 2> kAskFields = {"text", "share"};
constexpr std::array<Names, 3> kClasses = {"proxy", "business", "customer"};
constexpr std::array<Names, 4> kHows = {"share", "mean", "ratio", "time"};

// What happens on our own pages and in our own letters.
constexpr std::array<Names, 12> kOurOwn = {
    "click",          "open",          "view",         "Product Clicked",    "Article Clicked",
    "Link Clicked",   "Page Viewed",   "Email Opened", "Email Link Clicked", "Push Opened",
    "Product Viewed", "Article Viewed"};

// The place of a text among the possible ones, counted from 1; refused otherwise.
std::optional<std::uint8_t> one_of(const JsonFields& fields, std::string_view name,
                                   std::span<const Names> possible) {
  const auto text = fields.text(name, 1, kMetricTextBytesMax);
  if (!text) return std::nullopt;
  const auto found = std::ranges::find(possible, *text);
  if (found != possible.end()) return static_cast<std::uint8_t>(found - possible.begin() + 1);
  std::string all;
  for (const Names each : possible) all += (all.empty() ? "" : ", ") + std::string(each);
  fields.refuse(name, fmt::format("must be one of {}, found '{}'.{}", all, text->substr(0, 40),
                                  did_you_mean(*text, possible)));
  return std::nullopt;
}

std::optional<PropertyTest> read_test(const JsonFields& fields) {
  PropertyTest test;
  const auto property = fields.line("property", 1, kMetricTextBytesMax);
  if (!property && !fields.get("property")) fields.refuse("property", "is missing");
  test.property = property.value_or("");
  test.at_least = fields.number("atLeast", -1e12, 1e12);
  if (const auto is = fields.get("is")) {
    if (is->is_object() || is->is_array()) {
      fields.refuse("is", "must be a text, a number or a truth");
    } else {
      test.is = simdjson::minify(*is);
      if (test.is.size() > kMetricTextBytesMax) fields.refuse("is", "is too long");
    }
  }
  if (test.is.empty() == !test.at_least.has_value())
    fields.refuse_self("must ask either 'is' or 'atLeast'");
  return test;
}

std::optional<MetricEvent> read_event(const JsonFields& fields, std::string_view name) {
  const auto object = fields.object(name, kEventFields);
  if (!object) return std::nullopt;
  MetricEvent event;
  const auto text = object->line("event", 1, kEventNameBytesMax);
  if (!text && !object->get("event"))
    object->refuse("event", "is missing: the name of an event, like 'Order Completed'");
  event.event = text.value_or("");
  const auto where = object->get("where");
  if (!where) return event;
  simdjson::dom::array tests;
  if (where->get(tests) != simdjson::SUCCESS || tests.size() > kMetricTestsMax) {
    object->refuse("where", fmt::format("must be a list of at most {} tests like "
                                        "{{\"property\": \"depth\", \"atLeast\": 80}}",
                                        kMetricTestsMax));
    return event;
  }
  std::size_t index = 0;
  for (const simdjson::dom::element each : tests) {
    simdjson::dom::object test;
    if (each.get(test) != simdjson::SUCCESS) {
      object->refuse("where", std::string("must hold objects, found ") + json_kind(each));
      break;
    }
    const auto read = read_test(object->inner(test, fmt::format("where/{}", index++), kTestFields));
    if (read) event.where.push_back(*read);
  }
  return event;
}

std::optional<MetricQuestion> read_question(const JsonFields& fields) {
  const auto object = fields.object("ask", kAskFields);
  if (!object) return std::nullopt;
  MetricQuestion ask;
  const auto text = object->line("text", 1, kMetricTextBytesMax);
  if (!text && !object->get("text")) object->refuse("text", "is missing: the question itself");
  ask.text = text.value_or("");
  ask.share = object->number("share", 0.0001, kAskedMax).value_or(ask.share);
  return ask;
}

void check_whole(const JsonFields& fields, const Metric& metric, bool has_count) {
  if (metric.ask) {
    if (has_count || metric.per)
      fields.refuse("ask", "is counted by its answers: leave 'count' and 'per' out");
    if (metric.metric_class != MetricClass::kPerson)
      fields.refuse("class", "must be customer: a question asks the person");
    return;
  }
  if (!has_count)
    fields.refuse("count", "is missing: which event, like {\"event\": \"Order Completed\"}");
  if ((metric.how == Aggregation::kRatio) != metric.per.has_value())
    fields.refuse("per", metric.per ? "belongs to a ratio only" : "is missing: a ratio of what");
  if (metric.of_value && metric.how != Aggregation::kMean)
    fields.refuse("of", "belongs to a mean only");
  if (metric.minus && !metric.of_value)
    fields.refuse("minus", "belongs to a mean of values only: 'of' must be value");
  if (metric.cap > 0 && metric.how != Aggregation::kMean && metric.how != Aggregation::kRatio)
    fields.refuse("cap", "belongs to a mean or a ratio: the others have their own");
  if (metric.metric_class != MetricClass::kProxy &&
      class_of_outcome(metric.count.event, {}) == MetricClass::kProxy)
    fields.refuse("class", fmt::format("must be proxy: '{}' measures our own page, not what became "
                                       "of anybody",
                                       metric.count.event));
}

void write_event(JsonWriter& json, std::string_view name, const MetricEvent& event) {
  json.key(name).begin_object().field("event", event.event);
  if (!event.where.empty()) {
    json.key("where").begin_array();
    for (const PropertyTest& test : event.where) {
      json.begin_object().field("property", test.property);
      if (test.at_least) json.field("atLeast", *test.at_least);
      if (!test.is.empty()) json.key("is").raw(test.is);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
}

Metric built_in(std::string id, std::string title, MetricClass metric_class, Aggregation how,
                MetricEvent count, std::optional<MetricEvent> per, DurationMs window_ms) {
  Metric metric;
  metric.id = std::move(id);
  metric.title = std::move(title);
  metric.metric_class = metric_class;
  metric.how = how;
  metric.count = std::move(count);
  metric.per = std::move(per);
  metric.window_ms = window_ms;
  metric.built_in = true;
  return metric;
}

std::vector<Metric> make_built_in() {
  constexpr DurationMs kWeek = 7 * kDayMs;
  std::vector<Metric> all;
  all.push_back(built_in("job-done", "Got done what they came for", MetricClass::kPerson,
                         Aggregation::kShare, {"Job Done", {{"result", "\"done\"", std::nullopt}}},
                         std::nullopt, kWeek));
  all.push_back(built_in("finish-rate", "Finishes what they start", MetricClass::kPerson,
                         Aggregation::kRatio, {"finish", {}}, MetricEvent{"read", {}}, kWeek));
  all.push_back(built_in("uninvited-return", "Comes back uninvited", MetricClass::kPerson,
                         Aggregation::kShare, {std::string(kUninvitedVisitEvent), {}}, std::nullopt,
                         kWeek));
  all.push_back(built_in("return-7d", "Comes back within 7 days", MetricClass::kBusiness,
                         Aggregation::kShare, {std::string(kVisitEvent), {}}, std::nullopt, kWeek));
  all.push_back(built_in("revenue", "Revenue a person", MetricClass::kBusiness, Aggregation::kMean,
                         {"purchase", {}}, std::nullopt, 30 * kDayMs));
  all.back().of_value = true;
  all.back().minus = MetricEvent{"Order Refunded", {}};
  all.push_back(built_in("pages-a-visit", "Pages a visit", MetricClass::kProxy, Aggregation::kRatio,
                         {"view", {}}, MetricEvent{std::string(kVisitEvent), {}}, kWeek));
  all.push_back(built_in("clicks", "Clicks a person", MetricClass::kProxy, Aggregation::kMean,
                         {"click", {}}, std::nullopt, kWeek));
  return all;
}

std::string in_days(DurationMs ms) {
  const auto n = [ms](DurationMs unit) { return static_cast<std::uint64_t>(ms / unit); };
  if (ms % kDayMs == 0) return counted(n(kDayMs), "day");
  if (ms % kHourMs == 0) return counted(n(kHourMs), "hour");
  return counted(n(kMinuteMs), "minute");
}

}  // namespace

const char* to_string(MetricClass metric_class) {
  return kClasses[static_cast<std::size_t>(metric_class) - 1].data();
}

std::optional<MetricClass> parse_metric_class(std::string_view text) {
  const auto found = std::ranges::find(kClasses, text);
  if (found == kClasses.end()) return std::nullopt;
  return static_cast<MetricClass>(found - kClasses.begin() + 1);
}

const char* to_string(Aggregation how) { return kHows[static_cast<std::size_t>(how) - 1].data(); }

bool Metric::measures_as(const Metric& other) const {
  return metric_class == other.metric_class && how == other.how && count == other.count &&
         per == other.per && minus == other.minus && of_value == other.of_value &&
         window_ms == other.window_ms && after_ms == other.after_ms && cap == other.cap &&
         more_is_better == other.more_is_better && ask.has_value() == other.ask.has_value() &&
         (!ask || ask->text == other.ask->text);
}

std::span<const Metric> built_in_metrics() {
  static const std::vector<Metric> kBuiltIn = make_built_in();
  return kBuiltIn;
}

MetricClass class_of_outcome(std::string_view event, std::span<const Metric> metrics) {
  const bool ours =
      std::ranges::any_of(kOurOwn, [event](Names name) { return same_word(name, event); });
  MetricClass highest = ours ? MetricClass::kProxy : MetricClass::kBusiness;
  for (const Metric& metric : metrics) {
    if (same_word(metric.count.event, event)) highest = std::max(highest, metric.metric_class);
  }
  return highest;
}

Result<Metric> metric_from_json(std::string_view id, std::string_view json) {
  TRY(check_object_id(id, "#/id: a metric's id", "finish-rate"));
  JsonParser parser(kMetricJsonBytesMax);
  const simdjson::dom::element element = TRY(parser.parse(json));
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS)
    return invalid_argument(std::string("a metric is a JSON object, found ") + json_kind(element));
  JsonRefusal refusal;
  const JsonFields fields(object, "#", kMetricFields, refusal);
  Metric metric;
  metric.id = id;
  if (const auto said = fields.text("id", 1, kObjectIdBytesMax); said && *said != id)
    fields.refuse("id", "must be that of the address, '" + std::string(id) + "'");
  metric.title = fields.line("title", 1, kMetricTextBytesMax).value_or(std::string(id));
  const auto metric_class = one_of(fields, "class", kClasses);
  if (!metric_class && !fields.get("class"))
    fields.refuse("class",
                  "is missing: proxy (clicks, opens), business (money, staying) or customer (a job "
                  "done, its effort, its time)");
  metric.metric_class = static_cast<MetricClass>(metric_class.value_or(1));
  metric.ask = read_question(fields);
  const auto how = one_of(fields, "how", kHows);
  metric.how =
      metric.ask
          ? Aggregation::kRatio
          : static_cast<Aggregation>(how.value_or(static_cast<std::uint8_t>(Aggregation::kShare)));
  if (metric.ask && how) fields.refuse("how", "is given by 'ask': the mean of the answers");
  const auto count = read_event(fields, "count");
  metric.count = count.value_or(MetricEvent{});
  metric.per = read_event(fields, "per");
  metric.minus = read_event(fields, "minus");
  constexpr std::array<Names, 2> kOf = {"count", "value"};
  metric.of_value = one_of(fields, "of", kOf).value_or(1) == 2;
  metric.window_ms =
      fields.integer("windowMs", kMinuteMs, kMetricWindowMsMax).value_or(metric.window_ms);
  metric.after_ms = fields.integer("afterMs", 0, kMetricWindowMsMax).value_or(0);
  metric.cap = fields.number("cap", kCapMin, kCapMax).value_or(0);
  constexpr std::array<Names, 2> kBetter = {"more", "less"};
  const std::uint8_t usual = metric.how == Aggregation::kTime ? 2 : 1;
  metric.more_is_better = one_of(fields, "better", kBetter).value_or(usual) == 1;
  if (const auto version = fields.integer("version", 0, INT64_MAX))
    metric.version = static_cast<std::uint64_t>(*version);
  check_whole(fields, metric, count.has_value());
  if (refusal.first) return *refusal.first;
  return metric;
}

std::string metric_to_json(const Metric& metric) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("id", metric.id).field("title", metric.title);
  json.field("class", to_string(metric.metric_class));
  if (metric.ask) {
    json.key("ask").begin_object().field("text", metric.ask->text);
    json.field("share", metric.ask->share).end_object();
  } else {
    json.field("how", to_string(metric.how));
    write_event(json, "count", metric.count);
    if (metric.per) write_event(json, "per", *metric.per);
    if (metric.minus) write_event(json, "minus", *metric.minus);
    if (metric.how == Aggregation::kMean) json.field("of", metric.of_value ? "value" : "count");
  }
  json.field("windowMs", metric.window_ms).field("afterMs", metric.after_ms);
  if (metric.cap > 0) json.field("cap", metric.cap);
  json.field("better", metric.more_is_better ? "more" : "less");
  json.field("version", metric.version).end_object();
  return text;
}

// "'Job Done' with result \"done\"".
std::string to_words(const MetricEvent& event) {
  std::string words = fmt::format("'{}'", event.event);
  for (const PropertyTest& test : event.where) {
    words += words.ends_with('\'') ? " with " : " and ";
    words += test.at_least ? fmt::format("{} at least {}", test.property, *test.at_least)
                           : fmt::format("{} {}", test.property, test.is);
  }
  return words;
}

std::string to_words(const Metric& metric) {
  std::string words;
  const std::string window = in_days(metric.window_ms), count = to_words(metric.count);
  if (metric.ask) {
    words = fmt::format("mean of the answers to \"{}\" within {}", metric.ask->text, window);
  } else if (metric.how == Aggregation::kShare) {
    words = fmt::format("share of people with {} within {}", count, window);
  } else if (metric.how == Aggregation::kMean) {
    const std::string minus = metric.minus ? " less " + to_words(*metric.minus) : "";
    words = fmt::format("{}{}{} a person within {}", metric.of_value ? "value of " : "", count,
                        minus, window);
  } else if (metric.how == Aggregation::kRatio) {
    words = fmt::format("{} per {} within {}", count, to_words(*metric.per), window);
  } else {
    words = fmt::format("hours until {}, at most {}", count, window);
  }
  if (metric.after_ms > 0) words += " from " + in_days(metric.after_ms) + " on";
  if (metric.cap > 0) words += fmt::format(", a person up to {}", metric.cap);
  return words;
}

bool passes(std::span<const PropertyTest> tests, const Event& event) {
  if (tests.empty()) return true;
  thread_local JsonParser parser(kEventBytesMax);
  if (event.properties_json.empty()) return false;
  const auto properties = parser.parse(event.properties_json);
  simdjson::dom::object object;
  if (!properties || properties->get(object) != simdjson::SUCCESS) return false;
  return std::ranges::all_of(tests, [&object](const PropertyTest& test) {
    simdjson::dom::element value;
    if (object.at_key(test.property).get(value) != simdjson::SUCCESS) return false;
    double number = 0;
    if (test.at_least) return value.get(number) == simdjson::SUCCESS && number >= *test.at_least;
    return simdjson::minify(value) == test.is;
  });
}

}  // namespace ante
