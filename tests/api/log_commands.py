#!/usr/bin/env python3
"""`ante export decisions` and `ante whatif` on the log of a server whose readers' chances are known.

    log_commands.py --ante PATH [--decisions N] [--print]

What is exported is what was answered over HTTP; evaluated for "uniform" and for the safe default, by either
way, the answers are near the truth; a wrong question ends as it should.
"""

import argparse
import datetime
import json
import pathlib
import random
import sys

from ante_server import AnteServer

SEED = 20261122
CHANCES = {"tea": 0.38, "coffee": 0.34, "water": 0.30, "milk": 0.26}
SAFE = "coffee"
START = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
SLOT = {"channel": "site", "limit": 1, "safeDefault": {"items": [SAFE]}, "holdout": 0.1, "stake": 0.5,
        "goal": {"event": "click", "windowMs": 60000, "value": 1}, "attentionCost": 0.2,
        "brief": {"waived": {"by": "test", "reason": "test"}}}


class Readers:
    """People who come once each, a second apart, and click with the chance of what they see."""

    def __init__(self, server):
        self.server, self.random, self.now, self.seen = server, random.Random(SEED), START, {}

    def call(self, method, target, body, seconds=1):
        self.now += datetime.timedelta(seconds=seconds)
        now = {"Ante-Now": self.now.isoformat().replace("+00:00", "Z")}
        reply = self.server.call(method, target, json.dumps(body), now, key="secret")
        if reply.status >= 300:
            raise RuntimeError(f"{method} {target}: {reply.status} {reply.body}")
        return reply.json() if reply.body else None

    def begin(self):
        for item in CHANCES:
            self.call("PUT", f"/v1/items/{item}", {"title": item})
        self.call("PUT", "/v1/slots/drinks", SLOT)

    def come(self, count):
        for _ in range(count):
            answer = self.call("POST", "/v1/decide", {"slot": "drinks", "anonymousId": f"reader-{len(self.seen)}"})
            item = answer["items"][0]
            clicked = self.random.random() < CHANCES[item["id"]]
            self.seen[answer["decisionId"]] = (answer, clicked)
            if clicked:
                self.call("POST", f"/v1/decisions/{answer['decisionId']}/reward",
                          {"token": item["token"], "measure": "click"})

    def leave(self):
        """Somebody comes much later, so that every window has closed."""
        self.call("POST", "/v1/track", {"event": "Article Viewed", "anonymousId": "late", "messageId": "late",
                                        "properties": {"itemId": "tea"}}, seconds=600)


def check_lines(readers, lines, check):
    check("a line a decision", sorted(line["decision"] for line in lines) == sorted(readers.seen), True)
    wrong = []
    for line in lines:
        answer, clicked = readers.seen[line["decision"]]
        drawn = answer["arm"] == "treated"
        rewards = [1 if clicked else 0]
        good = (line["outcome"] == answer["outcome"] and line["arm"] == answer["arm"] and line["drawn"] == drawn
                and line["chosen"] == answer["items"][0]["id"] and line["rewardState"] == "matured"
                and abs(line["propensity"] - answer["items"][0]["propensity"]) < 1e-6
                and line["rewards"] == rewards and line["reward"] == (rewards[0] if drawn else None)
                and line["safeDefault"] == [SAFE] and "reader-" not in json.dumps(line)
                and (not drawn or abs(sum(action["propensity"] for action in line["actions"]) - 1) < 1e-9))
        if not good:
            wrong.append(line)
    check("each as it was answered", wrong[:1], [])
    check("the holdout is there", 0.05 < sum(not line["drawn"] for line in lines) / len(lines) < 0.15, True)


