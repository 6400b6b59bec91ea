"""The command line of the benches that need no server: a mode, a program that reports, verdicts on its report."""

import argparse
import json
import os
import pathlib
import subprocess

from ante_process import ROOT, commit_of_tree, find_program, write_result

SKIPPED = 77


def play_mode(doc, program, verdicts, folders, own):
    """Plays the mode that the command line names; the exit status.

    `verdicts`: mode -> function of the report. `folders`: mode -> folder of data that it needs. `own`: mode ->
    function of (options, folder) where the report is not the program's.
    """
    parser = argparse.ArgumentParser(description=doc.split("\n")[0])
    parser.add_argument("mode", choices=sorted(verdicts))
    parser.add_argument("--ante")
    parser.add_argument("--program", help=f"the {program} program")
    parser.add_argument("--data", default=os.environ.get("ANTE_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--times", type=int, help="runs, shuffles, repetitions or draws")
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    folder = folders.get(options.mode)
    if folder and not (pathlib.Path(options.data) / folder).is_dir():
        print(f"skipped: {folder} is not under {options.data}; set ANTE_DATA")
        return SKIPPED
    if options.mode in own:
        report = own[options.mode](options, pathlib.Path(options.data) / folder)
    else:
        command = [find_program(program, options.program), options.mode, "--data", options.data,
                   "--commit", commit_of_tree()]
        if options.times:
            command += ["--times", str(options.times)]
        report = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    report["verdicts"] = verdicts[options.mode](report)
    print(json.dumps(report, indent=1))
    if options.save:
        write_result(report["bench"], report)
    return 0 if all(report["verdicts"].values()) else 1
