// What the checks of a brief stand on, gathered from the whole engine as it is now.
//
// Until a metric has figures of its own, the slot's lift by its own goal stands for it.
// Any thread; a millisecond or so.

#pragma once

#include <string>

#include "api/engine.h"
#include "report/brief_check.h"

namespace ante {

// `origin`: of this server, for what to send; empty = that of a server on this machine.
BriefEvidence brief_evidence(const Engine& engine, const Brief& brief, std::string origin = "");

}  // namespace ante
