// The bytes of a file that a question is asked of.

#pragma once

#include <string>

#include "base/result.h"

namespace ante {

// Inflated if they are gzip; "-" is stdin. kNotFound: cannot be opened. kUnavailable: cannot be
// read to its end. kInvalidArgument: a directory, or more than 4 GiB inside. kDataLoss: damaged
// gzip.
Result<std::string> read_input_file(const std::string& path);

}  // namespace ante
