#include "report/scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "base/json_writer.h"
#include "math/sample_size.h"

namespace ante {

namespace {

constexpr double kPower = 0.8, kAlpha = 0.05;
constexpr double kMonth = 30, kQuarter = 90;
constexpr std::array kHoldouts = {0.05, 0.1, 0.2, 0.3, 0.5};

// What a person brings without personalising, and how much people differ.
struct GeneralOutcome {
  double mean = 0, variance = 0;
  std::optional<double> unit;  // outcomes are 0 or this

  double lifted_variance(double lift) const {
    const double lifted = mean * (1 + lift);
    if (unit) return std::max(0.0, lifted * (*unit - lifted));
    return variance * (1 + lift);
  }
};

std::optional<GeneralOutcome> base_of(const ScaleQuestion& q) {
  OutcomeSums all = q.treated;
  all.merge(q.holdout);
  if (all.conversions < kScaleConversionsMin || !(all.mean() > 0)) return std::nullopt;
  // The holdout's own where it says enough, else everybody's: a lift hardly moves a variance.
  const OutcomeSums& from = q.holdout.conversions >= kScaleConversionsMin ? q.holdout : all;
  GeneralOutcome base{from.mean(), from.variance(), std::nullopt};
  const double worth =
      base.mean * static_cast<double>(from.n) / static_cast<double>(from.conversions);
  if (std::abs(base.variance - base.mean * (worth - base.mean)) < 0.01 * base.variance)
    base.unit = worth;
  return base;
}

Comparison comparison(const GeneralOutcome& base, double holdout_share, double lift) {
  return {base.lifted_variance(lift), base.variance, holdout_share, kPower, kAlpha};
}

double needed(const GeneralOutcome& base, double holdout_share, double lift) {
  const Comparison c = comparison(base, holdout_share, lift);
  return persons_needed(c.treated_variance, c.control_variance, c.control_share, base.mean * lift,
                        c.power, c.alpha);
}

// The lift that so many persons show; none when even a tenfold one is not.
std::optional<double> detectable(const GeneralOutcome& base, double holdout_share, double people) {
  double low = 1e-6, high = 10;
  if (base.unit) high = std::min(high, *base.unit / base.mean - 1);
  if (!(high > low) || needed(base, holdout_share, high) > people) return std::nullopt;
  for (int step = 0; step < 100; ++step) {
    const double middle = std::sqrt(low * high);
    (needed(base, holdout_share, middle) > people ? low : high) = middle;
  }
  return high;
}

std::optional<double> days_until(std::span<const std::uint32_t> new_people, double people) {
  if (people_within(new_people, kDaysToKnowMax) < people) return std::nullopt;
  double low = 0, high = kDaysToKnowMax;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (people_within(new_people, middle) < people ? low : high) = middle;
  }
  return high;
}

double proposed_holdout(const GeneralOutcome& base, double people_a_month) {
  for (const double share : kHoldouts)
    if (needed(base, share, kProposedFor) <= people_a_month) return share;
  return kHoldouts.back();
}

std::string percent(double share) {
  return share < 0.0995 ? fmt::format("{:.1f} %", 100 * share)
                        : fmt::format("{:.0f} %", 100 * share);
}

std::string in_words(double days) {
  if (days < 1) return "less than a day";
  if (days < 60) return fmt::format("{:.0f} day{}", std::ceil(days), days > 1 ? "s" : "");
  if (days < 720) return fmt::format("{:.0f} months", std::ceil(days / kMonth));
  return fmt::format("{:.0f} years", std::ceil(days / 365));
}

// What to do about the share that is held out; empty: nothing.
std::string about_holdout(const Scale& s) {
  if (s.decided) {
    return s.holdout_share > kKeepingHoldout
               ? fmt::format("It is decided: hold out {} from now on instead of {}. ",
                             percent(kKeepingHoldout), percent(s.holdout_share))
               : "It is decided; keep that holdout, or you would not see it end. ";
  }
  if (s.proposed_holdout <= s.holdout_share) return "";
  const bool more = s.proposed_holdout > kKeepingHoldout;
  return fmt::format("Hold out {} instead of {} until it is decided{}. ",
                     percent(s.proposed_holdout), percent(s.holdout_share),
                     more ? ", then " + percent(kKeepingHoldout) : "");
}

std::string to_words(const Scale& s) {
  if (s.people == 0) {
    return "Nobody has come by yet. Send decisions for this slot; a day of visits says how long an "
           "answer takes.";
  }
  const char* come =
      static_cast<double>(s.days) > kMonth ? "come by for the first time" : "come by";
  const std::string traffic =
      fmt::format("About {:.0f} people a month {}. ", s.people_a_month, come);
  if (!s.base) {
    return traffic + fmt::format(
                         "Fewer than {} of them have reached the goal so far, too few to "
                         "say how large a lift could be known; check that its event "
                         "arrives.",
                         kScaleConversionsMin);
  }
  if (s.holdout_share <= 0) {
    return traffic + fmt::format(
                         "Nobody is held out, so no lift can ever be known. Hold out {} "
                         "until it is decided, then keep {}.",
                         percent(s.proposed_holdout), percent(kKeepingHoldout));
  }
  std::string text = traffic;
  text += s.month ? fmt::format("In a month a lift of {} or more can be known, ", percent(*s.month))
                  : "In a month no lift can be known, ";
  text +=
      s.quarter ? fmt::format("in three months {}", percent(*s.quarter)) : "in three months none";
  text += s.days_to_know
              ? fmt::format("; a lift of {} takes {}, twice that if you look every day. ",
                            percent(s.lift), in_words(*s.days_to_know))
              : fmt::format("; a lift of {} would take more than ten years. ", percent(s.lift));
  text += about_holdout(s);
  if (s.rung == "nobody") return text + "For single groups of people there is far too little.";
  if (s.rung == "everybody")
    return text + "That is enough for everybody together, not for segments.";
  return text + fmt::format("That is enough for {} groups of people of equal size, not for more.",
                            s.groups);
}

void write(JsonWriter& json, std::string_view name, const std::optional<double>& value) {
  json.key(name);
  value ? json.number(*value) : json.null();
}

}  // namespace

