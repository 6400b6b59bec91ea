#include "report/worth.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/time_text.h"

namespace ante {

namespace {

constexpr double kLedgerMonthMs = 365.25 / 12 * kDayMs;

std::int32_t ledger_day(TimeMs at_ms) { return static_cast<std::int32_t>(at_ms / kDayMs); }
std::string ledger_date(std::int32_t day) {
  return format_time(static_cast<TimeMs>(day) * kDayMs).substr(0, 10);
}

// Money by day up to today, from the first day of the books on.
struct LedgerCourse {
  TimeMs now_ms = 0;
  std::int32_t first_day = 0;
  std::vector<double> value, low, high;  // gains
  std::vector<double> once, running;     // costs

  LedgerCourse(std::int32_t first, TimeMs now) : now_ms(now), first_day(first) {
    for (auto* each : {&value, &low, &high, &once, &running})
      each->resize(static_cast<std::size_t>(ledger_day(now) - first) + 1);
  }
  std::int32_t today() const { return first_day + static_cast<std::int32_t>(value.size()) - 1; }
  std::size_t at(std::int32_t day) const {
    return static_cast<std::size_t>(std::clamp(day, first_day, today()) - first_day);
  }
  void add(const LedgerCourse& other) {
    for (std::size_t i = 0; i < other.value.size(); ++i) {
      const std::size_t k = at(other.first_day + static_cast<std::int32_t>(i));
      value[k] += other.value[i];
      low[k] += other.low[i];
      high[k] += other.high[i];
      once[k] += other.once[i];
      running[k] += other.running[i];
    }
  }
};

// One ledger while it is made.
struct LedgerDraft {
  Worth worth;
  LedgerCourse course;
  double most = 0;          // the upper end of the gain if every window brought as much
  bool has_people = false;  // a comparison has begun
};

bool counts_decisions(const Cost& cost) {
  return cost.per == CostPer::kDecision || cost.per == CostPer::kMessage;
}

// Costs by the decision hit every slot, the others of no slot are shared: only "in all" has them.
bool is_of(const Cost& cost, const SlotBooks& books) {
  if (cost.per == CostPer::kMessage && !books.sends) return false;
  return cost.slot == books.slot || (cost.slot.empty() && counts_decisions(cost));
}

double overlap_ms(const Cost& cost, TimeMs from, TimeMs until) {
  const TimeMs low = std::max(cost.from_ms, from);
  const TimeMs high = std::min(cost.until_ms.value_or(until), until);
  return high > low ? static_cast<double>(high - low) : 0;
}

// The cost up to now, on its days. `books` null: a shared one.
CostLine enter_cost(const Cost& cost, const SlotBooks* books, TimeMs now_ms, LedgerCourse& course) {
  CostLine line;
  line.id = cost.id;
  line.kind = to_string(cost.kind);
  line.slot = books == nullptr ? cost.slot : books->slot;
  line.note = cost.note;
  if (cost.from_ms > now_ms) {
    line.note = "begins on " + ledger_date(ledger_day(cost.from_ms)) +
                (cost.note.empty() ? "" : ": ") + cost.note;
    return line;
  }
  if (cost.per == CostPer::kOnce) {
    line.amount = cost.amount;
    course.once[course.at(ledger_day(cost.from_ms))] += cost.amount;
  } else if (cost.per == CostPer::kMonth) {
    line.amount = cost.amount * overlap_ms(cost, 0, now_ms) / kLedgerMonthMs;
    double later = 0;
    for (std::int32_t day = course.first_day + 1; day <= course.today(); ++day) {
      const TimeMs begins = static_cast<TimeMs>(day) * kDayMs;
      const double part = cost.amount *
                          overlap_ms(cost, begins, std::min(begins + kDayMs, now_ms)) /
                          kLedgerMonthMs;
      course.running[course.at(day)] += part;
      later += part;
    }
    course.running.front() += line.amount - later;
  } else if (books != nullptr) {
    for (std::size_t i = 0; i < books->decisions.size(); ++i) {
      const std::int32_t day = books->first_decision_day + static_cast<std::int32_t>(i);
      const TimeMs begins = static_cast<TimeMs>(day) * kDayMs;
      if (begins + kDayMs <= cost.from_ms || (cost.until_ms && begins >= *cost.until_ms)) continue;
      const DayDecisions& of = books->decisions[i];
      const std::uint64_t n = cost.per == CostPer::kMessage ? of.treated : of.all;
      line.n += n;
      course.running[course.at(day)] += cost.amount * static_cast<double>(n);
    }
    line.amount = cost.amount * static_cast<double>(line.n);
  }
  return line;
}

template <typename Count>
double total_of_counts(const std::vector<Count>& counts, auto weight) {
  double sum = 0;
  for (const Count& count : counts) sum += static_cast<double>(weight(count));
  return sum;
}

// Lays `amount` on days as `counts` did; on today where there are none.
template <typename Count>
void spread_over(double amount, std::int32_t first_day, const std::vector<Count>& counts,
                 auto weight, const LedgerCourse& course, std::vector<double>& days) {
  const double all = total_of_counts(counts, weight);
  if (!(all > 0)) {
    days.back() += amount;
    return;
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    days[course.at(first_day + static_cast<std::int32_t>(i))] +=
        amount * static_cast<double>(weight(counts[i])) / all;
  }
}

constexpr auto kPersonsOf = [](std::uint32_t n) { return n; };
constexpr auto kTreatedOf = [](const DayDecisions& day) { return day.treated; };

// How many windows a treated person may have had: as many as decisions, and as fit in the time.
double repeats_of(const SlotBooks& books, TimeMs now_ms) {
  const double persons = total_of_counts(books.entered, kPersonsOf);
  const auto counted = static_cast<double>(books.lift.treated.n + books.lift.holdout.n);
  if (!(persons > 0) || !(counted > 0) || books.lift.treated.n == 0) return 1;
  const double treated = persons * static_cast<double>(books.lift.treated.n) / counted;
  const auto age = static_cast<double>(now_ms - static_cast<TimeMs>(books.first_day) * kDayMs);
  const double fit = age / static_cast<double>(std::max<DurationMs>(books.window_ms, 1)) + 1;
  return std::max(1.0, std::min(total_of_counts(books.decisions, kTreatedOf) / treated, fit));
}

// A lift that may be believed.
bool is_lift_known(const LiftSummary& lift) {
  return lift.low && lift.high && lift.value && lift.srm_p >= kSampleRatioAlarm;
}

Interval in_money(const Interval& units, const SlotWorth& worth) {
  const double least = worth.smallest_margin.value_or(worth.margin);
  return {std::min(units.low * worth.margin, units.low * least),
          std::max(units.high * worth.margin, units.high * least)};
}

void add_gain(const SlotBooks& books, LedgerDraft& draft) {
  const LiftSummary& lift = books.lift;
  Worth& worth = draft.worth;
  if (!is_lift_known(lift)) return;
  const auto treated = static_cast<double>(lift.treated.n);
  const Interval gain = in_money({*lift.low * treated, *lift.high * treated}, *books.worth);
  worth.gain = *lift.value * treated * books.worth->margin;
  worth.gain_interval = gain;
  draft.most = gain.high > 0 ? gain.high * worth.repeats : gain.high;
  spread_over(*worth.gain, books.first_day, books.entered, kPersonsOf, draft.course,
              draft.course.value);
  spread_over(gain.low, books.first_day, books.entered, kPersonsOf, draft.course, draft.course.low);
  spread_over(gain.high, books.first_day, books.entered, kPersonsOf, draft.course,
              draft.course.high);
}

// What the gain has missing already.
void add_forgone(const SlotBooks& books, Worth& worth) {
  const double margin = books.worth->margin;
  if (books.explored > 0)
    worth.costs.push_back({"", "exploring", books.slot, margin * books.exploring, std::nullopt,
                           books.explored, true, "what the model expected, not measured"});
  const LiftSummary& lift = books.lift;
  if (!is_lift_known(lift) || lift.holdout.n == 0) return;
  const auto held = static_cast<double>(lift.holdout.n);
  const Interval forgone = in_money({*lift.low * held, *lift.high * held}, *books.worth);
  worth.costs.push_back({"", "holdout", books.slot, std::max(0.0, *lift.value * held * margin),
                         Interval{std::max(0.0, forgone.low), std::max(0.0, forgone.high)},
                         lift.holdout.n, true, "what those left alone did not get"});
}

std::int32_t first_day_of(const SlotBooks& books, const std::vector<Cost>& costs, TimeMs now_ms) {
  const std::int32_t today = ledger_day(now_ms);
  std::int32_t first = today;
  if (!books.entered.empty()) first = std::min(first, books.first_day);
  if (!books.decisions.empty()) first = std::min(first, books.first_decision_day);
  for (const Cost& cost : costs)
    if (is_of(cost, books)) first = std::min(first, ledger_day(cost.from_ms));
  return std::max(first, today - kLedgerDaysMax + 1);
}

LedgerDraft draft_of(const SlotBooks& books, const LedgerQuestion& question) {
  LedgerDraft draft{
      .worth = {},
      .course = LedgerCourse(first_day_of(books, question.costs, question.now_ms), question.now_ms),
      .most = 0,
      .has_people = books.lift.treated.n + books.lift.holdout.n + books.placed > 0};
  Worth& worth = draft.worth;
  worth.slot = books.slot;
  worth.treated = books.lift.treated.n;
  worth.holdout = books.lift.holdout.n;
  worth.readers = books.readers;
  worth.repeats = repeats_of(books, question.now_ms);
  double by_decision = 0;
  for (const Cost& cost : question.costs) {
    if (!is_of(cost, books)) continue;
    worth.costs.push_back(enter_cost(cost, &books, question.now_ms, draft.course));
    const bool now = cost.from_ms <= question.now_ms &&
                     cost.until_ms.value_or(question.now_ms + 1) > question.now_ms;
    if (now && counts_decisions(cost)) by_decision += cost.amount;
  }
  if (books.placed > 0) worth.cost_a_decision = books.annoyance / static_cast<double>(books.placed);
  if (!books.worth) return draft;
  worth.cost_a_decision += by_decision / books.worth->margin;
  const double annoyance = books.worth->margin * books.annoyance;
  if (books.placed > 0)
    worth.costs.push_back({"", "annoyance", books.slot, annoyance, std::nullopt, books.placed,
                           false, "attention and goodwill, at the slot's own prices"});
  spread_over(annoyance, books.first_decision_day, books.decisions, kTreatedOf, draft.course,
              draft.course.running);
  add_gain(books, draft);
  add_forgone(books, worth);
  return draft;
}

// The first day from whose end on the sum stays at or above 0. `pace` a day: from now on.
std::optional<std::int32_t> crossing_day(const LedgerCourse& course,
                                         const std::vector<double>& gains,
                                         std::optional<double> pace, bool& reached) {
  double sum = 0, scale = 0;
  std::int32_t since = course.first_day;
  for (std::size_t i = 0; i < gains.size(); ++i) {
    sum += gains[i] - course.once[i] - course.running[i];
    scale += std::abs(gains[i]) + course.once[i] + course.running[i];
    // Sums of parts of days are exact but for rounding.
    if (sum < -1e-9 * scale) since = course.first_day + static_cast<std::int32_t>(i) + 1;
  }
  reached = since <= course.today();
  if (reached) return since;
  if (!pace || !(*pace > 0)) return std::nullopt;
  const double days = -sum / *pace * (1 - 1e-9);
  if (days > kBreakEvenDaysMax) return std::nullopt;
  const double now = static_cast<double>(course.now_ms) / kDayMs;
  return static_cast<std::int32_t>(std::ceil(now + days)) - 1;
}

// Of the last whole days; none before there is one.
std::optional<double> pace_of(const LedgerCourse& course, const std::vector<double>& gains) {
  const auto whole = static_cast<std::int32_t>(gains.size()) - 1;
  const std::int32_t days = std::min(kPaceDays, whole);
  if (days <= 0) return std::nullopt;
  double sum = 0;
  for (std::int32_t i = whole - days; i < whole; ++i)
    sum += gains[static_cast<std::size_t>(i)] - course.running[static_cast<std::size_t>(i)];
  return sum / days;
}

void add_break_even(const LedgerCourse& course, Worth& worth) {
  BreakEven& even = worth.break_even;
  bool ignored = false;
  worth.net_a_day = pace_of(course, course.value);
  even.day = crossing_day(course, course.value, worth.net_a_day, ignored);
  even.earliest = crossing_day(course, course.high, pace_of(course, course.high), ignored);
  even.latest = crossing_day(course, course.low, pace_of(course, course.low), even.reached);
}

std::string money(double amount, const std::string& currency) {
  const double size = std::abs(amount);
  std::string digits = fmt::format("{:.{}f}", size, size < 100 ? 2 : 0);
  for (std::size_t at = digits.find('.') == std::string::npos ? digits.size() : digits.find('.');
       at > 3;) {
    at -= 3;
    digits.insert(at, " ");
  }
  const bool is_nothing = digits.find_first_not_of("0.") == std::string::npos;
  return fmt::format("{}{}{}{}", amount < 0 && !is_nothing ? "−" : "", digits,
                     currency.empty() ? "" : " ", currency);
}

std::string money(const Interval& interval, const std::string& currency) {
  return money(interval.low, "") + " to " + money(interval.high, currency);
}

// Empty where the net could be on either side of 0. REQUIRES a gain.
std::string even_words(const Worth& worth) {
  const BreakEven& even = worth.break_even;
  if (worth.net_interval->low > 0 && even.reached && even.day && even.earliest)
    return fmt::format(" It has paid for itself since {} ({} to {}).", ledger_date(*even.day),
                       ledger_date(*even.earliest), ledger_date(*even.latest));
  if (worth.net_interval->high >= 0) return "";
  if (!even.earliest) return " At this pace it never pays for itself.";
  if (!even.day)
    return fmt::format(" At this pace it pays for itself on {} at the earliest, and maybe never.",
                       ledger_date(*even.earliest));
  return fmt::format(" At this pace it pays for itself on {} ({} to {}).", ledger_date(*even.day),
                     ledger_date(*even.earliest),
                     even.latest ? ledger_date(*even.latest) : "never");
}

void conclude_ledger(const LedgerDraft& draft, Worth& worth) {
  worth.cost = 0;
  for (const CostLine& line : worth.costs)
    if (!line.in_gain) worth.cost += line.amount;
  if (!worth.gain) {
    worth.verdict = WorthVerdict::kTooEarly;
    return;
  }
  worth.net = *worth.gain - worth.cost;
  worth.net_interval = {worth.gain_interval->low - worth.cost,
                        worth.gain_interval->high - worth.cost};
  add_break_even(draft.course, worth);
  const bool pays = worth.net_interval->low > 0;
  const bool losing = worth.readers == Verdict::kLosing;
  worth.verdict = pays && losing            ? WorthVerdict::kReadersLose
                  : pays                    ? WorthVerdict::kPaying
                  : draft.most < worth.cost ? WorthVerdict::kStop
                                            : WorthVerdict::kTooEarly;
}

std::string ledger_name(const Worth& worth) {
  return worth.slot.empty() ? "All of it" : worth.slot;
}

// REQUIRES a gain.
std::string verdict_words(const Worth& worth) {
  const std::string brought = fmt::format(
      "{} brought {}{} ({}) more than leaving people alone, and cost {}", ledger_name(worth),
      worth.sharing.empty() ? "" : "at least ", money(*worth.gain, worth.currency),
      money(*worth.gain_interval, worth.currency), money(worth.cost, worth.currency));
  const std::string net = money(*worth.net_interval, worth.currency);
  switch (worth.verdict) {
    case WorthVerdict::kPaying:
      return fmt::format("Paying: {}: {} net.{}", brought, net, even_words(worth));
    case WorthVerdict::kStop:
      return fmt::format("Stop: {}: even at best it costs more than it brings ({} net).", brought,
                         net);
    case WorthVerdict::kReadersLose:
      return fmt::format(
          "Readers lose: {}: it earns ({} net), and readers get less of what they came for. That "
          "is no success.",
          brought, net);
    case WorthVerdict::kTooEarly:
    case WorthVerdict::kNotPriced:
    case WorthVerdict::kGone:
      break;
  }
  if (worth.net_interval->high >= 0)
    return fmt::format("Too early to say: {}: it could be either way ({} net).", brought, net);
  std::string text =
      fmt::format("Too early to say: {}: what is counted does not cover the cost ({} net).{}",
                  brought, net, even_words(worth));
  if (worth.repeats > 1)
    text += fmt::format(
        " The gain counts only each person's first window, and there was time for {:.{}f} of them "
        "on average: a longer goal window would tell.",
        worth.repeats, worth.repeats < 1.05 ? 2 : 1);
  return text;
}

std::string slot_words(const Worth& worth, const SlotBooks& books) {
  if (worth.verdict == WorthVerdict::kGone)
    return fmt::format("Slot {} is gone; it cost {}. What it brought is not known any more.",
                       books.slot, money(worth.cost, worth.currency));
  if (worth.verdict == WorthVerdict::kNotPriced)
    return fmt::format(
        "{}: what one unit of its reward is worth is not known. Say it: ante cost worth {} "
        "--margin 1.50{}.",
        books.slot, books.slot,
        worth.cost > 0 ? ". Costs so far: " + money(worth.cost, worth.currency) : "");
  if (worth.gain) return verdict_words(worth);
  return fmt::format("Too early to say whether {} pays; it has cost {} so far. {}", books.slot,
                     money(worth.cost, worth.currency), books.lift.sentence);
}

std::set<std::string> currencies_of(const LedgerQuestion& question, const SlotBooks* books) {
  std::set<std::string> found;
  for (const Cost& cost : question.costs)
    if (books == nullptr || is_of(cost, *books)) found.insert(cost.currency);
  for (const SlotBooks& each : question.slots)
    if (each.worth && (books == nullptr || books == &each)) found.insert(each.worth->currency);
  found.erase("");
  return found;
}

std::string mixed_words(const std::set<std::string>& currencies) {
  std::string list;
  for (const std::string& each : currencies) list += (list.empty() ? "" : " and ") + each;
  return fmt::format(
      "Amounts are in {}, and nothing here converts one into the other: enter all in one.", list);
}

std::string names_listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// What of the gains goes into the sum.
struct GainsCounted {
  std::vector<bool> counts;  // by slot
  std::vector<std::string> sharing, standing;
};

// Slots whose outcomes are linked have one number, those without a gain a number each.
std::vector<std::size_t> groups_by_outcome(const LedgerQuestion& question,
                                           const std::vector<LedgerDraft>& drafts) {
  std::vector<std::size_t> group(drafts.size());
  std::iota(group.begin(), group.end(), std::size_t{0});
  std::map<std::string_view, std::size_t> first;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    if (!drafts[i].worth.gain) continue;
    for (const std::string& outcome : question.slots[i].outcomes) {
      const std::size_t mine = group[i], other = group[first.try_emplace(outcome, i).first->second];
      std::ranges::replace(group, mine, other);
    }
  }
  return group;
}

// What one outcome brought may stand in the gain of each slot that counts it: of these the largest
// lower end stands for all, and nothing that is lost is left out for it.
GainsCounted count_gains(const LedgerQuestion& question, const std::vector<LedgerDraft>& drafts) {
  GainsCounted found;
  found.counts.assign(drafts.size(), true);
  const std::vector<std::size_t> group = groups_by_outcome(question, drafts);
  const auto low = [&](std::size_t i) { return drafts[i].worth.gain_interval->low; };
  std::map<std::size_t, std::size_t> largest;  // of groups
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    if (!drafts[i].worth.gain) continue;
    std::size_t& most = largest.try_emplace(group[i], i).first->second;
    if (low(i) > low(most)) most = i;
  }
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    if (!drafts[i].worth.gain || std::ranges::count(group, group[i]) < 2) continue;
    found.counts[i] = i == largest.at(group[i]) || drafts[i].worth.gain_interval->high < 0;
    found.sharing.push_back(question.slots[i].slot);
    if (found.counts[i]) found.standing.push_back(question.slots[i].slot);
  }
  return found;
}

