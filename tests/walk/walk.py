#!/usr/bin/env python3
"""One decision from end to end, told from what the server really answers.

With a fixed secret, a fixed seed and the simulated clock every run makes the same decision, so the
story in ARCHITECTURE.md can be compared with a fresh one, word by word (exit 1 if it differs, 77
without the module jsonschema); `--write` puts the fresh one there. Each answer on the way is checked
against its JSON schema.
"""

import argparse
import json
import pathlib
import random
import re
import subprocess
import sys
import time

try:
    import jsonschema
except ImportError:
    print(f"skipped: {sys.executable} has no jsonschema (Debian: python3-jsonschema)")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from ante_process import AnteServer, find_program, scratch_folder  # noqa: E402

SECRET = "a7" * 16
START_MS = 1_800_000_000_000
BEGIN, END = "<!-- made by tests/walk/walk.py --write -->", "<!-- end -->"
TOPICS = ("watches", "boots", "coats", "whisky")
READERS = 120
WINDOW_MS = 600_000


def schema(name):
    """The schema of an answer; where a page has the request as well, of its answer."""
    page = json.loads((ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text())
    if "answer" in page.get("$defs", {}):
        page.pop("oneOf", None)
        page["$ref"] = "#/$defs/answer"
    return page


class Walk:
    def __init__(self, server):
        self.server, self.now_ms = server, START_MS
        self.schemas = {name: schema(name) for name in ("decide", "figures", "lift", "slot")}

    def call(self, method, path, body=None, check=None):
        status, _, reply = self.server.call(method, path, body, {"Ante-Now": str(self.now_ms)})
        if status // 100 != 2:
            raise RuntimeError(f"{method} {path}: {status} {reply!r}")
        answer = json.loads(reply) if reply else {}
        if check:
            for wrong in jsonschema.Draft202012Validator(self.schemas[check]).iter_errors(answer):
                raise RuntimeError(f"{method} {path}: not as docs/schemas says: {wrong.json_path}: {wrong.message[:300]}")
        return answer

    def open_shop(self):
        lines = "".join(json.dumps({"id": f"{topic}-{i}", "title": f"{topic.capitalize()}, part {i}",
                                    "topics": [topic], "evergreen": True}) + "\n"
                        for i in range(6) for topic in TOPICS)
        self.call("POST", "/v1/items:import", lines.encode())
        self.call("PUT", "/v1/slots/front", {
            "channel": "site", "limit": 1, "stake": 0.2, "holdout": 0.1,
            "safeDefault": {"items": ["coats-0"]}, "goal": {"event": "click", "windowMs": WINDOW_MS, "value": 1},
            "brief": {"waived": {"by": "the editor", "reason": "a walk through the folders"}}}, check="slot")

    def settle(self):
        """Until those who follow the log have seen all of it: what they know must not depend on the machine."""
        for _ in range(2000):
            journal = self.call("GET", "/healthz?verbose")["journal"]
            if journal["queued"] == 0 and journal["followerCommit"] == journal["lastCommit"]:
                return
            time.sleep(0.002)
        raise RuntimeError(f"the followers do not come after: {journal}")

    def read(self, reader, item, number):
        self.call("POST", "/v1/track", {"event": "Article Viewed", "anonymousId": reader,
                                               "messageId": f"{reader}-{item}-{number}",
                                               "properties": {"itemId": item}})
        self.settle()

    def decide(self, reader, **more):
        return self.call("POST", "/v1/decide", {"slot": "front", "anonymousId": reader, **more}, check="decide")

    def reward(self, answer):
        self.call("POST", f"/v1/decisions/{answer['decisionId']}/reward",
                  {"token": answer["items"][0]["token"], "measure": "click", "value": 1})
        self.settle()

    def live(self):
        """Readers with one topic each; what is about it they open in half of all cases."""
        dice = random.Random(5)
        for number in range(14):
            for i in range(READERS):
                self.now_ms += 1000
                reader, topic = f"reader-{i}", TOPICS[i % len(TOPICS)]
                if number < 2:
                    self.read(reader, f"{topic}-{dice.randrange(6)}", number)
                answer = self.decide(reader)
                likes = answer["items"][0]["id"].startswith(topic)
                if dice.random() < (0.5 if likes else 0.03):
                    self.reward(answer)
            self.now_ms += WINDOW_MS
            self.read("reader-0", "watches-0", f"tick-{number}")  # the clock moves, windows close


def tell(walk):
    walk.open_shop()
    walk.live()
    reader, first = "ann", walk.decide("ann", activate="defer", explain=True)
    walk.read(reader, "whisky-1", 1)
    walk.now_ms += 1000
    walk.read(reader, "whisky-2", 1)
    walk.now_ms += 1000
    answer = walk.decide(reader, explain=True)
    item = answer["items"][0]
    explained = walk.call("GET", f"/v1/decisions/{answer['decisionId']}/explain")
    walk.reward(answer)
    walk.now_ms += WINDOW_MS + 1000
    walk.read("reader-0", "watches-0", "last")
    lift = walk.call("GET", "/v1/reports/lift?slot=front", check="lift")
    walk.call("GET", "/v1/slots/front/figures", check="figures")
    best = answer["hand"][0]
    say = [
        f"`{answer['decisionId']}`: Ann, whom nobody knew, opens two pieces on whisky, and the front page asks what to "
        "show her.",
        "",
        f"1. `events`, `journal`, `profile`: each view was stored, synced and folded before its 2xx. Her profile stands "
        f"at sequence {answer['versions']['profile']}; at her first request it was "
        f"{first['versions']['profile']}, and the answer was *{first['outcome']}*.",
        f"2. `candidates`: {answer['candidates']} items could be shown (of {len(TOPICS) * 6}); those on her trail and "
        f"its neighbours among them.",
        f"3. `ranking`: model {answer['versions']['model']} scores a hand of {len(answer['hand'])}. Best: "
        f"`{best['id']}`, P(click) {best['probability']:.2f}; over the safe default `coats-0` a gain of "
        f"{best['gain']['mean']:.2f} ± {best['gain']['sd']:.2f}.",
        f"4. `decision`: {answer['reasons'][0]}. She is in the {answer['arm']} arm; at a stake of "
        f"{answer['branches']['stake']:.1f} the draw is *{answer['branches']['drawn']}*: outcome *{answer['outcome']}*, "
        f"`{item['id']}` with propensity {item['propensity']:.4f}, instead of `{answer['insteadOf'][0]}`.",
        f"5. The record (hand, branches, seed) goes to the `journal` unwaited-for; `explain` finds it by its id and "
        f"replays it to the same places ({'equal' if explained['items'][0]['id'] == item['id'] else 'DIFFERENT'}).",
        f"6. `api` answers with an impression token. Ann clicks; the token brings the reward home, the joiner closes "
        f"the window after {WINDOW_MS // 60_000} minutes, and `learning` takes one row.",
        f"7. `report`, over {lift['treated']['n']} treated and {lift['holdout']['n']} held-out readers: "
        f"“{lift['sentence']}”",
    ]
    # Two digits tell the story; more would tell of the compiler too.
    return re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", "\n".join(say))


def fresh_story(ante):
    with scratch_folder() as folder:
        data = folder / "data"
        made = subprocess.run([ante, "init", "--data", str(folder / "other"), "--json"], capture_output=True, text=True,
                              check=True)
        jsonschema.validate(json.loads(made.stdout), schema("init"))
        with AnteServer(ante, data, clock="simulated") as server:
            server.init()
            (data / "secrets").write_text(SECRET + "\n")
            server.start()
            return tell(Walk(server))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ante")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    ante = find_program("ante", options.ante)
    story = fresh_story(ante)
    page = ROOT / "ARCHITECTURE.md"
    text = page.read_text()
    before, rest = text.split(BEGIN)
    told, after = rest.split(END)
    if options.write:
        page.write_text(f"{before}{BEGIN}\n{story}\n{END}{after}")
        return 0
    if told.strip() != story.strip():
        print(f"ARCHITECTURE.md tells another story; make it anew with {pathlib.Path(__file__).name} --write:\n{story}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
