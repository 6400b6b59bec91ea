#!/usr/bin/env python3
"""Checks every include of our C++ against docs/layers.txt: one direction, no cycles.

A module includes itself and what its line names. sim/ and bench/ may include everything but app;
tests/ may include everything. Some libraries may be included by their wrappers only.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = (".cc", ".h")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# Folders beside src/: what they may include of src/, and of one another.
BESIDE = {
    "sim": {"not": {"app"}, "beside": {"sim"}},
    "bench": {"not": {"app"}, "beside": {"bench", "sim"}},
    "tests": {"not": set(), "beside": {"tests", "sim"}},
    "cmake": {"not": set(), "beside": {"cmake"}},
}

# A library whose types stay inside its wrapper: prefix of the include -> where it may stand.
WRAPPED = {
    "rocksdb/": {"store", "bench"},
    "boost/beast": {"api", "app", "bench", "sim"},
    "toml++/": {"app", "bench", "sim"},
    "CLI/": {"app", "bench", "sim"},
    "spdlog/": {"base"},
}


def parse_layers(text):
    """docs/layers.txt as {module: set of modules it may include}, and what is wrong with it."""
    layers = {}
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        match = re.fullmatch(r"([a-z]+):((?:\s+[a-z]+)*)", line)
        if not match:
            problems.append(f"docs/layers.txt:{number}: not `module: modules`: {line}")
            continue
        name, uses = match.group(1), match.group(2).split()
        if name in layers:
            problems.append(f"docs/layers.txt:{number}: {name} stands twice")
        for use in uses:
            if use not in layers:
                problems.append(f"docs/layers.txt:{number}: {name} names {use}, which is not above it")
        layers[name] = set(uses)
    return layers, problems


def check_include(path, quote, include, layers):
    """Why the file at `path` (relative to the root) may not include `include`; None if it may."""
    parts = path.split("/")
    place = parts[1] if parts[0] == "src" else parts[0]
    for prefix, allowed in WRAPPED.items():
        if include.startswith(prefix) and place not in allowed:
            return f"<{include}> belongs in {', '.join(sorted(allowed))} only"
    target = include.split("/")[0]
    if quote == "<":
        if "/" in include and target in layers:
            return f"<{include}> is ours: write it with quotes"
        return None
    if "/" not in include:
        return f'"{include}": write the path from src/'
    if parts[0] == "src":
        if place not in layers:
            return f"src/{place} is not in docs/layers.txt"
        if target == place or target in layers[place]:
            return None
        if target in layers:
            return f'{place} may not include {target} ("{include}"); docs/layers.txt says what it may'
        return f'"{include}": {target} is not a module of docs/layers.txt'
    rule = BESIDE.get(place)
    if rule is None:
        return f"{place}/ is no place for C++"
    if target in rule["beside"] or (target in layers and target not in rule["not"]):
        return None
    return f'{place} may not include "{include}"'


def check_text(path, text, layers):
    """Problems of one file, as lines `path:number: why`."""
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        match = INCLUDE.match(line)
        if match:
            why = check_include(path, match.group(1), match.group(2), layers)
            if why:
                problems.append(f"{path}:{number}: {why}")
    return problems


def check_tree(root):
    """Problems of the whole tree below `root`."""
    layers, problems = parse_layers((root / "docs" / "layers.txt").read_text())
    source = root / "src"
    for folder in sorted(source.iterdir()) if source.is_dir() else []:
        if folder.is_dir() and folder.name not in layers:
            problems.append(f"src/{folder.name}: not in docs/layers.txt")
    for top in ["src", *BESIDE]:
        for file in sorted((root / top).rglob("*")) if (root / top).is_dir() else []:
            if file.suffix in SOURCES and "node_modules" not in file.parts:
                path = file.relative_to(root).as_posix()
                problems += check_text(path, file.read_text(errors="replace"), layers)
                if path.startswith("src/") and file.suffix == ".h":
                    problems += missing_targets(root, path, file)
    return problems


def missing_targets(root, path, file):
    """Own includes of a header that name no file: a compiler sees them only where the header is used."""
    problems = []
    for number, line in enumerate(file.read_text(errors="replace").split("\n"), 1):
        match = INCLUDE.match(line)
        places = [root / "src", root] if match and match.group(2).startswith("sim/") else [root / "src"]
        if match and match.group(1) == '"' and not any((at / match.group(2)).is_file() for at in places):
            problems.append(f'{path}:{number}: "{match.group(2)}" does not exist')
    return problems


def main():
    problems = check_tree(ROOT)
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"check_layers: {len(problems)} problems")
    print("check_layers: every include goes the way docs/layers.txt says")


if __name__ == "__main__":
    main()
