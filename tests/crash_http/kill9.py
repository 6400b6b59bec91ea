#!/usr/bin/env python3
"""Kills a server with SIGKILL again and again under 2,000 events a second, and counts what is left.

The ledger of what was answered is kept outside the data directory. At the end: no acknowledged
event lost, none stored twice, none that was never sent, and a rebuild from the log, without
checkpoints, equals the state that was live. Some kills hit a server that is just recovering.
"""

import argparse
import json
import random
import subprocess
import sys
import time

from stored_events import compare, read_ledger

from ante_process import AnteServer, commit_of_tree, find_program, scratch_folder, write_result

PEOPLE = 200
ITEMS = 100
RECOVERY_KILL_EVERY = 7
UP_SECONDS = (0.05, 3.0)
RECOVERY_SECONDS = (0.0, 0.15)


def import_items(server):
    lines = "".join(json.dumps({"id": f"item-{i}", "kind": "article", "topics": [f"topic-{i % 7}"]}) + "\n"
                    for i in range(ITEMS))
    status, _, body = server.call("POST", "/v1/items:import", lines.encode())
    if status // 100 != 2:
        raise RuntimeError(f"items:import: {status} {body!r}")


def one_cycle(server, dice, cycle):
    """Up for a moment, killed, and up again; the seconds until it was ready."""
    time.sleep(dice.uniform(*UP_SECONDS))
    server.kill9()
    if cycle % RECOVERY_KILL_EVERY == RECOVERY_KILL_EVERY - 1:
        server.start(wait=False)
        time.sleep(dice.uniform(*RECOVERY_SECONDS))
        server.kill9()
    return server.start()


def run(options, folder):
    dice = random.Random(options.seed)
    ledger_path = folder / "ledger"
    with AnteServer(options.ante, folder / "data") as server:
        server.init().start()
        import_items(server)
        loader = subprocess.Popen([options.loader, "ledger", "--server", server.address, "--secret-key",
                                   server.secret_key, "--rate", str(options.rate), "--seconds", "1000000",
                                   "--people", str(PEOPLE), "--items", str(ITEMS), "--ledger", str(ledger_path)],
                                  stdout=subprocess.PIPE, text=True)
        try:
            ready = [one_cycle(server, dice, cycle) for cycle in range(options.cycles)]
            time.sleep(1)
            loader.terminate()
            summary = json.loads(loader.communicate(timeout=120)[0])
        finally:
            loader.kill()
        server.kill9()  # the state that is compared was never saved by a clean stop
        server.start()
        report = {"bench": "kill9", "commit": commit_of_tree(), "cycles": options.cycles, "seed": options.seed,
                  "sentPerSecond": options.rate, "sentAgain": summary["sentAgain"],
                  "undecided": summary["undecided"], "readySecondsMost": round(max(ready), 2)}
        report.update(compare(server, read_ledger(ledger_path)))
        report["stopExitCode"] = server.stop()
        verified = server.command("verify", "--rebuild")
        report["rebuildExitCode"] = verified.returncode
        if verified.returncode != 0:
            report["rebuild"] = (verified.stdout + verified.stderr).decode(errors="replace")[-2000:]
    return report


def failures(report):
    wanted = {key: 0 for key in ("lost", "twice", "ghost", "rejectedButStored", "undecided", "stopExitCode",
                                 "rebuildExitCode")}
    wrong = [f"{key} is {report[key]}, must be {value}" for key, value in wanted.items() if report[key] != value]
    if report["acked"] == 0:
        wrong.append("nothing was acknowledged: the run says nothing")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ante")
    parser.add_argument("--loader", help="the ante_load program")
    parser.add_argument("--cycles", type=int, default=50)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scratch", help="where the data and the ledger go for the time of the run")
    parser.add_argument("--save", action="store_true", help="keep the report in bench/results")
    options = parser.parse_args()
    options.ante, options.loader = find_program("ante", options.ante), find_program("ante_load", options.loader)
    with scratch_folder(options.scratch) as folder:
        report = run(options, folder)
    print(json.dumps(report, indent=1))
    if options.save:
        write_result("kill9", report)
    wrong = failures(report)
    for line in wrong:
        print(f"FAILED: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
