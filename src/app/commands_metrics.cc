// metric new, list, show, end; report metrics, proxies: one call of the API each.

#include <fmt/format.h>

#include "api/url.h"
#include "app/api_command.h"

namespace ante {
namespace {

std::string metric_target(const std::string& id) { return "/v1/metrics/" + percent_encode(id); }

void show_metric(simdjson::dom::element metric) {
  print_line(fmt::format("{:<20} {:<9} {}", text_of(metric, "id"), text_of(metric, "class"),
                         text_of(metric, "what")));
}

void show_metrics(simdjson::dom::element answer) {
  simdjson::dom::array metrics;
  if (answer["data"].get(metrics)) return;
  for (const auto metric : metrics) show_metric(metric);
}

void show_scorecard(simdjson::dom::element card) {
  print_line(std::string(text_of(card, "sentence")));
  simdjson::dom::array metrics;
  if (card["metrics"].get(metrics)) return;
  for (const auto metric : metrics) {
    print_line(fmt::format("  {:<9} {}: {}", text_of(metric, "class"), text_of(metric, "title"),
                           text_of(metric, "sentence")));
    simdjson::dom::element adjusted, novelty;
    if (!metric["adjusted"].get(adjusted) && adjusted["interval"].is_array())
      print_line(
          fmt::format("{:12}adjusted for how often they had come before: {:+.3g} "
                      "(rho squared {:.3f})",
                      "", number_of(adjusted, "value"), number_of(adjusted, "rhoSquared")));
    if (!metric["novelty"].get(novelty) && novelty["changeInterval"].is_array())
      print_line(fmt::format("{:12}{}", "", text_of(novelty, "sentence")));
  }
}

void show_proxies(simdjson::dom::element answer) {
  simdjson::dom::array proxies;
  if (answer["data"].get(proxies)) return;
  if (proxies.size() == 0) print_line("Nobody was counted in a proxy and an outcome yet.");
  for (const auto proxy : proxies) {
    print_line(fmt::format("{:<16} {:<18} {}", text_of(proxy, "proxy"), text_of(proxy, "outcome"),
                           text_of(proxy, "sentence")));
  }
}

}  // namespace

void add_metric_commands(CommandLine line) {
  CLI::App* metric = line.app.add_subcommand("metric", "Metrics: new, list, show, end");
  metric->require_subcommand(1);
  auto options = std::make_shared<ObjectOptions>();
  CLI::App* define = metric->add_subcommand("new", "Define a metric from JSON, or change it");
  add_object_options(define, *options);
  define->callback([line, options] {
    const auto body = object_body(*options);
    line.exit = body ? run_call(line.common, "PUT", metric_target(options->name), *body,
                                object_headers(*options), show_metric)
                     : end_with(body.error());
  });
  CLI::App* list = metric->add_subcommand("list", "All metrics, the built-in ones too");
  list->callback(
      [line] { line.exit = run_call(line.common, "GET", "/v1/metrics", "", {}, show_metrics); });
  auto id = std::make_shared<std::string>();
  CLI::App* show = metric->add_subcommand("show", "One metric");
  show->add_option("id", *id)->required();
  show->callback([line, id] {
    line.exit = run_call(line.common, "GET", metric_target(*id), "", {}, show_metric);
  });
  CLI::App* end = metric->add_subcommand("end", "Stop counting a metric and drop what it counted");
  end->add_option("id", *id)->required();
  end->callback([line, id] {
    line.exit = run_call(line.common, "DELETE", metric_target(*id), "", {}, nullptr);
  });
}

void add_metric_reports(CLI::App* report, CommandLine line) {
  struct Of {
    std::string slot, bet;
  };
  auto of = std::make_shared<Of>();
  CLI::App* metrics =
      report->add_subcommand("metrics", "Are people better off, and are we? Every metric");
  CLI::Option* slot = metrics->add_option("--slot", of->slot, "of one slot");
  metrics->add_option("--bet", of->bet, "of one bet, by its id")->excludes(slot);
  metrics->callback([line, of] {
    std::string target = "/v1/reports/metrics";
    if (!of->slot.empty()) target += "?slot=" + percent_encode(of->slot);
    if (!of->bet.empty()) target += "?bet=" + percent_encode(of->bet);
    line.exit = run_call(line.common, "GET", target, "", {}, show_scorecard);
  });
  CLI::App* proxies =
      report->add_subcommand("proxies", "How well clicks and the like foretell the outcomes");
  proxies->callback([line] {
    line.exit = run_call(line.common, "GET", "/v1/reports/proxies", "", {}, show_proxies);
  });
}

}  // namespace ante
