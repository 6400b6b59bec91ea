#!/usr/bin/env python3
"""Do the frequencies of decisions match the probabilities they log? bench/draws.py [--draws 100000].

Through POST /v1/decide, with a frozen state and fixed seeds: holdout, abstain, fallback, a single
item and a slate. Cells with less than 5 expected are pooled; a chi-squared test each must give
p > .001 / number of tests. Exit 1 if one does not.
"""

import argparse
import json
import math
import random
import subprocess
import sys

from ante_process import AnteServer, commit_of_tree, find_program, finish, scratch_folder

SECRET = "5a" * 16
ITEMS, TOPICS, READERS = 60, 6, 240
ROUNDS = 16
HOLDOUT_SHARE = 0.2
WAIVED = {"waived": {"by": "draws", "reason": "probabilities are measured"}}
CELL_EXPECTED_MIN = 5
CELL_EXPLORED = {"abstain", "fallback", "single", "slate"}


def slot(limit, **more):
    return {"channel": "site", "limit": limit, "stake": 0.3, "holdout": HOLDOUT_SHARE,
            "safeDefault": {"items": [f"item-{i}" for i in range(limit)]},
            "goal": {"event": "click", "windowMs": 60000, "value": 1}, "brief": WAIVED,
            "repeatLimit": {"exposures": 0},  # a few people are asked about a million times
            **more}


SLOTS = {
    "single": slot(1),
    "slate": slot(4),
    "cautious": slot(3, attentionCost=1000),
}


class Shop:
    """Readers with one favourite topic each, who click what is about it."""

    def __init__(self, server):
        self.server, self.dice = server, random.Random(7)
        self.at_ms = 1_700_000_000_000

    def call(self, method, path, body):
        status, _, reply = self.server.call(method, path, body, {"Ante-Now": str(self.at_ms)})
        if status // 100 != 2:
            raise RuntimeError(f"{method} {path}: {status} {reply!r}")
        return json.loads(reply or b"{}")

    def open(self):
        lines = "".join(json.dumps({"id": f"item-{i}", "kind": "article", "topics": [f"topic-{i % TOPICS}"],
                                    "evergreen": True}) + "\n" for i in range(ITEMS))
        self.call("POST", "/v1/items:import", lines.encode())
        for name, body in SLOTS.items():
            self.call("PUT", f"/v1/slots/{name}", body)
        for reader in range(READERS):
            self.read(reader, self.dice.randrange(ITEMS))

    def read(self, reader, item):
        self.call("POST", "/v1/track", {"event": "Article Clicked", "anonymousId": f"r{reader}",
                                        "messageId": f"m{reader}-{item}-{self.dice.random()}",
                                        "properties": {"itemId": f"item-{item}"}})

    def live(self):
        """Decisions and clicks until the value model knows who likes what."""
        for _ in range(ROUNDS):
            for reader in range(READERS):
                self.at_ms += 1000
                answer = self.call("POST", "/v1/decide", {"slot": "slate", "anonymousId": f"r{reader}"})
                for item in answer["items"]:
                    number = int(item["id"].split("-")[1])
                    likes = number % TOPICS == reader % TOPICS
                    if self.dice.random() < (0.5 if likes else 0.02):
                        self.call("POST", f"/v1/decisions/{answer['decisionId']}/reward",
                                  {"token": item["token"], "measure": "click", "value": 1})
                        self.read(reader, number)
            self.at_ms += 3_600_000
        self.read(0, 0)

    def person(self, name, arm, outcomes):
        """A reader in this arm whose decisions in this slot are all of these outcomes, with one base."""
        for reader in range(READERS):
            seen = [self.call("POST", "/v1/decide", {"slot": name, "anonymousId": f"r{reader}", "activate": "defer"})
                    for _ in range(12)]
            if all(answer["arm"] == arm and answer["outcome"] in outcomes for answer in seen) and \
                    any(answer["outcome"] == outcomes[0] for answer in seen):
                return f"r{reader}"
        raise RuntimeError(f"no reader of the {arm} arm gets {outcomes} in {name}")


def chi_squared_tail(value, freedom):
    """P(chi-squared > value): the regularised upper incomplete gamma function, by its continued
    fraction above the mean and its series below (Numerical Recipes 6.2)."""
    a, x = freedom / 2, value / 2
    if x <= 0:
        return 1.0
    front = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        n = a
        while abs(term) > abs(total) * 1e-14:
            n += 1
            term *= x / n
            total += term
        return 1 - total * front
    b, c = x + 1 - a, 1e300
    d = 1 / b
    h = d
    for i in range(1, 1000):
        an = -i * (i - a)
        b += 2
        d = 1 / (an * d + b)
        c = b + an / c
        step = d * c
        h *= step
        if abs(step - 1) < 1e-14:
            break
    return front * h