double people_within(std::span<const std::uint32_t> new_people, double days) {
  CHECK(days >= 0);
  const auto sum = [](std::span<const std::uint32_t> of) {
    return std::accumulate(of.begin(), of.end(), 0.0);
  };
  const auto known = static_cast<double>(new_people.size());
  if (days <= known) {
    const auto whole = static_cast<std::size_t>(days);
    const double part = days - static_cast<double>(whole);
    return sum(new_people.first(whole)) +
           (whole < new_people.size() ? part * static_cast<double>(new_people[whole]) : 0);
  }
  if (new_people.empty()) return 0;
  const auto later = new_people.last((new_people.size() + 1) / 2);
  return sum(new_people) + (days - known) * sum(later) / static_cast<double>(later.size());
}

double people_lately(std::span<const std::uint32_t> new_people, double days) {
  if (days >= static_cast<double>(new_people.size())) return people_within(new_people, days);
  const auto whole = static_cast<std::size_t>(std::ceil(days));
  const auto last = new_people.last(whole);
  return whole == 0
             ? 0
             : std::accumulate(last.begin(), last.end(), 0.0) * days / static_cast<double>(whole);
}

ScaleQuestion scale_question(const Slot& slot, const SlotLift& sums, TimeMs now_ms) {
  ScaleQuestion question;
  question.slot = slot.name;
  question.treated = sums.treated;
  question.holdout = sums.holdout;
  question.holdout_share = slot.holdout;
  question.new_people = sums.entered;
  const std::int64_t days = now_ms / kDayMs - sums.first_day + 1;
  if (!sums.entered.empty() && days > static_cast<std::int64_t>(sums.entered.size()))
    question.new_people.resize(
        static_cast<std::size_t>(std::min<std::int64_t>(days, kLiftDaysMax)));
  const Verdict verdict = summarize(slot, sums, slot.holdout).verdict;
  question.decided =
      verdict == Verdict::kPaying || verdict == Verdict::kLosing || verdict == Verdict::kNeutral;
  return question;
}

std::optional<double> smallest_lift(const ScaleQuestion& q, double days) {
  CHECK(q.holdout_share >= 0 && q.holdout_share < 1 && days >= 0);
  const std::optional<GeneralOutcome> base = base_of(q);
  if (!base || q.holdout_share <= 0) return std::nullopt;
  return detectable(*base, q.holdout_share, people_lately(q.new_people, days));
}

