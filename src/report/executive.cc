#include "report/executive.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/json_writer.h"

namespace ante {

namespace {

constexpr std::size_t kSectionLines[] = {4, 4, 5, 5};  // with headings and the sentence: 23

std::string people_words(const LiftSummary& lift) {
  return fmt::format("{} people with bets, {} left alone", lift.treated.n, lift.holdout.n);
}

// "12 % more than people left alone (4 % to 20 % more; …)". REQUIRES an interval.
std::string against_words(const LiftSummary& lift) {
  const auto share = [](double x) {
    return fmt::format("{:.0f} % {}", std::abs(100 * x), x < 0 ? "less" : "more");
  };
  if (lift.relative && lift.relative_low && lift.relative_high)
    return fmt::format("people with bets bring {} than people left alone ({} to {}; {})",
                       share(*lift.relative), share(*lift.relative_low), share(*lift.relative_high),
                       people_words(lift));
  return fmt::format(
      "people with bets bring {:+.3g} against people left alone ({:+.3g} to "
      "{:+.3g}; {})",
      *lift.value, *lift.low, *lift.high, people_words(lift));
}

std::string wait_words(const ExecutiveSlot& slot) {
  const Scale& scale = slot.scale;
  const std::string& name = slot.lift.slot;
  if (slot.lift.srm_p < kSampleRatioAlarm)
    return name +
           ": people are not split as planned; until somebody finds out why, nothing can be "
           "said.";
  if (scale.holdout_share <= 0)
    return name +
           ": nobody is left alone to compare with, so nobody can say if it works. Leave "
           "some people alone.";
  if (!scale.base)
    return name +
           ": too few people have done what it is for, with bets or left alone. More "
           "visits, or an earlier goal.";
  if (!scale.days_to_know)
    return fmt::format(
        "{}: with so few people it would take more than ten years to see a "
        "difference of {:.0f} % to those left alone.",
        name, 100 * scale.lift);
  const double left = *scale.days_to_know - static_cast<double>(scale.days);
  if (left <= 0)
    return fmt::format(
        "{}: no difference of {:.0f} % to people left alone has shown in {} days; "
        "it is smaller, or not there.",
        name, 100 * scale.lift, scale.days);
  return fmt::format(
      "{}: time. About {:.0f} more days until a difference of {:.0f} % to people "
      "left alone would show.",
      name, std::ceil(left), 100 * scale.lift);
}

bool nobody_came(const ExecutiveSlot& slot) {
  return slot.decisions + slot.scale.people + slot.lift.treated.n + slot.lift.holdout.n == 0 &&
         slot.fell_back.empty();
}

std::string shadow_words(const ExecutiveSlot& slot) {
  return fmt::format("{}: everybody gets the safe default, since it {}.", slot.lift.slot,
                     slot.shadow);
}

void add_slots(const ExecutiveQuestion& q, ExecutivePage& page) {
  for (const ExecutiveSlot& slot : q.slots) {
    const LiftSummary& lift = slot.lift;
    if (!slot.fell_back.empty()) {
      page.does_not.push_back(fmt::format("{}: fell back to the safe default on its own: {}",
                                          lift.slot, slot.fell_back));
      continue;
    }
    if (!slot.shadow.empty()) page.needs.push_back(shadow_words(slot));
    if (slot.readers == Verdict::kLosing) {
      page.does_not.push_back(lift.slot + ": readers get less of what they came for. " +
                              slot.readers_sentence);
      continue;
    }
    if (slot.readers == Verdict::kPaying)
      page.works.push_back(lift.slot + ": readers get more of what they came for. " +
                           slot.readers_sentence);
    switch (lift.verdict) {
      case Verdict::kPaying:
        page.works.push_back(lift.slot + ": " + against_words(lift) + ".");
        break;
      case Verdict::kLosing:
        page.does_not.push_back(lift.slot + ": " + against_words(lift) + ".");
        break;
      case Verdict::kNeutral:
        page.does_not.push_back(lift.slot + ": makes no difference worth the work; " +
                                against_words(lift) + ".");
        break;
      case Verdict::kTooEarly:
      case Verdict::kUnproven:
        if (slot.shadow.empty()) page.needs.push_back(wait_words(slot));
        break;
    }
  }
}

void add_losers(const ExecutiveQuestion& q, ExecutivePage& page) {
  for (const MapCell& cell : q.losers.losers) {
    if (cell.bet.empty() && cell.trait.empty()) continue;  // the slot stands there already
    page.does_not.push_back(fmt::format("{}: {} against people left alone ({} and {} people).",
                                        name_of(cell), size_of(cell), cell.treated, cell.holdout));
  }
  for (const MapCell& cell : q.losers.map) {
    if (cell.switch_off && cell.verdict != CellVerdict::kHarms && cell.trait.empty())
      page.does_not.push_back(name_of(cell) +
                              ": brings less, against people left alone, than it "
                              "costs to place a bet.");
  }
  const auto switched =
      std::ranges::count_if(q.losers.map, [](const MapCell& c) { return !c.command.empty(); });
  if (switched > 0)
    page.needs.insert(page.needs.begin(),
                      fmt::format("Switch off {} {} where it harms or costs more than it brings: "
                                  "ante report losers says how.",
                                  switched, switched == 1 ? "place" : "places"));
}

std::string page_sentence(const ExecutiveQuestion& q) {
  if (q.slots.empty())
    return q.decisions_gone == 0 ? "Nothing is personalised yet."
                                 : "Nothing is personalised now: the places where it was are gone.";
  const auto count = [&](Verdict verdict) {
    return std::ranges::count_if(q.slots, [verdict](const ExecutiveSlot& slot) {
      const bool fails = slot.readers == Verdict::kLosing || !slot.fell_back.empty();
      return (fails ? Verdict::kLosing : slot.lift.verdict) == verdict;
    });
  };
  const auto works = count(Verdict::kPaying);
  const auto fails = count(Verdict::kLosing) + count(Verdict::kNeutral);
  return fmt::format("Of {} {} it works in {}, does not in {}, and is not known yet of {}.",
                     q.slots.size(), q.slots.size() == 1 ? "place" : "places", works, fails,
                     static_cast<std::ptrdiff_t>(q.slots.size()) - works - fails);
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Broken at spaces; a word that is longer than a line stays in one piece but for what is too much.
std::vector<std::string> wrapped(std::string_view text, std::string_view first,
                                 std::string_view further) {
  std::vector<std::string> lines = {std::string(first)};
  bool empty = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    std::string word(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t room = kScreenColumns - columns_of(further);
    while (columns_of(word) > room) {
      while (columns_of(word.substr(word.size() - 1)) == 0) word.pop_back();
      word.pop_back();  // the first byte of a character, after all the others of it
    }
    if (!empty && columns_of(lines.back()) + 1 + columns_of(word) > kScreenColumns) {
      lines.emplace_back(further);
      empty = true;
    }
    lines.back() += (empty ? "" : " ") + word;
    empty = false;
  }
  return lines;
}

// A heading and what fits of its items, whole ones; of one that alone is too long, its beginning.
void add_section(std::string_view heading, const std::vector<std::string>& items,
                 std::string_view none, std::size_t lines_max, std::vector<std::string>& screen) {
  screen.emplace_back(heading);
  if (items.empty()) {
    screen.push_back("  " + std::string(none));
    return;
  }
  std::size_t used = 0, shown = 0;
  for (const std::string& item : items) {
    std::vector<std::string> lines = wrapped(item, "  ", "    ");
    const bool last = shown + 1 == items.size();
    const std::size_t room = lines_max - used - (last ? 0 : 1);
    if (lines.size() > room && shown > 0) break;
    lines.resize(std::min(lines.size(), room));
    screen.insert(screen.end(), lines.begin(), lines.end());
    used += lines.size();
    ++shown;
  }
  if (shown < items.size())
    screen.push_back(fmt::format("  and {} more: --json has them all", items.size() - shown));
}

}  // namespace

ExecutivePage executive_page(const ExecutiveQuestion& asked) {
  ExecutivePage page;
  ExecutiveQuestion question = asked;
  std::erase_if(question.slots, nobody_came);
  add_slots(question, page);
  add_losers(question, page);
  for (const Conflict& conflict : question.conflicts.apart)
    page.does_not.push_back(conflict.sentence);
  if (question.slots.empty())
    page.needs.emplace_back(question.decisions_gone == 0
                                ? "People: nobody has been shown anything yet."
                                : "People: nobody has been shown anything since.");
  for (const ExecutiveSlot& slot : asked.slots)
    if (nobody_came(slot) && !slot.shadow.empty()) page.needs.push_back(shadow_words(slot));
  if (!question.supply.empty()) page.needs.push_back(question.supply);
  page.costs.push_back(question.all.sentence);
  page.sentence = page_sentence(question);
  return page;
}

std::vector<std::string> screen_of(const ExecutivePage& page) {
  std::vector<std::string> screen = wrapped(page.sentence, "", "");
  screen.resize(1);
  add_section("What works", page.works, "Nothing yet that is known to.", kSectionLines[0], screen);
  add_section("What does not", page.does_not, "Nothing that is known not to.", kSectionLines[1],
              screen);
  add_section("What it needs", page.needs, "Nothing: go on.", kSectionLines[2], screen);
  add_section("What it costs", page.costs, "Nobody said.", kSectionLines[3], screen);
  return screen;
}

std::string to_json(const ExecutivePage& page) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("sentence", page.sentence).texts("works", page.works);
  json.texts("doesNot", page.does_not).texts("needs", page.needs).texts("costs", page.costs);
  json.texts("screen", screen_of(page)).end_object();
  return text;
}

}  // namespace ante
