#!/usr/bin/env python3
"""Makes the folder of a new module: README, header, source, first test, and its line in docs/layers.txt.

usage: tools/new_module.py NAME "One sentence." [--uses base,domain] [--before MODULE]
"""

import argparse
import pathlib
import re
import sys

import check_layers

ROOT = pathlib.Path(__file__).resolve().parent.parent

README = """# {name}

{sentence}

* **In:** what it is given, and by which module.
* **Out:** what it gives, and to which module.
* **Never:** what it must not do.
* **Limits:** each with its name and unit.
* **Open first:** `{name}.h`.
"""
HEADER = """// {sentence}

#pragma once

namespace ante {{}}  // namespace ante
"""
SOURCE = """#include "{name}/{name}.h"

namespace ante {{}}  // namespace ante
"""
TEST = """#include "{name}/{name}.h"

#include <gtest/gtest.h>

namespace ante {{
namespace {{

TEST({test}, SaysWhatItPromises) {{ FAIL() << "write the first test of {name}"; }}

}}  // namespace
}}  // namespace ante
"""


def add_layer(text, name, uses, before):
    """The text of layers.txt with one more line: before `before`, or last."""
    line = f"{name}: {' '.join(uses)}".rstrip()
    lines = text.rstrip("\n").split("\n")
    for index, existing in enumerate(lines):
        if before and re.match(rf"{before}\s*:", existing):
            lines.insert(index, line)
            return "\n".join(lines) + "\n"
    if before:
        raise ValueError(f"docs/layers.txt has no module {before}")
    return "\n".join([*lines, line]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name")
    parser.add_argument("sentence")
    parser.add_argument("--uses", default="base", help="comma-separated modules, in the order of layers.txt")
    parser.add_argument("--before", default="api", help="the module that follows it on a request's way")
    arguments = parser.parse_args()
    name = arguments.name
    if not re.fullmatch(r"[a-z]+", name):
        sys.exit(f"new_module: {name}: a module is one lower-case word")
    layers = ROOT / "docs" / "layers.txt"
    folder = ROOT / "src" / name
    if folder.exists():
        sys.exit(f"new_module: src/{name} exists")
    uses = [word for word in arguments.uses.split(",") if word]
    text = add_layer(layers.read_text(), name, uses, arguments.before)
    problems = check_layers.parse_layers(text)[1]
    if problems:
        sys.exit("new_module: " + "; ".join(problems))
    layers.write_text(text)
    folder.mkdir()
    values = {"name": name, "sentence": arguments.sentence, "test": name.capitalize()}
    for path, template in (
        ("README.md", README),
        (f"{name}.h", HEADER),
        (f"{name}.cc", SOURCE),
        (f"{name}_test.cc", TEST),
    ):
        (folder / path).write_text(template.format(**values))
        print(f"wrote src/{name}/{path}")
    print(f"added `{name}` to docs/layers.txt; modules after it do not use it until their lines say so")


if __name__ == "__main__":
    main()