Scale scale(const ScaleQuestion& q) {
  CHECK(q.holdout_share >= 0 && q.holdout_share < 1);
  CHECK(q.lift > 0 && std::isfinite(q.lift));
  Scale s;
  s.slot = q.slot;
  s.lift = q.lift;
  s.holdout_share = q.holdout_share;
  s.decided = q.decided;
  s.days = q.new_people.size();
  s.people = std::accumulate(q.new_people.begin(), q.new_people.end(), std::uint64_t{0});
  s.people_a_month = people_lately(q.new_people, kMonth);
  s.rung = "nobody";
  const std::optional<GeneralOutcome> base = base_of(q);
  if (base) {
    s.base = base->mean;
    s.proposed_holdout = q.decided ? kKeepingHoldout : proposed_holdout(*base, s.people_a_month);
  }
  if (base && q.holdout_share > 0) {
    const double quarter = people_lately(q.new_people, kQuarter);
    s.needed = needed(*base, q.holdout_share, q.lift);
    s.needed_watched =
        persons_needed_watched(comparison(*base, q.holdout_share, q.lift), base->mean * q.lift);
    s.days_to_know = days_until(q.new_people, *s.needed);
    s.month = detectable(*base, q.holdout_share, s.people_a_month);
    s.quarter = detectable(*base, q.holdout_share, quarter);
    s.groups = static_cast<std::uint64_t>(quarter / *s.needed);
    const auto groups = static_cast<double>(s.groups);
    if (groups >= 1) s.rung = "everybody";
    if (groups >= kSegmentGroups) s.rung = "segment";
    if (groups >= kClusterGroups) s.rung = "cluster";
  }
  s.sentence = to_words(s);
  return s;
}

Scale planned_scale(double readers_a_month, double base_rate) {
  CHECK(readers_a_month >= 1 && readers_a_month <= kPlannedReadersMax);
  CHECK(base_rate > 0 && base_rate < 1);
  // As many as it takes to know the rate; spread over a month as evenly as whole persons are.
  constexpr double kPlannedSample = 1e9;
  ScaleQuestion q;
  q.treated.n = static_cast<std::uint64_t>(kPlannedSample);
  q.treated.conversions =
      std::max(static_cast<std::uint64_t>(std::llround(kPlannedSample * base_rate)),
               std::uint64_t{kScaleConversionsMin});
  q.treated.sum = static_cast<WideInteger>(q.treated.conversions) * 1'000'000;
  q.treated.sum_of_squares = q.treated.sum * 1'000'000;
  std::vector<std::uint32_t> days;
  for (double day = 1; day <= kMonth; ++day) {
    days.push_back(static_cast<std::uint32_t>(std::floor(readers_a_month * day / kMonth) -
                                              std::floor(readers_a_month * (day - 1) / kMonth)));
  }
  q.new_people = days;
  q.holdout_share = scale(q).proposed_holdout;
  return scale(q);
}

std::string what_can_be_known(const Scale& s) {
  CHECK(s.base.has_value());
  const std::string readers = fmt::format("{:.0f} readers a month", s.people_a_month);
  const std::string whom = fmt::format("what {} of them do", percent(*s.base));
  std::string text;
  if (!s.quarter) {
    return fmt::format(
        "{}: not even in 90 days, with {} held out, can a lift of {} be known, however large.",
        readers, percent(s.holdout_share), whom);
  }
  text = fmt::format("{}, with {} held out: in 90 days you can know a lift of {} or more of {}",
                     readers, percent(s.holdout_share), percent(*s.quarter), whom);
  text += s.month ? fmt::format(" (in 30 days {})", percent(*s.month)) : " (in 30 days none)";
  text += s.days_to_know
              ? fmt::format("; one of {} takes {}", percent(s.lift), in_words(*s.days_to_know))
              : fmt::format("; one of {} would take more than ten years", percent(s.lift));
  if (*s.quarter > s.lift) text += "; nothing smaller can be known here";
  if (s.groups >= 2)
    return text + fmt::format("; in 90 days in each of {} equal groups of readers.", s.groups);
  return text + "; and never of a group of readers apart.";
}

std::string to_json(const Scale& s) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("slot", s.slot).field("people", s.people).field("days", s.days);
  json.field("peopleAMonth", s.people_a_month);
  write(json, "base", s.base);
  json.field("holdout", s.holdout_share).field("proposedHoldout", s.proposed_holdout);
  json.field("keepingHoldout", kKeepingHoldout).field("decided", s.decided);
  json.key("asked").begin_object().field("lift", s.lift);
  write(json, "people", s.needed);
  write(json, "peopleWatched", s.needed_watched);
  write(json, "days", s.days_to_know);
  json.end_object().key("smallestLift").begin_object();
  write(json, "month", s.month);
  write(json, "quarter", s.quarter);
  json.end_object().field("groups", s.groups).field("rung", s.rung);
  json.field("power", kPower).field("alpha", kAlpha).field("sentence", s.sentence).end_object();
  return body;
}

}  // namespace ante
