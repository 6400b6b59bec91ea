// The real logs as plain rows in time order, read from gzipped CSV.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ante::bench {

struct Click {
  std::int64_t at_ms = 0;
  std::uint32_t person = 0;   // numbered by first appearance
  std::uint32_t article = 0;  // index into articles
  std::uint8_t device = 0;    // device group as in the log
};

struct ClickLog {
  std::vector<Click> clicks;  // by click time; equal times in file order
  std::vector<std::string> articles;
  std::size_t persons = 0;
};

struct InvoiceLine {
  std::uint32_t item = 0;
  std::int32_t quantity = 0;
  double price = 0;
};

struct Invoice {
  std::string number;
  std::int64_t at_ms = 0;
  std::uint32_t customer = kNobody;
  bool cancelled = false;
  std::vector<InvoiceLine> lines;  // in file order, each item once, quantities added up
  static constexpr std::uint32_t kNobody = 0xffffffff;
};

struct InvoiceLog {
  std::vector<Invoice> invoices;                  // by time
  std::vector<std::string> item_ids, item_names;  // the name at first sight
  std::vector<std::string> customers;
  std::size_t lines_read = 0, lines_without_quantity = 0;
};

// Both end the program with a message when the file is not there or not what they expect.
ClickLog read_clicks(const std::string& data_folder, std::size_t rows_max);
InvoiceLog read_invoices(const std::string& data_folder, std::size_t rows_max);

// Whole weeks to add so that `start_ms` lies after the wall clock: a data directory was made today,
// and its clock may not go back. Hours and weekdays stay what they were.
std::int64_t shift_past_today_ms(std::int64_t start_ms);
std::string rfc3339(std::int64_t at_ms);
void append_json_text(std::string& out, std::string_view text);  // with the quotes

}  // namespace ante::bench
