// Paths and queries as text: percent-decoding and parameters. Pure functions; any thread.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ante {

inline constexpr std::size_t kQueryParametersMax = 50;

// None: an escape is cut off or not hexadecimal, or it hides a control character.
// `plus_is_space`: as in queries.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
// Everything but letters, digits and -._~ escaped.
std::string percent_encode(std::string_view text);

class QueryParameters {
 public:
  // None: an escape is wrong, a name stands twice, or more than kQueryParametersMax.
  static std::optional<QueryParameters> parse(std::string_view query);
  // Null when absent.
  const std::string* find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return parameters_; }

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace ante
