#!/usr/bin/env python3
"""Makes log.ndjson and textbook.json: a small log with stored target probabilities and reward
estimates, and each estimator's textbook value, computed here line by line with nothing of ante.

tests/golden/off_policy/textbook.py          makes the two files anew
tests/golden/off_policy/textbook.py LOG      prints the textbook values of another log as JSON
"""

import json
import math
import pathlib
import random
import sys

ROUNDS, SEED = 320, 20260104
SHRINKAGE = 3.0
ACTIONS = ["tea", "coffee", "water", "juice"]


def normalised(weights):
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def made_up_rounds():
    dice = random.Random(SEED)
    for number in range(ROUNDS):
        hand = dice.sample(ACTIONS, dice.randint(2, len(ACTIONS)))
        logged = [round(each, 4) for each in normalised([dice.random() + 0.05 for _ in hand])]
        target = [round((each + other) / 2, 4)
                  for each, other in zip(logged, normalised([dice.random() ** 2 for _ in hand]))]
        chosen = dice.choices(range(len(hand)), logged)[0]
        worth = 0.15 + 0.2 * ACTIONS.index(hand[chosen])
        yield {"decision": f"d{number}", "chosen": hand[chosen],
               "reward": round(dice.random(), 3) if dice.random() < worth else 0,
               "actions": [{"id": name, "propensity": logged[i], "target": target[i], "estimate": round(dice.random(), 3)}
                           for i, name in enumerate(hand)]}


def textbook(rounds, shrinkage):
    """IPS, SNIPS, DM, DR, DRos of rounds that bring target and estimate, and the evidence."""
    weights, weighted, direct, robust, shrunk = [], [], [], [], []
    for entry in rounds:
        played = next(action for action in entry["actions"] if action["id"] == entry["chosen"])
        weight = played["target"] / played["propensity"]
        model = math.fsum(action["target"] * action["estimate"] for action in entry["actions"])
        residual = entry["reward"] - played["estimate"]
        weights.append(weight)
        weighted.append(weight * entry["reward"])
        direct.append(model)
        robust.append(model + weight * residual)
        shrunk.append(model + shrinkage * weight / (weight * weight + shrinkage) * residual)
    count = len(weights)
    clicks = [weight * weight * abs(entry["reward"]) for weight, entry in zip(weights, rounds)]
    return {"n": count, "shrinkage": shrinkage,
            "ips": math.fsum(weighted) / count,
            "snips": math.fsum(weighted) / math.fsum(weights),
            "dm": math.fsum(direct) / count,
            "dr": math.fsum(robust) / count,
            "dros": math.fsum(shrunk) / count,
            "ess": math.fsum(weights) ** 2 / math.fsum(weight * weight for weight in weights),
            "effectiveClicks": math.fsum(map(abs, weighted)) ** 2 / math.fsum(clicks)}


def main():
    if len(sys.argv) > 1:
        with open(sys.argv[1]) as lines:
            print(json.dumps(textbook([json.loads(line) for line in lines], SHRINKAGE)))
        return
    folder = pathlib.Path(__file__).resolve().parent
    rounds = list(made_up_rounds())
    (folder / "log.ndjson").write_text("".join(json.dumps(entry) + "\n" for entry in rounds))
    (folder / "textbook.json").write_text(json.dumps(textbook(rounds, SHRINKAGE), indent=1) + "\n")


if __name__ == "__main__":
    main()
