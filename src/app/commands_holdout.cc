// holdout show, set, redraw: how many people are treated all the same, in every slot at once or in
// one, and who.
//
// The same people are held out in every slot: a larger share holds out those of a smaller one and
// more, so that nobody who stays changes sides.

#include <charconv>
#include <span>

#include <fmt/format.h>

#include "api/url.h"
#include "app/api_command.h"
#include "base/json_writer.h"
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
  const bool possible = share == 0 || (share >= kHoldoutShareMin && share <= kHoldoutShareMax);
  if (failure != std::errc{} || end != text.data() + text.size() || !possible)
    return invalid_argument(
        fmt::format("the share to hold out must be 0, or from {:.3g} % to {:.3g} %, like 5% or "
                    "0.05",
                    100 * kHoldoutShareMin, 100 * kHoldoutShareMax));
  return share;
}

// All of them, or an error and which.
Exit read_slots(const CommonOptions& common, const std::string& only, std::vector<Slot>& slots) {
  CommonOptions quiet = common;
  quiet.json = false;
  Exit exit = Exit::kOk;
  const auto take = [&](simdjson::dom::element json) {
    if (auto slot = slot_from_json(text_of(json, "name"), simdjson::minify(json)))
      slots.push_back(*std::move(slot));
    else
      exit = end_with(slot.error());
  };
  const Exit read = only.empty()
                        ? run_call(quiet, "GET", "/v1/slots", "", {},
                                   [&](simdjson::dom::element answer) {
                                     simdjson::dom::array list;
                                     if (answer["data"].get(list)) return;
                                     for (const auto slot : list) take(slot);
                                   })
                        : run_call(quiet, "GET", "/v1/slots/" + percent_encode(only), "", {}, take);
  return read != Exit::kOk ? read : exit;
}

void say(const CommonOptions& common, std::span<const Slot> slots, const char* are = "are") {
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_array();
    for (const Slot& slot : slots)
      json.begin_object().field("slot", slot.name).field("holdout", slot.holdout).end_object();
    json.end_array();
    return print_line(out);
  }
  for (const Slot& slot : slots) {
    print_line(fmt::format("{:<24} {:.4g} % of people {} held out{}", slot.name, 100 * slot.holdout,
                           are,
                           slot.holdout > 0 ? "" : ": you will not be able to say if it works"));
  }
}

std::string names_of(std::span<const Slot> slots) {
  std::string all;
  for (const Slot& slot : slots) all += (all.empty() ? "" : ", ") + slot.name;
  return all.empty() ? "none" : all;
}

Exit show_holdout(const CommonOptions& common, const HoldoutOptions& options) {
  std::vector<Slot> slots;
  const Exit read = read_slots(common, options.slot, slots);
  if (read == Exit::kOk) say(common, slots);
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
  // All or none, as far as can be known before.
  for (Slot& slot : slots) {
    slot.holdout = *share;
    if (const auto possible = slot_from_json(slot.name, slot_to_json(slot)); !possible)
      return end_with(invalid_argument("slot '" + slot.name + "': " + possible.error().message +
                                       ". No slot was changed"));
  }
  if (common.dry_run) {
    say(common, slots, "would be");
    return Exit::kOk;
  }
  CommonOptions quiet = common;
  quiet.json = false;
  const std::span<const Slot> all = slots;
  for (std::size_t i = 0; i < all.size(); ++i) {
    ApiHeaders headers{{"If-Match", fmt::format("\"{}\"", all[i].version)}};
    if (!options.why.empty()) headers.emplace_back("Ante-Why", options.why);
    const Exit written = run_call(quiet, "PUT", "/v1/slots/" + percent_encode(all[i].name),
                                  slot_to_json(all[i]), headers, [](simdjson::dom::element) {});
    if (written == Exit::kOk) continue;
    print_message(fmt::format("ante: it ended at slot '{}'. Changed: {}. Not changed: {}.",
                              all[i].name, names_of(all.first(i)), names_of(all.subspan(i))));
    return written;
  }
  say(common, all);
  return Exit::kOk;
}

Exit redraw_holdout(const CommonOptions& common, const HoldoutOptions& options) {
  if (options.why.empty())
    return end_with(invalid_argument("say why other people are to be held out: --why \"…\""));
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