Worth slot_worth(const SlotBooks& books, const LedgerQuestion& question, LedgerDraft& draft) {
  Worth& worth = draft.worth;
  const auto currencies = currencies_of(question, &books);
  if (currencies.size() == 1) worth.currency = *currencies.begin();
  if (currencies.size() > 1) {
    Worth mixed;
    mixed.slot = books.slot;
    mixed.costs = worth.costs;
    mixed.sentence = books.slot + ": " + mixed_words(currencies);
    return mixed;
  }
  conclude_ledger(draft, worth);
  if (!books.worth) worth.verdict = books.gone ? WorthVerdict::kGone : WorthVerdict::kNotPriced;
  worth.sentence = slot_words(worth, books);
  return worth;
}

// What is not known, and of which slots.
struct LedgerGaps {
  std::vector<std::string> early, unpriced, gone;
  double cost_gone = 0;
  bool any_priced = false;
};

bool is_shared(const Cost& cost, const LedgerQuestion& question) {
  return std::ranges::none_of(question.slots,
                              [&](const SlotBooks& books) { return is_of(cost, books); });
}

// Costs of slots stand in the sum by kind.
void add_by_kind(const CostLine& line, std::vector<CostLine>& lines) {
  const auto same = std::ranges::find_if(lines, [&line](const CostLine& each) {
    return each.kind == line.kind && each.in_gain == line.in_gain;
  });
  if (same == lines.end()) {
    lines.push_back({"", line.kind, "", line.amount, line.interval, line.n, line.in_gain,
                     line.in_gain ? line.note : ""});
    return;
  }
  same->amount += line.amount;
  same->n += line.n;
  if (!line.interval || !same->interval) return;
  same->interval->low += line.interval->low;
  same->interval->high += line.interval->high;
}

