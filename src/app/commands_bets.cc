// bet new, list, show, move, fold, bank, calibration: one call of the API each.

#include <fmt/format.h>

#include "api/url.h"
#include "app/api_command.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace ante {
namespace {

std::string bet_target(const std::string& id) { return "/v1/bets/" + percent_encode(id); }

void show_bets(simdjson::dom::element answer) {
  simdjson::dom::array bets;
  if (answer["data"].get(bets)) return;
  if (bets.size() == 0) print_line("No bets. Place one: ante bet new ID bet.json");
  for (const auto bet : bets) {
    print_line(fmt::format("{:<20} {:<12} {:<18} {}", text_of(bet, "id"), text_of(bet, "state"),
                           text_of(bet, "verdict"), text_of(bet, "sentence")));
  }
}

void show_left_alone(simdjson::dom::element alone) {
  if (number_of(alone, "decisions") <= 0) return;
  print_line(fmt::format("  left alone: {:.0f} people in {:.0f} decisions, which saved {:.4g}",
                         number_of(alone, "people"), number_of(alone, "decisions"),
                         number_of(alone, "saved")));
  simdjson::dom::array reasons;
  if (alone["why"].get(reasons)) return;
  for (const auto why : reasons) {
    print_line(fmt::format("    {}: {:.0f} people", text_of(why, "why"), number_of(why, "people")));
  }
}

void show_bet(simdjson::dom::element bet) {
  print_line(std::string(text_of(bet, "sentence")));
  print_line(fmt::format("  {}, version {:.0f}, owner {}", text_of(bet, "state"),
                         number_of(bet, "version"), text_of(bet, "owner")));
  simdjson::dom::element evidence;
  if (!bet["evidence"].get(evidence)) {
    // The sentence begins with the verdict, but that it does not know "probably".
    const std::string_view verdict = text_of(evidence, "verdict");
    print_line(fmt::format("  {}{}{}", verdict.starts_with("probably") ? verdict : "",
                           verdict.starts_with("probably") ? ". " : "",
                           text_of(evidence["lift"], "sentence")));
    print_line(fmt::format("  {}", text_of(evidence["segments"], "sentence")));
    if (evidence["wouldHaveMet"].is_number())
      print_line(
          fmt::format("  it would have met {:.0f} decisions", number_of(evidence, "wouldHaveMet")));
    show_left_alone(evidence["leftAlone"]);
  }
  simdjson::dom::array list;
  if (!bet["earlierBets"].get(list)) {
    for (const auto id : list) {
      std::string_view text;
      if (!id.get(text))
        print_line(fmt::format("  people that bet {} is for too are its own: it came first", text));
    }
  }
  if (!bet["stated"].get(list)) {
    for (const auto odds : list) {
      print_line(fmt::format("  {} gave it {:.0f} % on {}", text_of(odds, "who"),
                             100 * number_of(odds, "pays"), text_of(odds, "at").substr(0, 10)));
    }
  }
  if (!bet["moves"].get(list)) {
    for (const auto move : list) {
      print_line(fmt::format("  {} {} -> {} by {}{}{}", text_of(move, "at").substr(0, 16),
                             text_of(move, "from"), text_of(move, "to"), text_of(move, "who"),
                             text_of(move, "why").empty() ? "" : ": ", text_of(move, "why")));
    }
  }
}

void show_calibration(simdjson::dom::element answer) {
  const auto show = [](std::string_view who, simdjson::dom::element of) {
    if (number_of(of, "n") <= 0) {
      print_line(fmt::format("{}: nothing that was stated has been settled yet", who));
      return;
    }
    print_line(
        fmt::format("{}: said {:.0f} %, came true {:.0f} %, off by {:.3f} on average; n {:.0f}",
                    who, 100 * number_of(of, "said"), 100 * number_of(of, "came"),
                    number_of(of, "error"), number_of(of, "n")));
  };
  simdjson::dom::element overall;
  if (!answer["overall"].get(overall)) show("everybody", overall);
  simdjson::dom::array by_who;
  if (answer["byWho"].get(by_who)) return;
  for (const auto one : by_who) show(text_of(one, "who"), one);
}

Exit bet_new(const CommonOptions& common, const ObjectOptions& options) {
  const auto body = object_body(options);
  if (!body) return end_with(body.error());
  return run_call(common, "PUT", bet_target(options.name), *body, object_headers(options),
                  show_bet);
}

Exit bet_move(const CommonOptions& common, const std::string& id, const std::string& to,
              const std::string& why,
              const std::function<void(simdjson::dom::element)>& show = show_bet) {
  std::string body;
  JsonWriter(body).begin_object().field("to", to).field("why", why).end_object();
  return run_call(common, "POST", bet_target(id) + "/move", body, {}, show);
}

// Every bet that decides. The first that cannot be folded ends it.
Exit fold_all(const CommonOptions& common, const std::string& why) {
  CommonOptions quiet = common;
  quiet.json = false;
  std::vector<std::string> live;
  const Exit listed = run_call(quiet, "GET", "/v1/bets", "", {}, [&](simdjson::dom::element all) {
    simdjson::dom::array bets;
    if (all["data"].get(bets)) return;
    for (const auto bet : bets) {
      bool is_live = false;
      if (!bet["live"].get(is_live) && is_live) live.emplace_back(text_of(bet, "id"));
    }
  });
  if (listed != Exit::kOk) return listed;
  const auto show = [&](simdjson::dom::element bet) {
    if (!common.json) show_bet(bet);
  };
  Exit exit = Exit::kOk;
  std::vector<std::string> folded;
  for (const std::string& id : live) {
    if (!common.dry_run) exit = bet_move(quiet, id, "folded", why, show);
    if (exit != Exit::kOk) break;
    folded.push_back(id);
  }
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("dryRun", common.dry_run).texts("folded", folded).end_object();
    print_line(out);
  } else {
    std::string names;
    for (const std::string& id : folded) names += (names.empty() ? ": " : ", ") + id;
    print_message(fmt::format("{} {}{}.", common.dry_run ? "Would fold" : "Folded",
                              counted(folded.size(), "bet"), names));
  }
  return exit;
}

