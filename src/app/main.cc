// The process: a command line, and nothing else.

#include "app/command.h"

int main(int argc, char** argv) { return ante::run_command_line(argc, argv); }