// A slot into the sum of all; its gain only where it `counts`.
void add_slot(const SlotBooks& books, LedgerDraft draft, bool counts, LedgerDraft& sum,
              LedgerGaps& gaps) {
  const Worth& slot = draft.worth;
  Worth& all = sum.worth;
  const bool is_priced = books.worth.has_value();
  gaps.any_priced = gaps.any_priced || is_priced;
  for (const CostLine& line : slot.costs)
    if (counts || !line.in_gain) add_by_kind(line, all.costs);
  if (!counts)
    for (auto* gains : {&draft.course.value, &draft.course.low, &draft.course.high})
      std::ranges::fill(*gains, 0);
  sum.course.add(draft.course);
  if (books.gone && slot.cost > 0) {
    gaps.gone.push_back(slot.slot);
    gaps.cost_gone += slot.cost;
  } else if (!is_priced && (draft.has_people || slot.cost > 0)) {
    gaps.unpriced.push_back(slot.slot);
  }
  if (is_priced && !slot.gain && draft.has_people) gaps.early.push_back(slot.slot);
  if (slot.readers == Verdict::kLosing) all.readers = Verdict::kLosing;
  if (!slot.gain) return;
  sum.most += draft.most;
  if (!counts) return;
  all.treated += slot.treated;
  all.holdout += slot.holdout;
  all.repeats = std::max(all.repeats, slot.repeats);
  all.gain = all.gain.value_or(0) + *slot.gain;
  Interval interval = all.gain_interval.value_or(Interval{});
  interval.low += slot.gain_interval->low;
  interval.high += slot.gain_interval->high;
  all.gain_interval = interval;
}

