// holdout show, set, redraw: how many people are treated all the same, in every slot at once or in
// one, and who.
//
// The same people are held out in every slot: a larger share holds out those of a smaller one and
// more, so that nobody who stays changes sides.

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "api/url.h"
#include "app/api_command.h"
#include "domain/slot.h"

namespace ante {
namespace {

struct HoldoutOptions {
  std::string share, slot, why;
};

// "5%", "5 %" and "0.05" are the same.
Result<double> share_of(std::string text) {
  const bool percent = text.ends_with('%');
  if (percent) text.pop_back();
  while (text.ends_with(' ')) text.pop_back();
  double share = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), share);
  if (percent) share /= 100;
  if (failure != std::errc{} || end != text.data() + text.size() || !(share >= 0 && share <= 0.9))
    return invalid_argument("the share to hold out must be from 0 % to 90 %, like 5% or 0.05");
  return share;
}

Exit read_slots(const CommonOptions& common, const std::string& only, std::vector<Slot>& slots) {
  CommonOptions quiet = common;
  quiet.json = false;
  const auto take = [&](simdjson::dom::element json) {
    if (auto slot = slot_from_json(text_of(json, "name"), simdjson::minify(json)))
      slots.push_back(*std::move(slot));
  };
  if (!only.empty())
    return run_call(quiet, "GET", "/v1/slots/" + percent_encode(only), "", {}, take);
  return run_call(quiet, "GET", "/v1/slots", "", {}, [&](simdjson::dom::element answer) {
    simdjson::dom::array list;
    if (answer["data"].get(list)) return;
    for (const auto slot : list) take(slot);
  });
}

void say(const CommonOptions& common, const Slot& slot) {
  if (common.json) {
    print_line(fmt::format(R"({{"slot":"{}","holdout":{}}})", slot.name, slot.holdout));
  } else {
    print_line(fmt::format("{:<24} {:.4g} % of people are held out{}", slot.name,
                           100 * slot.holdout,
                           slot.holdout > 0 ? "" : ": you will not be able to say if it works"));
  }
}

Exit show_holdout(const CommonOptions& common, const HoldoutOptions& options) {
  std::vector<Slot> slots;
  const Exit read = read_slots(common, options.slot, slots);
  for (const Slot& slot : slots) say(common, slot);
  return read;
}

Exit set_holdout(const CommonOptions& common, const HoldoutOptions& options) {
  const auto share = share_of(options.share);
  if (!share) return end_with(share.error());
  if (*share == 0 && options.why.empty()) {
    return end_with(invalid_argument(
        "without a holdout nobody can say whether personalising works; if you mean it, say why: "
        "--why \"…\""));
  }
  std::vector<Slot> slots;
  if (const Exit read = read_slots(common, options.slot, slots); read != Exit::kOk) return read;
  CommonOptions quiet = common;
  quiet.json = false;
  for (Slot& slot : slots) {
    slot.holdout = *share;
    ApiHeaders headers{{"If-Match", fmt::format("\"{}\"", slot.version)}};
    if (!options.why.empty()) headers.emplace_back("Ante-Why", options.why);
    if (!common.dry_run) {
      const Exit written = run_call(quiet, "PUT", "/v1/slots/" + percent_encode(slot.name),
                                    slot_to_json(slot), headers, [](simdjson::dom::element) {});
      if (written != Exit::kOk) return written;
    }
    say(common, slot);
  }
  if (common.dry_run) print_message("Nothing was changed.");
  return Exit::kOk;
}

Exit redraw_holdout(const CommonOptions& common, const HoldoutOptions& options) {
  if (options.why.empty())
    return end_with(invalid_argument("say why other people are to be held out: --why \"…\""));
  if (common.dry_run) {
    print_message("Other people would be held out, and what was measured so far closed.");
    return Exit::kOk;
  }
  return run_call(common, "POST", "/v1/holdout/redraw", "", {{"Ante-Why", options.why}},
                  [](simdjson::dom::element answer) {
                    print_line(fmt::format("draw {:.0f}: other people are held out from {} on",
                                           number_of(answer, "epoch"), text_of(answer, "since")));
                  });
}

}  // namespace

void add_holdout_commands(CommandLine line) {
  CLI::App* holdout =
      line.app.add_subcommand("holdout", "Who is treated all the same: show, set, redraw");
  holdout->require_subcommand(1);
  auto options = std::make_shared<HoldoutOptions>();
  CLI::App* show = holdout->add_subcommand("show", "The share held out in each slot");
  show->add_option("--slot", options->slot, "only this one");
  show->callback([line, options] { line.exit = show_holdout(line.common, *options); });
  CLI::App* set = holdout->add_subcommand("set", "Hold out this share, in every slot or in one");
  set->add_option("share", options->share, "5% or 0.05; what to take: ante report scale")
      ->required();
  set->add_option("--slot", options->slot, "only this one");
  set->add_option("--why", options->why, "why, for the record; needed for none at all");
  set->callback([line, options] { line.exit = set_holdout(line.common, *options); });
  CLI::App* redraw = holdout->add_subcommand(
      "redraw", "Hold out other people from now on; when it is due: ante report holdout");
  redraw->add_option("--why", options->why, "why, for the record")->required();
  redraw->callback([line, options] { line.exit = redraw_holdout(line.common, *options); });
}

}  // namespace ante
