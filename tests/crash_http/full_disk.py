#!/usr/bin/env python3
"""Fills the disk of a running server and frees it again.

While it is full: every write is refused with 503 and Retry-After, every decision is answered. When
a neighbour's file is gone, writes are taken again by themselves. Nothing acknowledged is lost, not
over a kill either. Needs root to mount a small tmpfs; exit 77 (skipped) otherwise.
"""

import argparse
import json
import os
import subprocess
import sys
import time

from stored_events import compare

from ante_process import AnteServer, find_program, scratch_folder

SKIPPED = 77
DISK = "64m"
NEIGHBOUR_BYTES = 24 << 20
PEOPLE = 20
BATCH = 100
FILL_SECONDS_MAX = 120
FULL_SECONDS = 3
RESUME_SECONDS_MAX = 5
PADDING = "x" * 1000


class Run:
    """Events with their own ledger, and decisions beside every write."""

    def __init__(self, server):
        self.server, self.number, self.wrong = server, 0, []
        self.ledger = {f"p{person}": {} for person in range(PEOPLE)}
        self.decisions = 0

    def write(self):
        """One batch; its status."""
        names = []
        for _ in range(BATCH):
            names.append((f"p{self.number % PEOPLE}", f"full-{self.number}"))
            self.number += 1
        batch = [{"type": "track", "event": "Note Taken", "anonymousId": person, "messageId": name,
                  "properties": {"ledger": name, "padding": PADDING}} for person, name in names]
        status, headers, body = self.server.call("POST", "/v1/batch", {"batch": batch})
        if status == 503 and not headers.get("Retry-After"):
            self.wrong.append("a 503 without Retry-After")
        if status not in (200, 503):
            self.wrong.append(f"a write was answered {status}: {body[:200]!r}")
        for person, name in names:
            self.ledger[person][name] = "acked" if status == 200 else "rejected"
        return status

    def decide(self):
        status, _, body = self.server.call("POST", "/v1/decide", {"slot": "home", "anonymousId": "p1", "limit": 3})
        self.decisions += 1
        if status != 200:
            self.wrong.append(f"a decision was answered {status}: {body[:200]!r}")


def fill_and_free(run, neighbour):
    """One round; the seconds until writes were taken again."""
    neighbour.write_bytes(b"\0" * NEIGHBOUR_BYTES)
    until = time.monotonic() + FILL_SECONDS_MAX
    while run.write() == 200:
        run.decide()
        if time.monotonic() > until:
            run.wrong.append("the disk did not become full")
            break
    until = time.monotonic() + FULL_SECONDS
    while time.monotonic() < until:
        run.write()
        run.decide()
    neighbour.unlink()
    begin = time.monotonic()
    while run.write() != 200:
        run.decide()
        if time.monotonic() - begin > RESUME_SECONDS_MAX:
            run.wrong.append(f"writes were not taken again within {RESUME_SECONDS_MAX} s of free space")
            break
        time.sleep(0.1)
    return time.monotonic() - begin


def run_on(disk, ante):
    with AnteServer(ante, disk / "data") as server:
        server.init().start()
        server.call("PUT", "/v1/items/item-1", {"id": "item-1", "kind": "article"})
        run = Run(server)
        try:
            resumed = round(fill_and_free(run, disk / "neighbour"), 2)
        except OSError as error:
            ended = server.process.poll()
            return [f"no answer ({error}); the server " + ("runs" if ended is None else f"ended with {ended}")
                    + ", its last words:\n" + server.log_tail()]
        live = compare(server, run.ledger)
        server.kill9()
        server.start()
        after_kill = compare(server, run.ledger)
        for name, counts in (("live", live), ("after kill -9", after_kill)):
            for key in ("lost", "twice", "rejectedButStored"):
                if counts[key]:
                    run.wrong.append(f"{name}: {key} {counts[key]} {counts['examples'].get(key)}")
        print(json.dumps({"resumedAfterSeconds": resumed, "decisions": run.decisions, "live": live,
                          "afterKill": after_kill}, indent=1))
        if live["rejected"] == 0:
            run.wrong.append("no write was refused: the disk was never full")
        return run.wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ante")
    options = parser.parse_args()
    ante = find_program("ante", options.ante)
    if os.geteuid() != 0:
        print("skipped: only root may mount a small disk")
        return SKIPPED
    with scratch_folder() as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            print(f"skipped: no tmpfs can be mounted here: {mounted.stderr.strip()}")
            return SKIPPED
        try:
            wrong = run_on(folder, ante)
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=False)
    for line in sorted(set(wrong)):
        print(f"FAILED: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