def goodness(expected_and_found, expected_unseen=0.0):
    """Chi-squared over cells; the p-value and the number of cells. Those with little expected are one
    cell together with what never came: which of them came is chance."""
    large = [cell for cell in expected_and_found if cell[0] >= CELL_EXPECTED_MIN]
    small = [cell for cell in expected_and_found if cell[0] < CELL_EXPECTED_MIN]
    pooled = (sum(cell[0] for cell in small) + expected_unseen, sum(cell[1] for cell in small))
    if pooled[0] >= CELL_EXPECTED_MIN:
        large.append(pooled)
    elif pooled[1] > 0 or pooled[0] > 0:
        least = min(range(len(large)), key=lambda i: large[i][0])
        large[least] = (large[least][0] + pooled[0], large[least][1] + pooled[1])
    if len(large) < 2:
        return 1.0 if large[0][0] == large[0][1] else 0.0, len(large)
    value = sum((found - expected) ** 2 / expected for expected, found in large)
    return chi_squared_tail(value, len(large) - 1), len(large)


def judge(name, reply):
    draws = reply["draws"]
    spread = max((cell["high"] - cell["low"]) / cell["high"] for cell in reply["slates"])
    cells = [(draws * cell["high"], cell["count"]) for cell in reply["slates"]]
    said = sum(cell[0] for cell in cells)
    unseen = max(draws - said, 0)
    if name == "holdout":
        held = reply["arms"].get("holdout", 0)
        cells = [(draws * HOLDOUT_SHARE, held), (draws * (1 - HOLDOUT_SHARE), draws - held)]
        spread = unseen = 0.0
    p, count = goodness(cells, unseen)
    return {"draws": draws, "cells": count, "slates": len(reply["slates"]), "p": p, "outcomes": reply["outcomes"],
            "arms": reply["arms"], "saidInAll": said / draws, "samePropensityAgain": spread < 1e-5,
            "holdoutServedWithCertainty": reply["holdoutPropensityNot1"] == 0}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ante")
    parser.add_argument("--loader", help="the ante_load program")
    parser.add_argument("--draws", type=int, default=100_000)
    parser.add_argument("--scratch")
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    ante, loader = find_program("ante", options.ante), find_program("ante_load", options.loader)
    report = {"bench": "draws", "commit": commit_of_tree(), "tests": {}}
    with scratch_folder(options.scratch) as folder, AnteServer(ante, folder / "data", clock="simulated") as server:
        server.init()
        (folder / "data" / "secrets").write_text(SECRET + "\n")  # with the seed it fixes every draw
        server.start()

        def draw(name, slot_name, person, people=1):
            reply = subprocess.run([loader, "draws", "--server", server.address, "--secret-key", server.secret_key,
                                    "--slot", slot_name, "--name", person, "--people", str(people), "--draws",
                                    str(options.draws)], stdout=subprocess.PIPE, text=True, check=True)
            report["tests"][name] = judge(name, json.loads(reply.stdout))
            print(name, report["tests"][name], file=sys.stderr)

        shop = Shop(server)
        shop.open()
        draw("fallback", "slate", shop.person("slate", "treated", ("fallback", "explore")))
        shop.live()
        draw("single", "single", shop.person("single", "treated", ("bet", "explore")))
        draw("slate", "slate", shop.person("slate", "treated", ("bet", "explore")))
        draw("abstain", "cautious", shop.person("cautious", "treated", ("abstain", "explore")))
        draw("holdout", "slate", "n", people=options.draws)
    enough = 0.001 / len(report["tests"])
    report["verdicts"] = {
        "every p > .001 / tests": all(test["p"] > enough for test in report["tests"].values()),
        "the same slate always has the same probability": all(
            test["samePropensityAgain"] for test in report["tests"].values()),
        "the holdout is served with certainty": all(
            test["holdoutServedWithCertainty"] for test in report["tests"].values()),
        "there is something to compare": all(report["tests"][name]["cells"] > 4 for name in CELL_EXPLORED),
    }
    return finish(report, report["bench"] if options.save else None)


if __name__ == "__main__":
    sys.exit(main())
