#!/usr/bin/env python3
"""Policies and estimators on real sets, without a server: bench/offline.py MODE [--save].

bandit      six labelled sets played as a bandit in one pass, 20 shuffles, SquareCB and epsilon-greedy
speed       predictions and updates per processor second
estimators  RMSE and coverage of the off-policy estimators against a known truth, 2,000 logs a case
obd         the Open Bandit Dataset's men sample against textbook formulas
ledger      the stake ledger in worlds of known means, 1,000 runs each
headlines   headline tests replayed on rates from their posteriors, 200 draws

Exit 77 where the data sets are absent, 1 where a promise is broken.
"""

import csv
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

from ante_process import ROOT, commit_of_tree, find_program
from report_modes import play_mode

FOLDERS = {
    "bandit": "bandit-classification",
    "estimators": "bandit-classification",
    "obd": "obd-men",
    "headlines": "upworthy",
}
AIM = 0.85  # of the anchor's loss
TEXTBOOK = ROOT / "tests" / "golden" / "off_policy" / "textbook.py"
SHRINKAGE = 3  # of DRos in the textbook


def bandit_verdicts(report):
    sets = report["sets"]
    yeast = next(entry for entry in sets if entry["set"] == "yeast")
    return {
        "SquareCB below epsilon-greedy on >= 5 of 6": sum(s["difference"]["value"] < 0 for s in sets) >= 5,
        "never above 1.05 x epsilon-greedy": all(s["ratioToEpsilonGreedy"] <= 1.05 for s in sets),
        "at most 1.00 x the anchor on all": all(s["ratioToAnchor"] <= 1 for s in sets),
        "at most .85 x the anchor on all (aim)": all(s["ratioToAnchor"] <= AIM for s in sets),
        "yeast at most the best fixed action": yeast["squarecb"]["value"] <= yeast["bestFixedLoss"],
        "probabilities sum to 1 within 1e-6": all(s["propensitySumError"] <= 1e-6 for s in sets),
    }


def speed_verdicts(report):
    memory, text = report["inMemory"], report["textRead"]
    return {
        "300,000 predictions per core-second": memory["predictionsPerSecond"] >= 300_000,
        "200,000 updates per core-second": memory["updatesPerSecond"] >= 200_000,
        "text read: 2 x the anchor's predictions": text["predictionsToAnchor"] >= 2,
        "text read: 2 x the anchor's updates": text["updatesToAnchor"] >= 2,
    }


def estimators_verdicts(report):
    judged = {(s["set"], log["logging"]): log for s in report["sets"] for log in s["logs"] if log["judged"]}
    by_set = {name: max(log["drToIps"] for (other, _), log in judged.items() if other == name)
              for name, _ in judged}
    covered = [share for log in judged.values() for share in log["coverage"].values()]
    return {
        "DR at most .9 x IPS everywhere": max(by_set.values()) <= 0.9,
        "DR at most .8 x IPS on >= 4 of 6": sum(ratio <= 0.8 for ratio in by_set.values()) >= 4,
        "DR at most 1.25 x SNIPS": all(log["drToSnips"] <= 1.25 for log in judged.values()),
        "coverage of IPS, SNIPS and DR 92 to 97.5 %": all(0.92 <= share <= 0.975 for share in covered),
}

def headlines_verdicts(report):
    alarm, contenders = report["sampleRatioAlarm"], report["contenders"]
    return {
        "alarm in >= 55 % of the broken weeks": alarm["brokenWeeks"]["share"] >= 0.55,
        "alarm in <= 1 % elsewhere": alarm["otherWeeks"]["share"] <= 0.01,
        "Thompson gains over uniform": contenders["thompson"]["gainedOverUniform"]["interval"][0] > 0,
        "SquareCB gains over uniform": contenders["squarecb"]["gainedOverUniform"]["interval"][0] > 0,
    }