void all_words(const LedgerGaps& gaps, Worth& all) {
  if (all.verdict == WorthVerdict::kNotPriced)
    all.sentence =
        "What a unit of reward is worth is not known of any slot. Say it: ante cost "
        "worth SLOT --margin 1.50.";
  else if (!all.gain)
    all.sentence = fmt::format(
        "Too early to say whether it pays in all: it is not known yet what {} brought. "
        "It has cost {} so far.",
        gaps.early.empty() ? "any slot" : names_listed(gaps.early), money(all.cost, all.currency));
  else
    all.sentence = verdict_words(all);
  if (!all.sharing.empty())
    all.sentence = fmt::format(
        "What {} brought cannot be added, since they count the same outcome: of them {} stands "
        "alone, which is the least that is proven. {}",
        names_listed(all.sharing), names_listed(all.standing), all.sentence);
  if (!gaps.unpriced.empty())
    all.sentence += fmt::format(" Not counted, since nobody said what it is worth: {}.",
                                names_listed(gaps.unpriced));
  if (!gaps.gone.empty())
    all.sentence += fmt::format(" {} of the cost is of what is gone, and brings nothing more: {}.",
                                money(gaps.cost_gone, all.currency), names_listed(gaps.gone));
}

}  // namespace

const char* to_string(WorthVerdict verdict) {
  switch (verdict) {
    case WorthVerdict::kNotPriced:
      return "not priced";
    case WorthVerdict::kTooEarly:
      return "too early";
    case WorthVerdict::kReadersLose:
      return "readers lose";
    case WorthVerdict::kStop:
      return "stop";
    case WorthVerdict::kPaying:
      return "paying";
    case WorthVerdict::kGone:
      return "gone";
  }
  return "unknown";
}

