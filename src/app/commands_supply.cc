// report supply, report audit: is there enough content, and what do readers end up with?

#include <fmt/format.h>

#include "api/url.h"
#include "app/api_command.h"

namespace ante {
namespace {

double middle_value(simdjson::dom::element of, std::string_view name, bool& known) {
  double value = 0;
  known = !of[name]["value"].get(value);
  return value;
}

std::string told_number(simdjson::dom::element of, std::string_view name, const char* unit) {
  bool known = false;
  const double value = middle_value(of, name, known);
  return known ? fmt::format("{:.1f}{}", value, unit) : "–";
}

void show_topics(simdjson::dom::array topics) {
  print_line(fmt::format("  {:<24} {:>8} {:>6} {:>10} {:>8} {:>8}  verdict", "topic", "want it",
                         "fresh", "evergreen", "unseen", "lasts"));
  for (const auto topic : topics) {
    std::string remedies;
    simdjson::dom::array list;
    if (!topic["remedies"].get(list)) {
      for (const auto remedy : list) {
        std::string_view text;
        if (remedy.get(text)) continue;
        remedies += remedies.empty() ? " → " : ", or ";
        remedies += text;
      }
    }
    bool known = false;
    print_line(fmt::format("  {:<24} {:>8.0f} {:>6.0f} {:>10.0f} {:>8} {:>8}  {}{}",
                           text_of(topic, "topic"), middle_value(topic, "wanted", known),
                           number_of(topic, "fresh"), number_of(topic, "evergreen"),
                           told_number(topic, "unseen", ""), told_number(topic, "lastsDays", " d"),
                           text_of(topic, "verdict"), remedies));
  }
}

void show_supply(simdjson::dom::element answer) {
  print_line(std::string(text_of(answer, "sentence")));
  simdjson::dom::array list;
  if (!answer["topics"].get(list) && list.size() > 0) show_topics(list);
  if (!answer["needs"].get(list) && list.size() > 0) {
    print_line("  asked for, and not there:");
    for (const auto need : list) {
      bool known = false;
      print_line(fmt::format("    “{}” told by {:.0f}, searched by {:.0f} ({:.0f} times)",
                             text_of(need, "text"), middle_value(need, "told", known),
                             middle_value(need, "searched", known), number_of(need, "searches")));
    }
  }
  simdjson::dom::element forgotten;
  if (answer["forgotten"].get(forgotten)) return;
  std::uint64_t items = 0;
  if (forgotten["items"].get(items))
    print_line(
        fmt::format("  what is forgotten is known after 90 days; the log is {:.0f} days "
                    "old",
                    number_of(forgotten, "followedDays")));
  else
    print_line(fmt::format("  forgotten: {} evergreen items nobody was shown in 90 days", items));
}

void show_audit_line(simdjson::dom::element answer, const char* what, const char* field,
                     double scale, const char* unit) {
  const auto told = [&](const char* arm) {
    simdjson::dom::element of;
    double value = 0, low = 0, high = 0;
    if (answer[arm][field].get(of) || of["value"].get(value)) return std::string("not known yet");
    if (of["interval"].at(0).get(low) || of["interval"].at(1).get(high)) return std::string("–");
    return fmt::format("{:.3g}{} ({:.3g} to {:.3g}; n {:.0f})", scale * value, unit, scale * low,
                       scale * high, number_of(of, "n"));
  };
  print_line(fmt::format("  {:<24} {:<36} {}", what, told("treated"), told("holdout")));
}

void show_audit(simdjson::dom::element answer) {
  print_line(std::string(text_of(answer, "sentence")));
  print_line(fmt::format("  {:<24} {:<36} {}", "", "with bets", "left alone"));
  show_audit_line(answer, "topic entropy, bits", "topicEntropyBits", 1, "");
  show_audit_line(answer, "must-reads reached", "mustReadReach", 100, " %");
  show_audit_line(answer, "age in days", "ageHours", 1.0 / 24, "");
  show_audit_line(answer, "serves what they want", "serveShare", 100, " %");
  show_audit_line(answer, "sells", "sellShare", 100, " %");
  show_audit_line(answer, "serve : sell", "serveToSell", 1, "");
  show_audit_line(answer, "catalogue never shown", "catalogueNeverShown", 100, " %");
  show_audit_line(answer, "narrowed to one topic", "narrowedShare", 100, " %");
  simdjson::dom::array list;
  if (answer["narrowed"].get(list)) return;
  for (const auto reader : list) {
    print_line(fmt::format("  {} {} only, since {} ({})", text_of(reader, "person"),
                           text_of(reader, "topic"), text_of(reader, "since"),
                           text_of(reader, "arm")));
  }
}

}  // namespace

void add_supply_reports(CommandLine line, CLI::App& report) {
  CLI::App* supply = report.add_subcommand("supply", "Is there enough content, topic by topic?");
  supply->callback([line] {
    line.exit = run_call(line.common, "GET", "/v1/reports/supply", "", {}, show_supply);
  });
  auto slot = std::make_shared<std::string>();
  CLI::App* audit = report.add_subcommand("audit", "What do readers end up with?");
  audit->add_option("--slot", *slot, "of one slot; all together without it");
  audit->callback([line, slot] {
    const std::string target =
        slot->empty() ? "/v1/reports/audit" : "/v1/reports/audit?slot=" + percent_encode(*slot);
    line.exit = run_call(line.common, "GET", target, "", {}, show_audit);
  });
}

}  // namespace ante
