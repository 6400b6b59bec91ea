// cost new, list, show, delete, worth; report worth, losers, card, executive: one call of the API
// each.

#include <fmt/format.h>

#include "api/url.h"
#include "app/api_command.h"
#include "base/json_writer.h"

namespace ante {
namespace {

std::string cost_target(const std::string& id) { return "/v1/costs/" + percent_encode(id); }

void print_texts(simdjson::dom::element element, std::string_view indent) {
  simdjson::dom::array texts;
  if (element.get(texts)) return;
  for (const auto each : texts) {
    std::string_view text;
    if (!each.get(text)) print_line(std::string(indent) + std::string(text));
  }
}

void show_sentence_of(simdjson::dom::element answer) {
  print_line(std::string(text_of(answer, "sentence")));
}

void show_cost(simdjson::dom::element cost) {
  const std::string_view per = text_of(cost, "per");
  print_line(fmt::format("{:<20} {:<10} {:>12.2f} {} {}{}{}{}", text_of(cost, "id"),
                         text_of(cost, "kind"), number_of(cost, "amount"),
                         text_of(cost, "currency"), per == "once" ? "" : "per ", per,
                         text_of(cost, "slot").empty() ? "" : " in ", text_of(cost, "slot")));
}

void show_costs(simdjson::dom::element answer) {
  simdjson::dom::array costs;
  if (answer["data"].get(costs)) return;
  if (costs.size() == 0) print_line("No costs. Enter one: ante cost new ID cost.json");
  for (const auto cost : costs) show_cost(cost);
}

// "60.00 to 180.00, n 600, what those left alone did not get": what there is of it.
std::string cost_words(simdjson::dom::element cost) {
  std::string words(text_of(cost, "id"));
  const auto add = [&words](std::string_view more) {
    if (!more.empty()) words += (words.empty() ? "" : ", ") + std::string(more);
  };
  simdjson::dom::array ends;
  double low = 0, high = 0;
  if (!cost["interval"].get(ends) && !ends.at(0).get(low) && !ends.at(1).get(high))
    add(fmt::format("{:.2f} to {:.2f}", low, high));
  if (const double n = number_of(cost, "n"); n > 0) add(fmt::format("n {:.0f}", n));
  add(text_of(cost, "note"));
  bool in_gain = false;
  if (!cost["inGain"].get(in_gain) && in_gain)
    add("missing in the gain already, not taken off again");
  return words;
}

void show_worth(simdjson::dom::element worth) {
  print_line(std::string(text_of(worth, "sentence")));
  simdjson::dom::array costs;
  if (worth["costs"].get(costs)) return;
  for (const auto cost : costs)
    print_line(fmt::format("  {:<12} {:>12.2f}  {}", text_of(cost, "kind"),
                           number_of(cost, "amount"), cost_words(cost)));
}

void show_worths(simdjson::dom::element report) {
  simdjson::dom::array slots;
  if (!report["slots"].get(slots))
    for (const auto slot : slots) show_worth(slot);
  simdjson::dom::element all;
  if (report["all"].get(all)) return show_worth(report);  // of one slot
  print_line(std::string(text_of(all, "sentence")));
}

void show_cells(simdjson::dom::element report, const char* list, bool off_only) {
  simdjson::dom::array cells;
  if (report[list].get(cells)) return;
  for (const auto cell : cells) {
    const std::string_view advice = text_of(cell, "advice"), command = text_of(cell, "command");
    if (off_only && advice.empty()) continue;
    print_line(fmt::format("  {:<10} {}  ({:.0f} and {:.0f} people)", text_of(cell, "verdict"),
                           text_of(cell, "name"), number_of(cell, "treated"),
                           number_of(cell, "holdout")));
    for (const std::string_view line : {advice, command})
      if (!line.empty()) print_line(fmt::format("    {}", line));
  }
}

void show_card(simdjson::dom::element card) {
  print_line(std::string(text_of(card, "sentence")));
  constexpr std::pair<const char*, const char*> kParts[] = {
      {"optimizes", "What it optimizes"},
      {"ignores", "What it ignores"},
      {"uses", "What it uses"},
      {"trained", "What it learned from"},
      {"policy", "How it decides"},
      {"calibration", "How true it was"},
      {"worseFor", "Whom it does worse for"},
      {"limits", "What may not be concluded"}};
  for (const auto& [name, heading] : kParts) {
    print_line(heading);
    simdjson::dom::element part, words;
    if (!card[name].get(part) && !part["words"].get(words)) print_texts(words, "  ");
  }
}

struct WorthOptions {
  std::string slot, currency, why;
  double margin = 0, smallest = 0;
};

Exit set_worth(const CommonOptions& common, const WorthOptions& options) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("margin", options.margin);
  if (!options.currency.empty()) json.field("currency", options.currency);
  if (options.smallest != 0) json.field("smallestMargin", options.smallest);
  json.end_object();
  ApiHeaders headers;
  if (!options.why.empty()) headers.emplace_back("Ante-Why", options.why);
  return run_call(
      common, "PUT", "/v1/worth/" + percent_encode(options.slot), body, headers,
      [](simdjson::dom::element worth) {
        const std::string_view currency = text_of(worth, "currency");
        print_line(fmt::format("One unit of {} is worth {:g}{}{}.", text_of(worth, "slot"),
                               number_of(worth, "margin"), currency.empty() ? "" : " ", currency));
      });
}

Exit cost_new(const CommonOptions& common, const ObjectOptions& options) {
  const auto body = object_body(options);
  if (!body) return end_with(body.error());
  return run_call(common, "PUT", cost_target(options.name), *body, object_headers(options),
                  show_cost);
}

void add_cost(CommandLine line) {
  CLI::App* cost = line.app.add_subcommand("cost", "What it costs: new, list, show, delete, worth");
  cost->require_subcommand(1);
  auto options = std::make_shared<ObjectOptions>();
  CLI::App* make = cost->add_subcommand("new", "Enter a cost from JSON, or change it");
  add_object_options(make, *options);
  make->callback([line, options] { line.exit = cost_new(line.common, *options); });
  CLI::App* list = cost->add_subcommand("list", "All costs");
  list->callback(
      [line] { line.exit = run_call(line.common, "GET", "/v1/costs", "", {}, show_costs); });
  auto id = std::make_shared<std::string>();
  CLI::App* show = cost->add_subcommand("show", "One cost");
  show->add_option("id", *id)->required();
  show->callback([line, id] {
    line.exit = run_call(line.common, "GET", cost_target(*id), "", {}, show_cost);
  });
  CLI::App* remove = cost->add_subcommand("delete", "Take a cost out, as if it never was");
  remove->add_option("id", *id)->required();
  remove->callback([line, id] {
    line.exit = run_call(line.common, "DELETE", cost_target(*id), "", {}, nullptr);
  });
  auto of = std::make_shared<WorthOptions>();
  CLI::App* worth = cost->add_subcommand("worth", "Say what a unit of a slot's reward is worth");
  worth->add_option("slot", of->slot)->required();
  worth->add_option("--margin", of->margin, "money one unit of reward brings")->required();
  worth->add_option("--smallest", of->smallest, "money it brings at least, if you are not sure");
  worth->add_option("--currency", of->currency, "three letters like EUR");
  worth->add_option("--why", of->why, "why, for the record");
  worth->callback([line, of] { line.exit = set_worth(line.common, *of); });
}

std::string report_target(const char* report, const std::string& slot) {
  return std::string("/v1/reports/") + report +
         (slot.empty() ? "" : "?slot=" + percent_encode(slot));
}

void add_reports(CommandLine line) {
  CLI::App* report = line.app.get_subcommand("report");
  struct Asked {
    std::string slot;
    bool map = false;
  };
  auto asked = std::make_shared<Asked>();
  CLI::App* worth = report->add_subcommand("worth", "Is it worth the money? Should it stop?");
  worth->add_option("--slot", asked->slot, "only this one");
  worth->callback([line, asked] {
    line.exit =
        run_call(line.common, "GET", report_target("worth", asked->slot), "", {}, show_worths);
  });
  CLI::App* losers = report->add_subcommand("losers", "Who is worse off, and what to switch off");
  losers->add_option("--slot", asked->slot, "only this one");
  losers->add_flag("--map", asked->map, "every place and group, not only those to switch off");
  losers->callback([line, asked] {
    line.exit = run_call(line.common, "GET", report_target("losers", asked->slot), "", {},
                         [asked](simdjson::dom::element answer) {
                           print_line(std::string(text_of(answer, "sentence")));
                           simdjson::dom::array crowd;
                           if (!answer["crowd"].get(crowd))
                             for (const auto harm : crowd) show_sentence_of(harm);
                           show_cells(answer, "map", !asked->map);
                         });
  });
  CLI::App* apart = report->add_subcommand(
      "conflicts", "Where a reader's metric gets worse while ours gets better, or the reverse");
  apart->add_option("--slot", asked->slot, "only this one");
  apart->callback([line, asked] {
    line.exit = run_call(line.common, "GET", report_target("conflicts", asked->slot), "", {},
                         [](simdjson::dom::element answer) {
                           show_sentence_of(answer);
                           for (const char* list : {"apart", "probably"}) {
                             simdjson::dom::array found;
                             if (answer[list].get(found)) continue;
                             for (const auto conflict : found) show_sentence_of(conflict);
                           }
                         });
  });
  CLI::App* card = report->add_subcommand("card", "What decides in a slot: the model card");
  card->add_option("--slot", asked->slot)->required();
  card->callback([line, asked] {
    line.exit =
        run_call(line.common, "GET", report_target("model-card", asked->slot), "", {}, show_card);
  });
  CLI::App* page = report->add_subcommand("executive", "One page in plain words");
  page->callback([line] {
    line.exit = run_call(line.common, "GET", "/v1/reports/executive", "", {},
                         [](simdjson::dom::element answer) {
                           simdjson::dom::element screen;
                           if (!answer["screen"].get(screen)) print_texts(screen, "");
                         });
  });
}

}  // namespace

void add_cost_commands(CommandLine line) {
  add_cost(line);
  add_reports(line);
}

}  // namespace ante