def check_truth(readers, lines, log, check, show):
    """`ante init` draws the keys, and so everybody's draws: here an interval may miss by its half width, which never
    happens. Coverage itself is the business of learning/what_if_test.cc, where every seed is fixed."""
    drawn = [line for line in lines if line["drawn"]]
    uniform = sum(sum(CHANCES[action["id"]] for action in line["actions"]) / len(line["actions"]) for line in drawn)
    for policy, name, truth in (("uniform", "uniform", uniform / len(drawn)),
                                ("safe", f"constant:{SAFE}", CHANCES[SAFE])):
        asked = readers.server.command("whatif", "--slot", "drinks", "--policy", policy, "--json")
        evaluated = readers.server.command("evaluate", "policy", "--log", str(log), "--policy", name, "--json")
        for command, ended in (("whatif", asked), ("evaluate policy", evaluated)):
            check(f"{command} {policy} ends with 0", (ended.returncode, ended.stderr), (0, ""))
            answer = json.loads(ended.stdout)
            if answer["refused"] and policy == "uniform":
                check(f"{command} {policy} says why", "too little evidence" in answer["refused"], True)
                continue  # how much is explored is the engine's to judge: it may be too little for this
            check(f"{command} {policy}: it is not refused", answer["refused"], None)
            for estimator in ("ips", "snips", "dr"):
                low, high = answer["estimates"][estimator]["interval"] or (0, 0)
                if abs(truth - (low + high) / 2) > high - low:
                    check(f"{command} {policy} {estimator}: {truth} is in reach of", (low, high), "its interval")
            check(f"{command} {policy}: no bootstrap of a learning policy", answer["interval"],
                  "95 % confidence sequence, asymptotic")
        if show:
            print(readers.server.command("whatif", "--slot", "drinks", "--policy", policy).stdout)


def check_errors(server, check):
    def ends(*words):
        ended = server.command(*words)
        return ended.returncode, ended.stderr

    code, says = ends("whatif", "--slot", "drink", "--policy", "uniform")
    check("an unknown slot", (code, "Did you mean 'drinks'?" in says), (3, True))
    code, says = ends("whatif", "--slot", "drinks", "--policy", "unifrom")
    check("an unknown policy", (code, "Did you mean 'uniform'?" in says, "And safe" in says), (1, True, True))
    check("no policy", ends("whatif", "--slot", "drinks")[0], 2)
    code, says = ends("export", "decisions", "--since", "2026-03-02T00:00:00Z", "--until", "2026-03-01T00:00:00Z")
    check("since after until", (code, "since must be before until" in says), (1, True))
    check("a time that is none", ends("export", "decisions", "--since", "March")[0], 1)
    check("an unknown slot to export", ends("export", "decisions", "--slot", "drink")[0], 3)
    check("a file that cannot be", ends("export", "decisions", "--out", "/nowhere/log")[0], 5)
    check("nothing to export", ends("export")[0], 2)


def run(server, count, check, show):
    readers = Readers(server)
    readers.begin()
    empty = json.loads(server.command("whatif", "--slot", "drinks", "--policy", "safe", "--json").stdout)
    check("an empty log has no value", (empty["n"], empty["estimates"]["dr"]["value"]), (0, None))
    readers.come(count)
    last = next(reversed(readers.seen))
    opened = server.command("export", "decisions", "--slot", "drinks").stdout.splitlines()
    states = {json.loads(line)["decision"]: json.loads(line) for line in opened}
    check("an open window is not a zero", (states[last]["rewardState"], states[last]["reward"]), ("open", None))
    readers.leave()
    log = pathlib.Path(server.folder, "log.ndjson")
    written = server.command("export", "decisions", "--slot", "drinks", "--out", str(log), "--json")
    check("the export ends with 0", (written.returncode, written.stderr), (0, ""))
    check("and says how much", json.loads(written.stdout)["decisions"], count)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    check_lines(readers, lines, check)
    check_truth(readers, lines, log, check, show)
    check_errors(server, check)
    if show:
        print(log.read_text().splitlines()[-1])
        print(server.command("export", "decisions", "--slot", "drinks", "--out", str(log)).stderr)
    server.stop()
    alone = server.command("export", "decisions", "--slot", "drinks")
    check("without a server it is the same", alone.stdout == log.read_text(), True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--ante", required=True)
    arguments.add_argument("--decisions", type=int, default=2000)
    arguments.add_argument("--print", action="store_true", dest="show")
    given = arguments.parse_args()
    failures = []

    def check(what, found, wanted):
        if found != wanted:
            failures.append(what)
            print(f"log_commands: {what}: expected {wanted!r}, found {found!r}")

    with AnteServer(given.ante, clock="simulated") as server:
        run(server, given.decisions, check, given.show)
    print(f"log_commands: {len(failures)} failures, seed {SEED}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
