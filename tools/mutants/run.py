#!/usr/bin/env python3
"""Tests the tests: plants one fault at a time in a copy of the tree and expects a named test to fail.

  run.py            build and run every mutant (minutes); exit 1 if one survives
  run.py NAME …     only these
  run.py --check    only whether every fault still fits the source and every named test exists
  run.py --list     what there is

The copy stands in build/mutants; the working tree is never changed. Before a fault is planted
its test must pass unchanged, else the run says nothing.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

from faults import FAULTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "mutants"
TREE, BUILD = WORK / "tree", WORK / "build"
TEST_TIMEOUT_S = 900


def fits(fault, root):
    """Why the fault cannot be planted in the tree at `root`; empty if it can."""
    wrong = []
    for file, find, _ in fault.edits:
        path = root / file
        count = path.read_text().count(find) if path.exists() else -1
        if count != 1:
            what = "does not exist" if count < 0 else f"has the place {count} times, not once"
            wrong.append(f"{fault.name}: {file} {what}")
    return wrong


def names_a_test(fault, root):
    """Why the named test cannot be meant; empty if it stands in the source."""
    suite, test = fault.test.split(".")
    pattern = re.compile(rf"\b(?:TYPED_)?TEST(?:_[FP])?\s*\(\s*{suite.split('/')[-1]}\s*,\s*{test}\s*\)")
    sources = [path for folder in ("src", "tests", "sim") for path in (root / folder).rglob("*_test.cc")]
    if any(pattern.search(path.read_text()) for path in sources):
        return []
    return [f"{fault.name}: no test {fault.test}"]


def copy_tree():
    """The files of the working tree, each copied only when it differs, so that little is rebuilt."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True, check=True).stdout.split("\n")
    wanted = {name for name in listed if name and (ROOT / name).is_file()}
    for name in wanted:
        source, target = ROOT / name, TREE / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    for target in [path for path in TREE.rglob("*") if path.is_file()]:
        if target.relative_to(TREE).as_posix() not in wanted:
            target.unlink()


def build(target, jobs):
    return subprocess.run(["cmake", "--build", str(BUILD), "--target", target, "-j", str(jobs)],
                          capture_output=True, text=True)


def run_test(fault):
    """'passed', 'failed', or 'broken' when nothing was run."""
    program = next((path for path in BUILD.rglob(fault.target) if path.is_file()), None)
    if program is None:
        return "broken"
    try:
        reply = subprocess.run([str(program), f"--gtest_filter={fault.filter()}"], capture_output=True, text=True,
                               cwd=TREE, timeout=TEST_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return "failed"
    ran = re.search(r"\[={10}\] Running (\d+) test", reply.stdout)
    if not ran or ran.group(1) == "0":
        return "broken"
    return "passed" if reply.returncode == 0 else "failed"


def plant(fault):
    for file, find, replace in fault.edits:
        path = TREE / file
        path.write_text(path.read_text().replace(find, replace))


def clear(fault):
    for file, _, _ in fault.edits:
        shutil.copy(ROOT / file, TREE / file)


def outcome_of(fault, jobs):
    """'killed', 'survived', or what went wrong instead."""
    built = build(fault.target, jobs)
    if built.returncode != 0:
        return "unchanged tree does not build\n" + built.stdout[-2000:]
    state = run_test(fault)
    if state != "passed":
        return f"{fault.test} {state} on the unchanged tree"
    plant(fault)
    try:
        built = build(fault.target, jobs)
        if built.returncode != 0:
            return "does not build\n" + built.stdout[-2000:]
        return {"failed": "killed", "passed": "survived"}.get(run_test(fault), "test did not run")
    finally:
        clear(fault)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", help="write the outcomes there")
    options = parser.parse_args()
    if unknown := set(options.names) - {fault.name for fault in FAULTS}:
        raise SystemExit(f"no such mutant: {', '.join(sorted(unknown))}")
    faults = [fault for fault in FAULTS if not options.names or fault.name in options.names]
    if options.list:
        for fault in faults:
            print(f"{fault.name:28} {fault.target}: {fault.test}\n{'':28} {fault.what}")
        return 0
    wrong = [line for fault in faults for line in fits(fault, ROOT) + names_a_test(fault, ROOT)]
    for line in wrong:
        print(line)
    if options.check or wrong:
        return 1 if wrong else 0
    copy_tree()
    subprocess.run(["cmake", "-S", str(TREE), "-B", str(BUILD), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo"],
                   check=True, stdout=subprocess.DEVNULL)
    outcomes = {}
    for fault in faults:
        begin = time.monotonic()
        outcomes[fault.name] = outcome_of(fault, options.jobs)
        print(f"{fault.name:28} {outcomes[fault.name]:10} by {fault.test} ({time.monotonic() - begin:.0f} s)", flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(outcomes, indent=1) + "\n")
    survivors = [name for name, outcome in outcomes.items() if outcome != "killed"]
    print(f"{len(outcomes) - len(survivors)} of {len(outcomes)} mutants killed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
