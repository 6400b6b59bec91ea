#!/usr/bin/env python3
"""Plays *.http scripts against the real binary: requests, expected answers, restarts.

    run_http.py --ante PATH SCRIPT.http...

A script is a list of steps, each begun by `### name`. A step is lines `@word …`, then a request as on the
wire (method and target, headers, empty line, body), then expectations:

    @key secret|public|none|TEXT   @clock simulated (before the first step)   @restart   @kill   @wait SECONDS
    @body nesting 100000 | gzip-bomb MEGABYTES | gzip | batch COUNT BAD PREFIX    makes or wraps the body
    >>> 200                        the status
    >>> $.items[0].id == "a"       also !=, >, <, ~ (regular expression), exists, absent, length N
    >>> header Retry-After exists  also == and ~
    >>> save name $.items[0].token {{name}} stands for it from then on
"""

import argparse
import gzip
import json
import operator
import pathlib
import re
import sys
import time

from ante_server import AnteServer

COMPARE = {"==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt}


class Step:
    def __init__(self, name, line):
        self.name, self.line = name, line
        self.words, self.expect, self.request = [], [], []


def parse_script(text):
    steps = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("### "):
            steps.append(Step(line[4:].strip(), number))
        elif not steps or line.startswith("# "):
            if line.startswith("@"):
                raise SystemExit(f"line {number}: {line} stands before the first step")
        elif line.startswith(">>> "):
            steps[-1].expect.append((number, line[4:].strip()))
        elif line.startswith("@") and not steps[-1].request:
            steps[-1].words.append(line[1:].split())
        elif steps[-1].request or line.strip():
            steps[-1].request.append(line)
    return steps


def select(document, path):
    """`$.items[0].id`; KeyError when there is no such place."""
    place = document
    for name, index in re.findall(r"\.([\w-]+)|\[(-?\d+)\]", path):
        if name:
            if not isinstance(place, dict):
                raise KeyError(path)
            place = place[name]
        else:
            if not isinstance(place, list) or not -len(place) <= int(index) < len(place):
                raise KeyError(path)
            place = place[int(index)]
    return place


def make_body(words, body):
    """What `@body …` says, from the body as written."""
    if words[0] == "nesting":
        return (b"[" * int(words[1])) + (b"]" * int(words[1]))
    if words[0] == "gzip":
        return gzip.compress(body)
    if words[0] == "gzip-bomb":
        return gzip.compress(b" " * (int(words[1]) << 20), 9)
    if words[0] == "batch":
        count, bad, prefix = int(words[1]), int(words[2]), words[3]
        every = count // bad if bad else count + 1
        batch = [{"type": "track", "event": "" if i % every == 0 and i // every < bad else "Article Viewed",
                  "anonymousId": f"{prefix}-{i % 50}", "messageId": f"{prefix}-{i}"} for i in range(count)]
        return json.dumps({"batch": batch}).encode()
    raise SystemExit(f"@body {words}: not known")


def split_request(lines):
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    method, target = lines[0].split(" ", 1)
    headers, at = {}, 1
    while at < len(lines) and lines[at].strip():
        name, value = lines[at].split(":", 1)
        headers[name.strip()] = value.strip()
        at += 1
    return method, target, headers, "\n".join(lines[at + 1:]).encode()


def check_value(words, found, missing):
    """Whether `found` fits `== 3`, `exists`, …"""
    if words[0] in ("exists", "absent"):
        return missing == (words[0] == "absent")
    if missing:
        return False
    rest = " ".join(words[1:])
    if words[0] == "length":
        return len(found) == int(rest)
    if words[0] == "~":
        return re.search(rest, found if isinstance(found, str) else json.dumps(found)) is not None
    return COMPARE[words[0]](found, json.loads(rest))


class Player:
    def __init__(self, server):
        self.server, self.saved, self.failures = server, {}, []
        self.saved.update(server.keys)

    def fill(self, text):
        return re.sub(r"\{\{(\w+)\}\}", lambda match: str(self.saved[match.group(1)]), text)

    def play(self, step):
        key, body_words = "secret", None
        for words in step.words:
            if words[0] == "restart":
                self.server.stop()
                self.server.start()
            elif words[0] == "kill":
                self.server.kill()
                self.server.start()
            elif words[0] == "wait":
                time.sleep(float(words[1]))
            elif words[0] == "key":
                key = self.fill(words[1])
            elif words[0] == "body":
                body_words = words[1:]
        if not step.request:
            return
        method, target, headers, body = split_request([self.fill(line) for line in step.request])
        if body_words:
            body = make_body(body_words, body)
        reply = self.server.call(method, target, body or None, headers, key)
        for number, text in step.expect:
            if not self.holds(self.fill(text), reply):
                self.failures.append(f"line {number}: {step.name}: expected {text}; found {reply.status} "
                                     f"{dict(reply.headers)} {reply.body[:1500]!r}")

    def holds(self, text, reply):
        words = text.split()
        if re.fullmatch(r"\d{3}", words[0]):
            return reply.status == int(words[0])
        if words[0] == "header":
            found = reply.headers.get(words[1])
            value = [words[2], json.dumps(" ".join(words[3:]))] if words[2] == "==" else words[2:]
            return check_value(value, found, found is None)
        if words[0] == "text":
            return check_value(words[1:], reply.body.decode(errors="replace"), False)
        try:
            found, missing = select(reply.json(), words[2] if words[0] == "save" else words[0]), False
        except (KeyError, ValueError):
            found, missing = None, True
        if words[0] == "save":
            self.saved[words[1]] = found
            return not missing
        return check_value(words[1:], found, missing)


def run_script(ante, path):
    text = path.read_text()
    steps = parse_script(text)
    clock = "simulated" if re.search(r"^# clock: simulated$", text, re.M) else "system"
    settings = dict(re.findall(r"^# setting: (\w+)=(\S+)$", text, re.M))
    with AnteServer(ante, clock, settings) as server:
        player = Player(server)
        for step in steps:
            player.play(step)
    for failure in player.failures:
        print(f"{path.name}: {failure}")
    print(f"{path.name}: {len(steps)} steps, {len(player.failures)} failures")
    return not player.failures


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--ante", required=True)
    arguments.add_argument("scripts", nargs="+", type=pathlib.Path)
    options = arguments.parse_args()
    if not all([run_script(options.ante, path) for path in options.scripts]):
        sys.exit(1)


if __name__ == "__main__":
    main()
