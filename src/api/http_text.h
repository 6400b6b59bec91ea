// The words of HTTP: reasons, dates, header text that cannot end its line. Pure; any thread.

#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace ante {

const char* reason_of(int status);
// "Sun, 22 Nov 2026 07:00:00 GMT".
std::string http_date(TimeMs now_ms);
// Header values may carry text of a request: control characters are left out.
void append_header_text(std::string& out, std::string_view text);

// An address without the prefix of IPv4 in IPv6.
std::string plain_address(std::string text);

}  // namespace ante
