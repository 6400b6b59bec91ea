// `ante demo`: a data directory that goes away, a server on this machine, and a made-up magazine
// with a history played into it through the real API, to click in.
//
// Only statements that were measured in this run are printed. docs/demo.md.

#pragma once

#include "app/command.h"

namespace ante {

void add_demo_command(CommandLine line);

}  // namespace ante
