#include "report/needs.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/time_text.h"

namespace ante {

namespace {

bool is_gap(const DataNeed& data) { return data.state != DataState::kHad; }

std::string opening_of(std::span<const RankedNeed> needs) {
  if (needs.empty()) return "No brief names a need that people were asked about.";
  const RankedNeed& first = needs.front();
  const std::string asked =
      first.need.n == 0
          ? "nobody was asked"
          : fmt::format("{} {} asked{}", first.need.n,
                        first.need.n == 1 ? "person was" : "people were",
                        first.need.n < kNeedAskedMin ? ", too few for more than a hint" : "");
  return fmt::format(
      "First comes \"{}\": importance {:g}, satisfaction {:g}, opportunity {:g} of 20; {}.",
      first.need.need, first.need.importance, first.need.satisfaction, first.opportunity, asked);
}

std::string opening_of(std::span<const DataNeed> data) {
  const auto gaps = static_cast<std::size_t>(std::ranges::count_if(data, is_gap));
  if (data.empty()) return "No brief names data that it needs.";
  if (gaps == 0)
    return fmt::format("All {} pieces of data that briefs need are there.", data.size());
  const DataNeed& first = data.front();
  return fmt::format("{} of {} pieces of data are missing. First: {} for {}, {}.", gaps,
                     data.size(), first.source.name, first.decision, to_string(first.state));
}

}  // namespace

double opportunity_of(const BriefNeed& need) {
  return need.importance + std::max(need.importance - need.satisfaction, 0.0);
}

std::vector<RankedNeed> rank_needs(std::span<const Brief> briefs) {
  std::vector<RankedNeed> ranked;
  for (const Brief& brief : briefs) {
    for (const BriefNeed& need : brief.opportunities)
      ranked.push_back({brief.id, need, opportunity_of(need)});
  }
  std::ranges::sort(ranked, {}, [](const RankedNeed& r) {
    return std::tuple(-r.opportunity, -r.need.importance, ~r.need.n, std::string_view(r.need.need),
                      std::string_view(r.brief));
  });
  return ranked;
}

std::string needs_to_json(std::span<const RankedNeed> needs) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("sentence", opening_of(needs));
  json.field("formula",
             "importance + max(importance - satisfaction, 0), each from 0 to 10 (Ulwick)");
  json.key("data").begin_array();
  for (const RankedNeed& ranked : needs.first(std::min(needs.size(), kNeedsListed))) {
    json.begin_object().field("need", ranked.need.need).field("brief", ranked.brief);
    json.field("importance", ranked.need.importance);
    json.field("satisfaction", ranked.need.satisfaction);
    json.field("opportunity", ranked.opportunity).field("n", ranked.need.n);
    json.field("isHint", ranked.need.n < kNeedAskedMin).end_object();
  }
  json.end_array().field("needs", needs.size()).end_object();
  return body;
}

const char* to_string(DataState state) {
  switch (state) {
    case DataState::kHad:
      return "had";
    case DataState::kNeverArrived:
      return "said to be had, but its event never arrived";
    case DataState::kObtainable:
      return "obtainable";
    case DataState::kOutOfReach:
      return "not obtainable";
  }
  return "unknown";
}

std::vector<DataNeed> data_needs(std::span<const Brief> briefs, const EventLookup& event) {
  std::vector<DataNeed> all;
  for (const Brief& brief : briefs) {
    for (const BriefSource& source : brief.sources) {
      DataNeed data{brief.id, brief.decision, source, DataState::kHad, std::nullopt};
      if (!source.event.empty()) {
        if (const auto came = event(source.event)) data.last_ms = came->last_ms;
      }
      if (!source.have)
        data.state = source.obtainable ? DataState::kObtainable : DataState::kOutOfReach;
      else if (!source.event.empty() && !data.last_ms)
        data.state = DataState::kNeverArrived;
      all.push_back(std::move(data));
    }
  }
  std::ranges::sort(all, {}, [](const DataNeed& d) {
    return std::tuple(!is_gap(d), -d.source.worth.value_or(0), d.source.worth_words.empty(),
                      static_cast<unsigned>(d.state), std::string_view(d.source.name),
                      std::string_view(d.brief));
  });
  return all;
}

std::string data_gaps_to_json(std::span<const DataNeed> data) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("sentence", opening_of(data)).key("data").begin_array();
  for (const DataNeed& each : data.first(std::min(data.size(), kNeedsListed))) {
    json.begin_object().field("decision", each.decision).field("brief", each.brief);
    json.field("name", each.source.name).field("source", each.source.source);
    json.field("state", to_string(each.state)).field("had", !is_gap(each));
    json.field("obtainable", each.source.obtainable || !is_gap(each));
    json.field("purpose", to_string(each.source.purpose));
    if (!each.source.event.empty()) {
      json.field("event", each.source.event).key("lastSeen");
      each.last_ms ? json.string(format_time(*each.last_ms)) : json.null();
    }
    if (each.source.worth) json.field("worth", *each.source.worth);
    if (!each.source.worth_words.empty()) json.field("worth", each.source.worth_words);
    json.end_object();
  }
  json.end_array().field("needed", data.size());
  json.field("missing", static_cast<std::size_t>(std::ranges::count_if(data, is_gap)));
  json.end_object();
  return body;
}

}  // namespace ante
