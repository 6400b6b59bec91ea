// `ante demo`: a made-up magazine with a history, played through the real API, to click in.

#pragma once

#include "app/command.h"

namespace ante {

void add_demo_command(CommandLine line);

}  // namespace ante
