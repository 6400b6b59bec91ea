#include "learning/labelled_rows.h"

#include <charconv>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace ante {
namespace {

// The next line without its end; `rest` stands after it.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

void split_tabs(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  for (;;) {
    const std::size_t tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == line.npos) return;
    line.remove_prefix(tab + 1);
  }
}

struct Header {
  std::vector<std::string> names;
  std::size_t target = 0;
};

Result<Header> read_header(std::string_view line, std::string_view file) {
  std::vector<std::string_view> fields;
  split_tabs(line, fields);
  Header header{{fields.begin(), fields.end()}, fields.size()};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i] != kTargetColumn) continue;
    if (header.target != fields.size())
      return invalid_argument(fmt::format("{}: the header names 'target' twice", file));
    header.target = i;
  }
  if (header.target == fields.size()) {
    return invalid_argument(
        fmt::format("{}: the header (line 1) has no column 'target'; expected tab-separated "
                    "columns of numbers and one named target, found {} column(s)",
                    file, fields.size()));
  }
  if (fields.size() < 2 || fields.size() - 1 > kRawNumbersMax) {
    return invalid_argument(fmt::format("{}: {} columns beside 'target'; 1 to {} can be learned",
                                        file, fields.size() - 1, kRawNumbersMax));
  }
  return header;
}

Result<double> read_number(std::string_view text, const std::string& column, std::uint64_t line,
                           std::string_view file) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure == std::errc() && end == text.data() + text.size() && std::isfinite(value))
    return value;
  return invalid_argument(fmt::format(
      "{}: line {}: column '{}' holds {}; write a finite number, categories as numbers too", file,
      line, column, text.empty() ? "nothing" : fmt::format("'{}'", text.substr(0, 40))));
}

}  // namespace

Result<LabelledRows> parse_labelled_tsv(std::string_view bytes, std::string_view file) {
  if (bytes.empty()) return invalid_argument(fmt::format("{}: the file is empty", file));
  const Header header = TRY(read_header(take_line(bytes), file));
  LabelledRows data;
  data.columns = header.names.size() - 1;
  std::map<std::string, std::uint32_t, std::less<>> known;
  std::vector<std::string_view> fields;
  for (std::uint64_t line = 2; !bytes.empty(); ++line) {
    const std::string_view text = take_line(bytes);
    if (text.empty() && bytes.empty()) break;  // an empty last line
    split_tabs(text, fields);
    if (fields.size() != header.names.size()) {
      return invalid_argument(fmt::format("{}: line {} has {} fields, the header has {}", file,
                                          line, fields.size(), header.names.size()));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i == header.target) continue;
      data.numbers.push_back(TRY(read_number(fields[i], header.names[i], line, file)));
    }
    const std::string_view label = fields[header.target];
    if (label.empty()) return invalid_argument(fmt::format("{}: line {}: no target", file, line));
    auto place = known.find(label);
    if (place == known.end()) {
      if (known.size() == kLabelsMax) {
        return invalid_argument(
            fmt::format("{}: line {}: more than {} different targets: is this "
                        "a column of numbers rather than of labels?",
                        file, line, kLabelsMax));
      }
      place = known.emplace(label, static_cast<std::uint32_t>(known.size())).first;
      data.names.emplace_back(label);
    }
    data.labels.push_back(place->second);
  }
  if (data.rows() == 0) return invalid_argument(fmt::format("{}: a header and no rows", file));
  return data;
}

}  // namespace ante
