#!/usr/bin/env python3
"""Do the statistics keep their word? Worlds of known truth, without a server: bench/proof.py MODE [--save].

watched  arms that are alike and arms that differ, looked at after every person; persons who come often
split    the sample-ratio alarm under daily looks
ratios   intervals of ratios of sums and of outcomes adjusted by what was known before
personalization  the value of personalization: size, power, and the verdict of each world
uplift   trials: claims where there is nothing to gain and where there is; the R-learner beside the T-learner
starbucks  a promotion: a policy chosen by cross-validation, read once on the test file
reports  a log of ten million rewards: each report's seconds, and every fold rebuilt from it
experiments  78 real experiments watched: what a z test calls and what a sequence does

Exit 77 where the data sets are absent, 1 where a promise is broken.
"""

import json
import subprocess
import sys

from ante_process import commit_of_tree, find_program
from report_modes import play_mode


def watched_verdicts(report):
    alike, power = report["alike"], report["power"]
    found = {share: [world["foundAtTwice"]["value"] for world in power if world["powerOfOneLook"] == share]
             for share in (0.8, 0.9)}
    return {
        "alike: ever wrong <= 5.6 %": all(world["everWrong"]["value"] <= 0.056 for world in alike),
        "alike: false paying <= 2.8 %": all(world["falsePaying"]["value"] <= 0.028 for world in alike),
        "width <= 1.8 x fixed": all(world["widthToFixed"] <= 1.8 for world in alike),
        "found at twice the 80 % n >= .86": min(found[0.8]) >= 0.86,
        "found at twice the 90 % n >= .94": min(found[0.9]) >= 0.94,
        "returning persons: ever wrong <= 5.6 %": all(w["everWrong"]["value"] <= 0.056 for w in report["returning"]),
        "bounded: ever wrong <= 5.6 %": all(w["everWrong"]["value"] <= 0.056 for w in report["bounded"]),
    }


def split_verdicts(report):
    false_alarms = [report[name] for name in ("falseAlarms50", "falseAlarms5")]
    return {
        "49/51 caught in >= 99 %": report["caught49Of50"]["value"] >= 0.99,
        "4/96 instead of 5/95 caught in >= 99 %": report["caught4Of5"]["value"] >= 0.99,
        "false alarms <= .2 %": all(share["value"] <= 0.002 for share in false_alarms),
    }


def ratios_verdicts(report):
    return {f"{name} 94 to 96 %": 0.94 <= report[name]["value"] <= 0.96
            for name in ("ratioCovered", "ratioDifferenceCovered", "adjustedCovered")}


def personalization_verdicts(report):
    worlds = report["verdictWorlds"]
    said = [{name: share["value"] for name, share in world["verdicts"].items()} for world in worlds]
    power = [world for world in report["power"] if world["readers"] >= 2000]
    return {
        "size <= .06": all(world["rejected"]["value"] <= 0.06 for world in report["null"]),
        "power within .10 of the closed form": all(
            abs(world["rejected"]["value"] - world["closedForm"]) <= 0.10 for world in power),
        "do not >= 97 % without likings": min(said[0]["do not"], said[1]["do not"]) >= 0.97,
        "not yet >= 90 % of 2,000 readers x 20 x 2": said[2]["not yet"] >= 0.9,
        "personalise >= 90 % of 6,000 readers x 20 x 20": said[3]["personalise"] >= 0.9,
    }


def uplift_verdicts(report):
    claims = {(trial["world"], trial["arms"]): trial for trial in report["trials"]}
    planted = [claims["interaction", arms] for arms in (2, 3)]
    designs = report["designs"]
    return {
        "claims in <= 4 % of null trials": claims["nothing", 3]["claims"]["value"] <= 0.04,
        "claims in <= 4 % where one arm is better for all":
            claims["one arm better for all", 3]["claims"]["value"] <= 0.04,
        "planted interaction claimed in >= 80 %": all(trial["claims"]["value"] >= 0.8 for trial in planted),
        "the Qini excludes 0 in <= 6 % where effects do not differ":
            all(claims[world, 3]["qiniExcludes0"]["value"] <= 0.06 for world in ("nothing", "one arm better for all")),
        "its Qini above random orders in >= 90 %": all(trial["qiniAboveChance"]["value"] >= 0.9 for trial in planted),
        "R-learner <= 1.05 x T-learner on each design": all(design["ratio"] <= 1.05 for design in designs),
        "R-learner below T-learner on average": sum(d["ratio"] for d in designs) / len(designs) < 1,
    }


def starbucks_verdicts(report):
    test = report["test"]
    return {
        "cross-validated net revenue >= 500": report["crossValidatedNetRevenue"] >= 500,
        "net revenue on Test >= 189.45": test["netRevenue"] >= 189.45,
        "its lower one-sided 95 % bound above 0": test["oneSidedLow"] > 0,
    }


def reports_verdicts(report):
    return {
        "ten million rewards": report["rewards"] >= 10_000_000,
        "each report in <= 1 s": max(report["seconds"].values()) <= 1,
        "rebuilt from the log they are equal": all(report["rebuiltEqual"].values()),
    }


def experiments_report(options, folder):
    reply = subprocess.run([find_program("ante", options.ante), "evaluate", "experiment", "--json", "--data",
                            str(folder / "asos.csv.gz")],
                           stdout=subprocess.PIPE, text=True, check=True)
    report = json.loads(reply.stdout)
    report.pop("data")  # a path of one machine
    verdicts = [test["verdict"] for test in report.pop("tests")]
    report["saidOfTests"] = {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))}
    return {"bench": "proof-experiments", "commit": commit_of_tree(), **report}


def experiments_verdicts(report):
    return {
        "all 78 experiments": report["experiments"] == 78,
        "a verdict for each of 396 comparisons": sum(report["saidOfTests"].values()) == 396,
        "every look asked, or without a variance": sum(row["series"] for row in report["byLook"])
                                                   == report["looks"] - report["withoutVariance"],
    }


FOLDERS = {"starbucks": "starbucks-promotion", "experiments": "asos-experiments"}
VERDICTS = {"watched": watched_verdicts, "split": split_verdicts, "ratios": ratios_verdicts,
            "personalization": personalization_verdicts, "uplift": uplift_verdicts, "starbucks": starbucks_verdicts,
            "experiments": experiments_verdicts, "reports": reports_verdicts}


if __name__ == "__main__":
    sys.exit(play_mode(__doc__, "proof_bench", VERDICTS, FOLDERS, {"experiments": experiments_report}))
