// brief new, list, show, check, renew, delete; report needs, report gaps: one call of the API each.

#include <fmt/format.h>

#include "api/url.h"
#include "app/api_command.h"
#include "base/json_writer.h"

namespace ante {
namespace {

std::string brief_target(const std::string& id) { return "/v1/briefs/" + percent_encode(id); }

void show_briefs(simdjson::dom::element answer) {
  simdjson::dom::array briefs;
  if (answer["data"].get(briefs)) return;
  if (briefs.size() == 0) print_line("No briefs. Write one: ante brief new ID brief.json");
  for (const auto brief : briefs) {
    print_line(fmt::format("{:<20} {:<8} {:<10} {}", text_of(brief, "id"), text_of(brief, "status"),
                           text_of(brief, "due").substr(0, 10), text_of(brief, "sentence")));
  }
}

void show_check(simdjson::dom::element check) {
  print_line(std::string(text_of(check, "title")) + ": " + std::string(text_of(check, "purpose")));
  print_line("  " + std::string(text_of(check, "sentence")));
  static constexpr const char* kQuestions[] = {
      "As a whole", "1  When this works, what changes?",
      "2  What will be different from the general experience?",
      "3  Which decision, measures and data does it take?"};
  simdjson::dom::array lines;
  if (check["lines"].get(lines)) return;
  double question = -1;
  for (const auto line : lines) {
    if (const double of = number_of(line, "question"); of != question) {
      question = of;
      print_line("");
      print_line(kQuestions[static_cast<std::size_t>(of) % std::size(kQuestions)]);
    }
    print_line(fmt::format("  {:<8}{}", text_of(line, "state"), text_of(line, "sentence")));
    if (!text_of(line, "todo").empty())
      print_line(fmt::format("          {}", text_of(line, "todo")));
  }
}

void show_brief(simdjson::dom::element brief) {
  print_line(std::string(text_of(brief, "sentence")));
  print_line(fmt::format("  {:.0f} of 3 answered, version {:.0f}, owner {}",
                         number_of(brief, "answered"), number_of(brief, "version"),
                         text_of(brief, "owner")));
  if (!text_of(brief, "registeredAt").empty())
    print_line(fmt::format("  registered {} by {}, stops on {} unless it is renewed",
                           text_of(brief, "registeredAt").substr(0, 16),
                           text_of(brief, "registeredBy"), text_of(brief, "due").substr(0, 10)));
  simdjson::dom::array list;
  if (!brief["missing"].get(list)) {
    for (const auto member : list) {
      std::string_view text;
      if (!member.get(text)) print_line(fmt::format("  still to say: {}", text));
    }
  }
  if (!brief["changes"].get(list)) {
    for (const auto change : list) {
      std::string what;
      simdjson::dom::array members;
      if (!change["what"].get(members)) {
        for (const auto member : members) {
          std::string_view text;
          if (!member.get(text)) what.append(what.empty() ? "" : ", ").append(text);
        }
      }
      print_line(fmt::format("  {} {} by {}: {}", text_of(change, "at").substr(0, 16), what,
                             text_of(change, "who"), text_of(change, "why")));
    }
  }
  simdjson::dom::element check;
  if (brief["check"].get(check)) return;
  print_line("");
  show_check(check);
}

void show_needs(simdjson::dom::element answer) {
  print_line(std::string(text_of(answer, "sentence")));
  print_line("  opportunity = " + std::string(text_of(answer, "formula")));
  simdjson::dom::array needs;
  if (answer["data"].get(needs)) return;
  for (const auto need : needs) {
    print_line(fmt::format("  {:5.1f}  {}  (importance {:g}, satisfaction {:g}, n {:.0f}; {})",
                           number_of(need, "opportunity"), text_of(need, "need"),
                           number_of(need, "importance"), number_of(need, "satisfaction"),
                           number_of(need, "n"), text_of(need, "brief")));
  }
}

std::string worth_in_words(simdjson::dom::element data) {
  double number = 0;
  if (!data["worth"].get(number)) return fmt::format("; worth {:g}", number);
  const std::string_view words = text_of(data, "worth");
  return words.empty() ? "" : fmt::format("; worth: {}", words);
}

void show_gaps(simdjson::dom::element answer) {
  print_line(std::string(text_of(answer, "sentence")));
  simdjson::dom::array list;
  if (answer["data"].get(list)) return;
  for (const auto data : list) {
    print_line(fmt::format("  {:<20} {:<24} {}; allowed by {}{}", text_of(data, "decision"),
                           text_of(data, "name"), text_of(data, "state"), text_of(data, "purpose"),
                           worth_in_words(data)));
  }
}

Exit brief_new(const CommonOptions& common, const ObjectOptions& options) {
  const auto body = object_body(options);
  if (!body) return end_with(body.error());
  return run_call(common, "PUT", brief_target(options.name), *body, object_headers(options),
                  show_brief);
}

Exit brief_renew(const CommonOptions& common, const std::string& id, const std::string& why) {
  std::string body;
  JsonWriter(body).begin_object().field("why", why).end_object();
  return run_call(common, "POST", brief_target(id) + "/renew", body, {}, show_brief);
}

Exit brief_delete(const CommonOptions& common, const std::string& id) {
  return run_call(common, "DELETE", brief_target(id), "", {}, nullptr);
}

void add_brief_reports(CommandLine line) {
  CLI::App* report = line.app.get_subcommand("report");
  CLI::App* needs = report->add_subcommand("needs", "Which unmet need first?");
  needs->callback([line] {
    line.exit = run_call(line.common, "GET", "/v1/reports/needs", "", {}, show_needs);
  });
  CLI::App* gaps = report->add_subcommand("gaps", "Which data is missing, and what is it worth?");
  gaps->callback([line] {
    line.exit = run_call(line.common, "GET", "/v1/reports/data-gaps", "", {}, show_gaps);
  });
}

}  // namespace

void add_brief_commands(CommandLine line) {
  CLI::App* brief =
      line.app.add_subcommand("brief", "Briefs: new, list, show, check, renew, delete");
  brief->require_subcommand(1);
  auto options = std::make_shared<ObjectOptions>();
  CLI::App* write = brief->add_subcommand("new", "Write a brief from JSON, or change it");
  add_object_options(write, *options);
  write->callback([line, options] { line.exit = brief_new(line.common, *options); });
  CLI::App* list = brief->add_subcommand("list", "All briefs, each with whether it holds");
  list->callback(
      [line] { line.exit = run_call(line.common, "GET", "/v1/briefs", "", {}, show_briefs); });
  auto id = std::make_shared<std::string>();
  CLI::App* show = brief->add_subcommand("show", "One brief, and every change of it");
  show->add_option("id", *id)->required();
  show->callback([line, id] {
    line.exit = run_call(line.common, "GET", brief_target(*id), "", {}, show_brief);
  });
  CLI::App* check = brief->add_subcommand("check", "Does it hold?");
  check->add_option("id", *id)->required();
  check->callback([line, id] {
    line.exit = run_call(line.common, "GET", brief_target(*id) + "/check", "", {}, show_check);
  });
  auto why = std::make_shared<std::string>();
  CLI::App* renew = brief->add_subcommand("renew", "Go on for another quarter, and say why");
  renew->add_option("id", *id)->required();
  renew->add_option("--why", *why, "what was learned")->required();
  renew->callback([line, id, why] { line.exit = brief_renew(line.common, *id, *why); });
  CLI::App* remove = brief->add_subcommand("delete", "Delete a brief that no slot names");
  remove->add_option("id", *id)->required();
  remove->callback([line, id] { line.exit = brief_delete(line.common, *id); });
  add_brief_reports(line);
}

}  // namespace ante