struct MoveOptions {
  std::string id, to, why;
  bool all = false;
};

void add_moves(CLI::App* bet, CommandLine line) {
  auto options = std::make_shared<MoveOptions>();
  CLI::App* move = bet->add_subcommand("move", "Move a bet: shadow, \"small stake\", open, draft");
  move->add_option("id", options->id)->required();
  move->add_option("to", options->to)->required();
  move->add_option("--why", options->why, "why, for the record");
  move->callback([line, options] {
    line.exit = bet_move(line.common, options->id, options->to, options->why);
  });
  CLI::App* fold = bet->add_subcommand("fold", "End a bet; its people get the safe default again");
  CLI::App* which = fold->add_option_group("which");
  which->add_option("id", options->id);
  which->add_flag("--all", options->all, "every bet that decides");
  which->require_option(1);
  fold->add_option("--why", options->why, "why, for the record");
  fold->callback([line, options] {
    line.exit = options->all ? fold_all(line.common, options->why)
                             : bet_move(line.common, options->id, "folded", options->why);
  });
  CLI::App* bank = bet->add_subcommand("bank", "Keep what a bet won for its audience");
  bank->add_option("id", options->id)->required();
  bank->add_option("--why", options->why, "why, for the record");
  bank->callback(
      [line, options] { line.exit = bet_move(line.common, options->id, "banked", options->why); });
}

}  // namespace

void add_bet_commands(CommandLine line) {
  CLI::App* bet = line.app.add_subcommand("bet", "Bets: new, list, show, move, fold, bank");
  bet->require_subcommand(1);
  auto options = std::make_shared<ObjectOptions>();
  CLI::App* place = bet->add_subcommand("new", "Place a bet from JSON, or change it");
  add_object_options(place, *options);
  place->callback([line, options] { line.exit = bet_new(line.common, *options); });
  CLI::App* list = bet->add_subcommand("list", "All bets, settled ones too");
  list->callback(
      [line] { line.exit = run_call(line.common, "GET", "/v1/bets", "", {}, show_bets); });
  auto id = std::make_shared<std::string>();
  CLI::App* show = bet->add_subcommand("show", "One bet: what was said, moved and measured");
  show->add_option("id", *id)->required();
  show->callback(
      [line, id] { line.exit = run_call(line.common, "GET", bet_target(*id), "", {}, show_bet); });
  add_moves(bet, line);
  CLI::App* calibration = bet->add_subcommand("calibration", "Did stated odds come true?");
  calibration->callback([line] {
    line.exit = run_call(line.common, "GET", "/v1/reports/calibration", "", {}, show_calibration);
  });
}

}  // namespace ante
