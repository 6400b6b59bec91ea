#!/usr/bin/env python3
"""Load on a new server: bench/load.py decide|freshness|ingest|start.

decide     40,000 items, 100,000 people with 20 events each: decisions per server processor second
freshness  a click until that person's next decision knows of it
ingest     durable events per second, beside a raw loop on the same disk
start      kill -9 with a long log, then the time until /readyz
`--save` keeps the report in bench/results.
"""

import argparse
import json
import subprocess
import sys

from ante_process import AnteServer, commit_of_tree, find_program, finish, scratch_folder

SLOW_START_S = 10


def run_loader(options, server, mode, *more):
    command = [options.loader, mode, "--server", server.address, "--secret-key", server.secret_key,
               "--pid", str(server.process.pid), "--commit", commit_of_tree(), *more]
    reply = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if not reply.stdout.strip():
        raise SystemExit(f"{' '.join(command[:2])}: exit {reply.returncode}\n{server.log_tail()}")
    return json.loads(reply.stdout)


def shop(options):
    return ["--items", str(options.items), "--people", str(options.people), "--seconds", str(options.seconds),
            "--runs", str(options.runs)]


def bench_decide(options, server, _):
    report = run_loader(options, server, "decide", *shop(options))
    report["verdicts"] = {
        "decisions per server cpu-second >= 12000": report["decisionsPerServerCpuSecond"] >= 12000,
        "p99 at half load <= livez p99 + 3 ms": report["p99AboveLivezMs"] <= 3,
        "candidates >= 300": report["candidates"]["median"] >= 300,
        "scored >= 50": report["scored"]["median"] >= 50,
    }
    return report


def bench_freshness(options, server, _):
    report = run_loader(options, server, "freshness", "--items", "2000", "--people", "5000")
    report["verdicts"] = {"reflected within 50 ms": report["clickToDecision"]["p99Ms"] <= 50}
    return report


def bench_ingest(options, server, folder):
    report = run_loader(options, server, "ingest", "--raw-folder", str(folder), *shop(options))
    batches, singles = report["batchesOf100"], report["singlesOver64"]
    report["verdicts"] = {
        "batches >= 60000/s or half of raw": batches["eventsPerSecond"] >= 60000 or batches["shareOfRaw"] >= 0.5,
        "singles >= 10000/s or half of raw": singles["eventsPerSecond"] >= 10000 or singles["shareOfRaw"] >= 0.5,
    }
    return report


def bench_start(options, server, folder):
    report = run_loader(options, server, "fill", "--bytes", str(options.bytes), "--people", str(options.people))
    server.kill9()
    report["dataBytes"] = sum(file.stat().st_size for file in (folder / "data").rglob("*") if file.is_file())
    report["secondsToReady"] = round(server.start(), 2)
    server.kill9()
    report["secondsToReadyAgain"] = round(server.start(), 2)
    report["bench"] = "load-start"
    report["commit"] = commit_of_tree()
    report["verdicts"] = {"ready within 10 s": report["secondsToReady"] <= SLOW_START_S}
    return report


BENCHES = {"decide": bench_decide, "freshness": bench_freshness, "ingest": bench_ingest, "start": bench_start}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("mode", choices=sorted(BENCHES))
    parser.add_argument("--ante")
    parser.add_argument("--loader", help="the ante_load program")
    parser.add_argument("--scratch", help="where the server's data go for the time of the run")
    parser.add_argument("--items", type=int, default=40_000)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--bytes", type=int, default=1 << 30, help="of event bodies, for start")
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    options.ante, options.loader = find_program("ante", options.ante), find_program("ante_load", options.loader)
    with scratch_folder(options.scratch) as folder, AnteServer(options.ante, folder / "data") as server:
        server.init().start()
        report = BENCHES[options.mode](options, server, folder)
    return finish(report, report["bench"] if options.save else None)


if __name__ == "__main__":
    sys.exit(main())