WorthReport worth_it(const LedgerQuestion& question) {
  WorthReport report;
  std::int32_t first = ledger_day(question.now_ms);
  for (const SlotBooks& books : question.slots)
    first = std::min(first, first_day_of(books, question.costs, question.now_ms));
  for (const Cost& cost : question.costs)
    if (is_shared(cost, question)) first = std::min(first, ledger_day(cost.from_ms));
  first = std::max(first, ledger_day(question.now_ms) - kLedgerDaysMax + 1);

  LedgerDraft sum{
      .worth = {}, .course = LedgerCourse(first, question.now_ms), .most = 0, .has_people = true};
  LedgerGaps gaps;
  std::vector<LedgerDraft> drafts;
  for (const SlotBooks& books : question.slots) {
    drafts.push_back(draft_of(books, question));
    Worth worth = slot_worth(books, question, drafts.back());
    if (!books.gone || drafts.back().worth.cost > 0) report.slots.push_back(std::move(worth));
  }
  GainsCounted gains = count_gains(question, drafts);
  for (std::size_t i = 0; i < drafts.size(); ++i)
    add_slot(question.slots[i], std::move(drafts[i]), gains.counts[i], sum, gaps);
  // What all brought is known where that of every priced slot is.
  if (!gaps.early.empty()) {
    sum.worth.gain.reset();
    sum.worth.gain_interval.reset();
  } else {
    sum.worth.sharing = std::move(gains.sharing);
    sum.worth.standing = std::move(gains.standing);
  }
  for (const Cost& cost : question.costs)
    if (is_shared(cost, question))
      sum.worth.costs.push_back(enter_cost(cost, nullptr, question.now_ms, sum.course));
  const auto currencies = currencies_of(question, nullptr);
  if (currencies.size() > 1) {
    report.all.costs = std::move(sum.worth.costs);
    report.all.sentence = mixed_words(currencies);
    return report;
  }
  Worth& all = sum.worth;
  if (currencies.size() == 1) all.currency = *currencies.begin();
  conclude_ledger(sum, all);
  if (!gaps.any_priced) all.verdict = WorthVerdict::kNotPriced;
  // What nobody priced, and what is gone, may have brought what it cost.
  if (all.verdict == WorthVerdict::kStop && !(gaps.unpriced.empty() && gaps.gone.empty()))
    all.verdict = WorthVerdict::kTooEarly;
  all_words(gaps, all);
  report.all = std::move(all);
  return report;
}

