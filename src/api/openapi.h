// The route table as an OpenAPI 3.1 document. Pure.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/router.h"

namespace ante {

std::string openapi_document(std::span<const Route> routes, std::string_view version);

}  // namespace ante
