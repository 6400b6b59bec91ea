#!/usr/bin/env python3
"""Replays a real log against a new server with a simulated clock: bench/replay.py globo|retail.

Exit 77 where the data sets are absent. `--save` keeps the report in bench/results.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

from ante_process import ROOT, AnteServer, commit_of_tree, find_program, finish, scratch_folder

SKIPPED = 77
FOLDERS = {"globo": "globo-news", "retail": "online-retail"}


def verdicts(report):
    """The figures the replay must reach, each with whether it does."""
    if report["bench"] == "replay-globo":
        exploit, served = report["exploit"], report["servedTreated"]
        difference = exploit["hr10Difference"]
        return {
            "exploit HR@10 >= comparator + .015": difference["value"] >= 0.015,
            "its interval is above 0": difference["interval"][0] > 0,
            "served to the treated >= .97 x comparator": served["hr10Ratio"]["value"] >= 0.97,
            "resident peak <= 600 MB": report["residentPeakBytes"] <= 600e6,
            "no failed request": not report["failed"],
        }
    return {
        "all lines HR@10 >= .24": report["allLines"]["hr10"] >= 0.24,
        "first line: interval above 0": report["firstLine"]["hr10Difference"]["interval"][0] > 0,
        "not yet bought: interval above 0": report["notYetBought"]["hr10Difference"]["interval"][0] > 0,
        "no failed request": not report["failed"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("log", choices=sorted(FOLDERS))
    parser.add_argument("--ante")
    parser.add_argument("--player", help="the ante_replay program")
    parser.add_argument("--data", default=os.environ.get("ANTE_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--scratch", help="where the server's data go for the time of the run")
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--window-ms", type=int, default=600_000, help="of the log, that may be in flight")
    parser.add_argument("--limit-rows", type=int, default=0)
    parser.add_argument("--damage", type=float, default=0)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    if not (pathlib.Path(options.data) / FOLDERS[options.log]).is_dir():
        print(f"skipped: {FOLDERS[options.log]} is not under {options.data}; set ANTE_DATA")
        return SKIPPED
    ante, player = find_program("ante", options.ante), find_program("ante_replay", options.player)
    with scratch_folder(options.scratch) as folder, AnteServer(ante, folder / "data", clock="simulated") as server:
        server.init().start()
        output = folder / "report.json"
        subprocess.run([player, options.log, "--data", options.data, "--server", server.address, "--secret-key",
                        server.secret_key, "--pid", str(server.process.pid), "--in-flight", str(options.in_flight),
                        "--window-ms", str(options.window_ms),
                        "--limit-rows", str(options.limit_rows), "--damage", str(options.damage),
                        "--commit", commit_of_tree(), "--json", str(output)], check=True)
        report = json.loads(output.read_text())
        report["lift"] = json.loads(server.call("GET", "/v1/reports/lift?slot="
                                                + ("home" if options.log == "globo" else "reorder"))[2])
        report["stopExitCode"] = server.stop()
        report["dataBytes"] = sum(file.stat().st_size for file in (folder / "data").rglob("*") if file.is_file())
    report["verdicts"] = verdicts(report)
    name = report["bench"] + ("-damaged" if options.damage else "")
    return finish(report, name if options.save else None)


if __name__ == "__main__":
    sys.exit(main())