namespace {

void write_known(JsonWriter& json, std::string_view name, const std::optional<double>& value) {
  json.key(name);
  value ? json.number(*value) : json.null();
}

void write_known(JsonWriter& json, std::string_view name, const std::optional<Interval>& value) {
  if (value)
    json.interval(name, value->low, value->high);
  else
    json.key(name).null();
}

void write_ledger_day(JsonWriter& json, std::string_view name,
                      const std::optional<std::int32_t>& day) {
  json.key(name);
  day ? json.string(ledger_date(*day)) : json.null();
}

void write_cost_line(JsonWriter& json, const CostLine& line) {
  json.begin_object().field("kind", line.kind);
  if (!line.id.empty()) json.field("id", line.id);
  if (!line.slot.empty()) json.field("slot", line.slot);
  json.field("amount", line.amount);
  if (line.interval) write_known(json, "interval", line.interval);
  if (line.n > 0) json.field("n", line.n);
  json.field("inGain", line.in_gain);
  if (!line.note.empty()) json.field("note", line.note);
  json.end_object();
}

}  // namespace

std::string to_json(const Worth& worth) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  if (!worth.slot.empty()) json.field("slot", worth.slot);
  json.field("verdict", to_string(worth.verdict)).field("sentence", worth.sentence);
  json.key("currency");
  worth.currency.empty() ? json.null() : json.string(worth.currency);
  json.key("gain").begin_object();
  write_known(json, "value", worth.gain);
  write_known(json, "interval", worth.gain_interval);
  json.field("treated", worth.treated).field("holdout", worth.holdout);
  json.field("repeats", worth.repeats).field("confidence", 1 - kLiftAlpha);
  if (!worth.sharing.empty())
    json.field("atLeast", true).texts("sharing", worth.sharing).texts("standing", worth.standing);
  json.end_object();
  json.key("costs").begin_array();
  for (const CostLine& line : worth.costs) write_cost_line(json, line);
  json.end_array().field("cost", worth.cost).key("net").begin_object();
  write_known(json, "value", worth.net);
  write_known(json, "interval", worth.net_interval);
  write_known(json, "aDay", worth.net_a_day);
  json.end_object().key("breakEven").begin_object().field("reached", worth.break_even.reached);
  write_ledger_day(json, "date", worth.break_even.day);
  json.key("interval").begin_array();
  for (const auto& day : {worth.break_even.earliest, worth.break_even.latest})
    day ? json.string(ledger_date(*day)) : json.null();
  json.end_array().end_object().key("readers");
  worth.readers ? json.string(to_string(*worth.readers)) : json.null();
  json.end_object();
  return text;
}

std::string to_json(const WorthReport& report) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("slots").begin_array();
  for (const Worth& worth : report.slots) json.raw(to_json(worth));
  json.end_array().key("all").raw(to_json(report.all));
  json.field("sentence", report.all.sentence).end_object();
  return text;
}

}  // namespace ante
