#include "bench/replay_log.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <unordered_map>
#include <zlib.h>

#include <fmt/core.h>

namespace ante::bench {
namespace {

constexpr std::size_t kLineBytesMax = 8192;

template <typename Number>
Number number_of(std::string_view text) {
  Number value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Fields of one CSV line; a quoted field may hold commas and doubled quotes, but no line break.
void split_csv(std::string_view line, std::vector<std::string>& fields) {
  fields.assign(1, "");
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"') {
        fields.back() += '"';
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r' && c != '\n') {
      fields.back() += c;
    }
  }
}

void for_each_row(const std::string& path, std::size_t columns,
                  const std::function<void(const std::vector<std::string>&)>& row) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    std::fprintf(stderr, "%s is not there: say with --data where the data sets are\n",
                 path.c_str());
    std::exit(3);
  }
  std::vector<char> line(kLineBytesMax);
  std::vector<std::string> fields;
  std::size_t number = 0;
  while (gzgets(file, line.data(), static_cast<int>(line.size())) != nullptr) {
    ++number;
    split_csv(line.data(), fields);
    if (fields.size() != columns) {
      std::fprintf(stderr, "%s: line %zu has %zu columns, not %zu\n", path.c_str(), number,
                   fields.size(), columns);
      std::exit(1);
    }
    if (number > 1) {
      row(fields);
    }
  }
  gzclose(file);
}

std::uint32_t index_of(std::unordered_map<std::string, std::uint32_t>& known,
                       std::vector<std::string>* names, const std::string& name) {
  const auto [place, added] = known.emplace(name, static_cast<std::uint32_t>(known.size()));
  if (added && names != nullptr) {
    names->push_back(name);
  }
  return place->second;
}

// "2010-12-01 08:26:00" as UTC.
std::int64_t parse_time_ms(std::string_view text) {
  using namespace std::chrono;
  if (text.size() < 19) {
    return 0;
  }
  const year_month_day day{year{number_of<int>(text.substr(0, 4))},
                           month{number_of<unsigned>(text.substr(5, 2))},
                           std::chrono::day{number_of<unsigned>(text.substr(8, 2))}};
  const auto time = sys_days{day} + hours{number_of<int>(text.substr(11, 2))} +
                    minutes{number_of<int>(text.substr(14, 2))} +
                    seconds{number_of<int>(text.substr(17, 2))};
  return duration_cast<milliseconds>(time.time_since_epoch()).count();
}

void add_line(Invoice& invoice, const InvoiceLine& line) {
  for (InvoiceLine& known : invoice.lines) {
    if (known.item == line.item) {
      known.quantity += line.quantity;
      return;
    }
  }
  invoice.lines.push_back(line);
}

}  // namespace

ClickLog read_clicks(const std::string& data_folder, std::size_t rows_max) {
  ClickLog log;
  std::unordered_map<std::string, std::uint32_t> persons, articles;
  for_each_row(data_folder + "/globo-news/clicks_first_120_hours.csv.gz", 12,
               [&](const std::vector<std::string>& fields) {
                 Click click;
                 click.at_ms = number_of<std::int64_t>(fields[5]);
                 click.person = index_of(persons, nullptr, fields[0]);
                 click.article = index_of(articles, &log.articles, fields[4]);
                 click.device = number_of<std::uint8_t>(fields[7]);
                 log.clicks.push_back(click);
               });
  std::stable_sort(log.clicks.begin(), log.clicks.end(),
                   [](const Click& a, const Click& b) { return a.at_ms < b.at_ms; });
  if (rows_max > 0 && log.clicks.size() > rows_max) {
    log.clicks.resize(rows_max);
  }
  const std::int64_t shift_ms =
      log.clicks.empty() ? 0 : shift_past_today_ms(log.clicks.front().at_ms);
  for (Click& click : log.clicks) {
    click.at_ms += shift_ms;
  }
  log.persons = persons.size();
  return log;
}

InvoiceLog read_invoices(const std::string& data_folder, std::size_t rows_max) {
  InvoiceLog log;
  std::unordered_map<std::string, std::uint32_t> items, customers;
  std::unordered_map<std::string, std::size_t> known;
  for_each_row(
      data_folder + "/online-retail/online_retail_2010_2011.csv.gz", 8,
      [&](const std::vector<std::string>& fields) {
        if (rows_max > 0 && log.lines_read >= rows_max) {
          return;
        }
        ++log.lines_read;
        const bool cancelled = fields[0].starts_with('C');
        const auto quantity = number_of<std::int32_t>(fields[3]);
        if (quantity == 0 || (quantity < 0) != cancelled) {  // write-offs and corrections of stock
          ++log.lines_without_quantity;
          return;
        }
        const auto [place, added] = known.emplace(fields[0], log.invoices.size());
        if (added) {
          Invoice invoice;
          invoice.number = fields[0];
          invoice.at_ms = parse_time_ms(fields[4]);
          invoice.cancelled = cancelled;
          if (!fields[6].empty()) {
            invoice.customer =
                index_of(customers, &log.customers, fields[6].substr(0, fields[6].find('.')));
          }
          log.invoices.push_back(std::move(invoice));
        }
        const std::uint32_t item = index_of(items, &log.item_ids, fields[1]);
        if (item == log.item_names.size()) {
          log.item_names.push_back(fields[2]);
        }
        add_line(log.invoices[place->second],
                 {item, cancelled ? -quantity : quantity, number_of<double>(fields[5])});
      });
  std::stable_sort(log.invoices.begin(), log.invoices.end(),
                   [](const Invoice& a, const Invoice& b) { return a.at_ms < b.at_ms; });
  const std::int64_t shift_ms =
      log.invoices.empty() ? 0 : shift_past_today_ms(log.invoices.front().at_ms);
  for (Invoice& invoice : log.invoices) {
    invoice.at_ms += shift_ms;
  }
  return log;
}

std::int64_t shift_past_today_ms(std::int64_t start_ms) {
  using namespace std::chrono;
  constexpr std::int64_t kWeekMs = 7 * 86'400'000LL;
  const std::int64_t now_ms =
      duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  return start_ms > now_ms ? 0 : ((now_ms - start_ms) / kWeekMs + 1) * kWeekMs;
}

std::string rfc3339(std::int64_t at_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds{at_ms}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace ante::bench
