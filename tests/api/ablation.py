#!/usr/bin/env python3
"""Whoever is in an ablation is told no reason that was not looked at, and the report knows them.

    ablation.py --ante PATH

People pin an item and are asked for; a fifth of them decide without what they told. The log of it is whole.
"""

import argparse
import json
import sys

from ante_server import AnteServer

PEOPLE = 120
SLOT = {"channel": "site", "limit": 3, "safeDefault": {"items": ["coffee"]}, "holdout": 0.05, "stake": 0.05,
        "controls": {"withoutTold": 0.2, "withoutNoticed": 0.2}, "brief": {"waived": {"by": "test", "reason": "test"}}}


def call(server, method, target, body):
    reply = server.call(method, target, json.dumps(body), key="secret")
    if reply.status >= 300:
        raise RuntimeError(f"{method} {target}: {reply.status} {reply.body}")
    return reply.json() if reply.body else None


def play(server):
    problems, arms, told = [], {}, {}
    for item in ("tea", "coffee", "water", "milk"):
        call(server, "PUT", f"/v1/items/{item}", {"title": item, "topics": [f"on-{item}"]})
    call(server, "PUT", "/v1/slots/drinks", SLOT)
    for n in range(PEOPLE):
        who = {"anonymousId": f"reader-{n}"}
        call(server, "POST", "/v1/track",
             {"event": "Item Pinned", "messageId": f"pin-{n}", "properties": {"itemId": "tea"}, **who})
        answer = call(server, "POST", "/v1/decide", {"slot": "drinks", **who})
        arm = answer["arm"]
        arms[arm] = arms.get(arm, 0) + 1
        kinds = {why["kind"] for item in answer["items"] for why in item["why"]}
        told[arm] = told.get(arm, 0) + ("told" in kinds)
        if n % 20 == 0 or arm == "without_told":
            explained = server.call("GET", f"/v1/decisions/{answer['decisionId']}/explain", key="secret").json()
            said = any("what they told is not looked at" in reason for reason in explained.get("reasons", []))
            if said != (arm == "without_told"):
                problems.append(f"the reasons of {answer['decisionId']} ({arm}): {explained.get('reasons')}")
    if not told.get("treated") or told.get("without_told"):
        problems.append(f"people were told reasons of what they told: {told} of {arms}")
    report = server.command("report", "sources", "--slot", "drinks", "--json")
    sources = json.loads(report.stdout)["slots"][0]["sources"] if report.returncode == 0 else []
    if [source["source"] for source in sources] != ["told", "noticed"]:
        problems.append(f"ante report sources: {report.returncode} {report.stdout} {report.stderr}")
    words = server.command("report", "sources")
    if "What people told: too early to say" not in words.stdout:
        problems.append(f"ante report sources: {words.returncode} {words.stdout} {words.stderr}")
    server.stop()
    whole = server.command("verify", "--rebuild")
    if whole.returncode != 0:
        problems.append(f"ante verify --rebuild: {whole.returncode} {whole.stdout} {whole.stderr}")
    print(f"ablation: {arms}, told a reason of what they told: {told}")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ante", required=True)
    with AnteServer(parser.parse_args().ante) as server:
        problems = play(server)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