def ledger_verdicts(report):
    bad = [world for world in report["worlds"] if world["lift"] < 0]
    good = {world["defaultMean"]: world["gainShare"] for world in report["worlds"] if world["lift"] > 0}
    return {
        "promise kept in >= 93 % of runs, bad models": min(world["kept"] for world in bad) >= 0.93 * report["runs"],
        "60 % of the gain of a good model, default .1 and .3": min(good[0.1], good[0.3]) >= 0.6,
        "60 % of the gain of a good model, default .02 and .05": min(good[0.02], good[0.05]) >= 0.6,
}

def read_obd(folder, name):
    with gzip.open(folder / name / "men.csv.gz", "rt") as file:
        return [(row["item_id"], row["position"], float(row["click"]), float(row["propensity_score"]))
                for row in csv.DictReader(file)]


def stored_rounds(folder):
    """The random log with the target's probabilities and rewards expected by plain counting, made here."""
    rounds, other = read_obd(folder, "random"), read_obd(folder, "bts")
    items, positions = sorted({row[0] for row in rounds}), sorted({row[1] for row in rounds})
    shown = {(i, p): 1 for i in items for p in positions}
    worth = {(i, p): [0.5, 100.0] for i in items for p in positions}
    for item, position, _, _ in other:
        shown[item, position] += 1
    for item, position, click, _ in rounds:
        worth[item, position][0] += click
        worth[item, position][1] += 1
    total = {p: sum(shown[i, p] for i in items) for p in positions}
    for number, (item, position, click, propensity) in enumerate(rounds):
        rest = (1 - propensity) / (len(items) - 1)
        yield {"decision": str(number), "chosen": item, "reward": click,
               "actions": [{"id": i,
                            "propensity": propensity if i == item else rest,
                            "target": shown[i, position] / total[position],
                            "estimate": worth[i, position][0] / worth[i, position][1]} for i in items]}


def obd_report(options, folder):
    ante = find_program("ante", options.ante)

    def evaluate(*words):
        reply = subprocess.run([ante, "evaluate", "policy", *words, "--json"], capture_output=True, text=True, check=True)
        return json.loads(reply.stdout)

    with tempfile.TemporaryDirectory() as scratch:
        log = pathlib.Path(scratch) / "stored.ndjson"
        with open(log, "w") as lines:
            lines.writelines(json.dumps(entry) + "\n" for entry in stored_rounds(folder))
        textbook = json.loads(subprocess.run([sys.executable, str(TEXTBOOK), str(log)], capture_output=True,
                                             text=True, check=True).stdout)
        ours = evaluate("--log", str(log), "--shrinkage", str(SHRINKAGE))
    report = evaluate("--log", str(folder / "random" / "men.csv.gz"), "--format", "obd",
                      "--target-log", str(folder / "bts" / "men.csv.gz"))
    for key in ("log", "policy"):
        report.pop(key)  # paths of one machine
    report["textbookDifference"] = {name: abs(ours["estimates"][name]["value"] - textbook[name])
                                    for name in ours["estimates"]}
    return {"bench": "offline-obd", "commit": commit_of_tree(), **report}


def obd_verdicts(report):
    estimates = report["estimates"]
    return {
        "textbook formulas to 1e-9": max(report["textbookDifference"].values()) <= 1e-9,
        "value and interval": all(estimates[name]["interval"] for name in ("ips", "snips", "dr")),
        "thin, 16.5 effective clicks": (report["warning"] or "").startswith("thin")
                                       and abs(report["effectiveClicks"] - 16.5) < 0.05,
        "truth within each interval": all(
            estimates[name]["interval"][0] <= report["onPolicy"]["value"] <= estimates[name]["interval"][1]
            for name in ("ips", "snips", "dr")),
    }


VERDICTS = {"bandit": bandit_verdicts, "speed": speed_verdicts, "estimators": estimators_verdicts,
            "obd": obd_verdicts, "headlines": headlines_verdicts, "ledger": ledger_verdicts}


if __name__ == "__main__":
    sys.exit(play_mode(__doc__, "offline_bench", VERDICTS, FOLDERS, {"obd": obd_report}))
