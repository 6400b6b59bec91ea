// decide, slot, people, figures: one call of the API each.

#include <fmt/format.h>

#include "api/url.h"
#include "app/api_command.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "domain/slot.h"

namespace ante {
namespace {

void show_decision(simdjson::dom::element decision) {
  print_line(fmt::format("{}  slot {}  outcome {}{}{}  arm {}", text_of(decision, "decisionId"),
                         text_of(decision, "slot"), text_of(decision, "outcome"),
                         text_of(decision, "fallback").empty() ? "" : ": ",
                         text_of(decision, "fallback"), text_of(decision, "arm")));
  simdjson::dom::array items;
  if (decision["items"].get(items)) return;
  for (const auto item : items) {
    print_line(fmt::format("  {:.0f}. {}  {}  (chance {:.4f}, propensity {:.4f})",
                           number_of(item, "position"), text_of(item, "id"), text_of(item, "title"),
                           number_of(item, "score"), number_of(item, "propensity")));
    simdjson::dom::array whys;
    if (item["why"].get(whys)) continue;
    for (const auto why : whys) {
      print_line(fmt::format("       {}: {}", text_of(why, "kind"), text_of(why, "text")));
    }
  }
  simdjson::dom::array reasons;
  if (decision["reasons"].get(reasons)) return;
  for (const auto reason : reasons) {
    std::string_view text;
    if (!reason.get(text)) print_line("  because " + std::string(text));
  }
}

struct DecideOptions {
  std::string user, anonymous, slot, item;
  int limit = 0;
  bool explain = false;
};

Exit decide(const CommonOptions& common, const DecideOptions& options) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("slot", options.slot).field("activate", "defer");
  if (!options.user.empty()) json.field("userId", options.user);
  if (!options.anonymous.empty()) json.field("anonymousId", options.anonymous);
  if (options.limit > 0) json.field("limit", options.limit);
  if (options.explain) json.field("explain", true);
  if (!options.item.empty()) {
    json.key("situation").begin_object().field("item", options.item).end_object();
  }
  json.end_object();
  return run_call(common, "POST", "/v1/decide", body, {}, show_decision);
}

void add_decide(CommandLine line) {
  auto options = std::make_shared<DecideOptions>();
  CLI::App* command = line.app.add_subcommand("decide", "What would be shown to a person, and why");
  command->add_option("--as", options->user, "a userId");
  command->add_option("--anonymous", options->anonymous, "an anonymousId");
  command->add_option("--slot", options->slot, "the slot")->required();
  command->add_option("--item", options->item, "what is on the page");
  command->add_option("--limit", options->limit, "places")->check(CLI::Range(1, 50));
  command->add_flag("--explain", options->explain, "the hand and the reasons");
  command->callback([line, options] { line.exit = decide(line.common, *options); });
}

Exit slot_set(const CommonOptions& common, const ObjectOptions& options) {
  const auto body = object_body(options);
  if (!body) return end_with(body.error());
  return run_call(common, "PUT", "/v1/slots/" + percent_encode(options.name), *body,
                  object_headers(options), [](simdjson::dom::element slot) {
                    print_line(fmt::format("Slot {} is set.", text_of(slot, "name")));
                    if (const std::string_view why = text_of(slot, "briefMissing"); !why.empty())
                      print_line(fmt::format("  it stays in shadow: {}", why));
                  });
}

// Whether it serves what it decides; else why not.
std::string standing_of(simdjson::dom::element json) {
  const auto slot = slot_from_json(text_of(json, "name"), simdjson::minify(json));
  if (!slot) return "unreadable: " + slot.error().message;
  if (slot->in_shadow())
    return "in shadow: " + (slot->apprentice              ? "it is an apprentice"
                            : slot->brief_missing.empty() ? "it has no brief"
                                                          : slot->brief_missing);
  return slot->fell_back.empty() ? "live" : "fell back to its safe default: " + slot->fell_back;
}

void show_slots(simdjson::dom::element answer) {
  simdjson::dom::array slots;
  if (answer["data"].get(slots)) return;
  for (const auto slot : slots) {
    simdjson::dom::array outcomes;
    const std::size_t more = slot["goal"]["outcomes"].get(outcomes) ? 0 : outcomes.size();
    print_line(fmt::format("{:<24} {:<6} {}  goal {}{}  holdout {:.1f} %  {}",
                           text_of(slot, "name"), text_of(slot, "channel"),
                           counted(static_cast<std::uint64_t>(number_of(slot, "limit")), "place"),
                           text_of(slot["goal"], "event"),
                           more > 0 ? fmt::format(" and {} more", more) : "",
                           number_of(slot, "holdout") * 100, standing_of(slot)));
  }
}

void add_slot(CommandLine line) {
  CLI::App* slot = line.app.add_subcommand("slot", "Slots: set, list, show, resume, delete");
  slot->require_subcommand(1);
  auto options = std::make_shared<ObjectOptions>();
  CLI::App* set = slot->add_subcommand("set", "Make or replace a slot from JSON");
  add_object_options(set, *options);
  set->callback([line, options] { line.exit = slot_set(line.common, *options); });
  CLI::App* list = slot->add_subcommand("list", "All slots");
  list->callback(
      [line] { line.exit = run_call(line.common, "GET", "/v1/slots", "", {}, show_slots); });
  auto name = std::make_shared<std::string>();
  CLI::App* show = slot->add_subcommand("show", "One slot");
  show->add_option("name", *name)->required();
  show->callback([line, name] {
    line.exit = run_call(line.common, "GET", "/v1/slots/" + percent_encode(*name), "", {}, nullptr);
  });
  CLI::App* resume =
      slot->add_subcommand("resume", "Let a slot that fell back bet again, its evidence anew");
  resume->add_option("name", *name)->required();
  auto why = std::make_shared<std::string>();
  resume->add_option("--why", *why, "why it may")->required();
  resume->callback([line, name, why] {
    std::string body;
    JsonWriter(body).begin_object().field("why", *why).end_object();
    line.exit = run_call(line.common, "POST", "/v1/slots/" + percent_encode(*name) + "/resume",
                         body, {}, [](simdjson::dom::element answer) {
                           print_line(fmt::format("Slot {} bets again; its evidence begins anew.",
                                                  text_of(answer, "name")));
                         });
  });
  CLI::App* remove = slot->add_subcommand("delete", "End a slot");
  remove->add_option("name", *name)->required();
  remove->callback([line, name] {
    line.exit =
        run_call(line.common, "DELETE", "/v1/slots/" + percent_encode(*name), "", {}, nullptr);
  });
}

void add_people(CommandLine line) {
  CLI::App* people = line.app.add_subcommand("people", "People: show, export, erase");
  people->require_subcommand(1);
  auto id = std::make_shared<std::string>();
  struct Verb {
    const char *name, *method, *suffix, *help;
  };
  static constexpr Verb kVerbs[] = {
      {"show", "GET", "", "What is known of a person, and how"},
      {"export", "GET", "/export", "Everything stored of a person, as JSON lines"},
      {"erase", "DELETE", "", "Forget a person"}};
  for (const Verb& verb : kVerbs) {
    CLI::App* command = people->add_subcommand(verb.name, verb.help);
    command->add_option("id", *id, "a userId, anonymous:ID, or per_…")->required();
    command->callback([line, id, &verb] {
      line.exit = run_call(line.common, verb.method,
                           "/v1/people/" + percent_encode(*id) + verb.suffix, "", {}, nullptr);
    });
  }
}

void show_figures(simdjson::dom::element answer) {
  print_line(std::string(text_of(answer, "sentence")));
  simdjson::dom::array lines;
  if (answer["lines"].get(lines)) return;
  for (const auto line : lines) {
    std::string_view text;
    if (!line.get(text)) print_line("  " + std::string(text));
  }
}

void add_figures(CommandLine line) {
  struct Of {
    std::string slot, bet;
  };
  auto of = std::make_shared<Of>();
  CLI::App* command =
      line.app.add_subcommand("figures", "How far bets go, whether they hit, and what they cost");
  CLI::Option* slot = command->add_option("--slot", of->slot, "of a slot");
  command->add_option("--bet", of->bet, "of a bet, by its id")->excludes(slot);
  command->require_option(1);
  command->callback([line, of] {
    const std::string target = of->slot.empty() ? "/v1/bets/" + percent_encode(of->bet)
                                                : "/v1/slots/" + percent_encode(of->slot);
    line.exit = run_call(line.common, "GET", target + "/figures", "", {}, show_figures);
  });
}

void show_sentence(simdjson::dom::element answer) {
  print_line(std::string(text_of(answer, "sentence")));
  if (const std::string_view purpose = text_of(answer, "purpose"); !purpose.empty())
    print_line(fmt::format("  it is for: {}", purpose));
}

void show_lift(simdjson::dom::element answer) {
  show_sentence(answer);
  simdjson::dom::element controls;
  if (!answer["controls"].get(controls)) show_sentence(controls);
  simdjson::dom::array cohorts;
  if (answer["cohorts"].get(cohorts) || cohorts.size() < 2) return;
  print_line("By the week in which people first came, with bets and without:");
  for (const auto cohort : cohorts) {
    simdjson::dom::element treated, holdout;
    if (cohort["treated"].get(treated) || cohort["holdout"].get(holdout)) continue;
    print_line(fmt::format("  from {}  {:.4g} of {:.0f}, {:.4g} of {:.0f}",
                           text_of(cohort, "from").substr(0, 10), number_of(treated, "mean"),
                           number_of(treated, "n"), number_of(holdout, "mean"),
                           number_of(holdout, "n")));
  }
}

void show_scale(simdjson::dom::element answer) {
  print_line(std::string(text_of(answer, "sentence")));
  simdjson::dom::element value;
  if (!answer["value"].get(value)) print_line(std::string(text_of(value, "sentence")));
  if (const std::string_view purpose = text_of(answer, "purpose"); !purpose.empty())
    print_line(fmt::format("  it is for: {}", purpose));
}

void show_value(simdjson::dom::element answer) {
  simdjson::dom::array slots;
  if (answer["slots"].get(slots)) return show_sentence(answer);
  for (const auto slot : slots)
    print_line(fmt::format("{}: {}", text_of(slot, "slot"), text_of(slot, "sentence")));
}

void show_sources(simdjson::dom::element answer) {
  simdjson::dom::array slots, sources;
  if (!answer["slots"].get(slots)) {
    for (const auto slot : slots) {
      print_line(fmt::format("{}:", text_of(slot, "slot")));
      if (slot["sources"].get(sources)) continue;
      for (const auto source : sources)
        print_line(fmt::format("  {}", text_of(source, "sentence")));
    }
  }
  show_sentence(answer);
}

void show_holdout_report(simdjson::dom::element answer) {
  show_sentence(answer);
  simdjson::dom::array slots;
  if (answer["slots"].get(slots)) return;
  for (const auto slot : slots) {
    print_line(fmt::format("{:<24} {:.0f} people, {:.0f} of them held out, {:.0f} left out",
                           text_of(slot, "slot"), number_of(slot, "people"),
                           number_of(slot, "heldOut"), number_of(slot, "mixed")));
    simdjson::dom::element overlap;
    if (!slot["overlap"].get(overlap) && number_of(overlap, "cameBack") > 0)
      print_line(
          fmt::format("  of {:.0f} who were held out before and came back {:.0f} are again; "
                      "by chance {:.4g}",
                      number_of(overlap, "cameBack"), number_of(overlap, "heldOutAgain"),
                      number_of(overlap, "expected")));
  }
}

void add_report(CommandLine line) {
  CLI::App* report = line.app.add_subcommand("report", "What the log proves, in sentences");
  report->require_subcommand(1);
  struct Asked {
    std::string slot, lift;
  };
  auto asked = std::make_shared<Asked>();
  CLI::App* lift =
      report->add_subcommand("lift", "Is anybody better off than if all got the same?");
  lift->add_option("--slot", asked->slot)->required();
  lift->callback([line, asked] {
    line.exit = run_call(line.common, "GET", "/v1/reports/lift?slot=" + percent_encode(asked->slot),
                         "", {}, show_lift);
  });
  CLI::App* sources = report->add_subcommand(
      "sources", "What did each source of data buy, and which had better be deleted?");
  sources->add_option("--slot", asked->slot, "of this slot only");
  sources->callback([line, asked] {
    std::string target = "/v1/reports/sources";
    if (!asked->slot.empty()) target += "?slot=" + percent_encode(asked->slot);
    line.exit = run_call(line.common, "GET", target, "", {}, show_sources);
  });
  CLI::App* holdout =
      report->add_subcommand("holdout", "Who is held out, since when, and is a new draw due?");
  holdout->callback([line] {
    line.exit = run_call(line.common, "GET", "/v1/reports/holdout", "", {}, show_holdout_report);
  });
  CLI::App* scale = report->add_subcommand("scale", "Is there enough traffic to know?");
  scale->add_option("--slot", asked->slot)->required();
  scale->add_option("--lift", asked->lift, "how large a lift you hope for; 0.1 is ten per cent");
  scale->callback([line, asked] {
    std::string target = "/v1/reports/scale?slot=" + percent_encode(asked->slot);
    if (!asked->lift.empty()) target += "&lift=" + percent_encode(asked->lift);
    line.exit = run_call(line.common, "GET", target, "", {}, show_scale);
  });
  CLI::App* value =
      report->add_subcommand("value", "Is the best topic different for different people?");
  value->add_option("--slot", asked->slot, "of one slot; of each without it");
  value->callback([line, asked] {
    const std::string target = "/v1/reports/value";
    line.exit =
        run_call(line.common, "GET",
                 asked->slot.empty() ? target : target + "?slot=" + percent_encode(asked->slot), "",
                 {}, show_value);
  });
  add_metric_reports(report, line);
  add_supply_reports(line, *report);
}

}  // namespace

void add_api_commands(CommandLine line) {
  add_decide(line);
  add_slot(line);
  add_people(line);
  add_figures(line);
  add_report(line);
}

}  // namespace ante
