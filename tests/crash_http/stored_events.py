"""What a server says it stored, read back over its own API, beside what a ledger says was sent."""

import collections
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

LEDGER_ID = re.compile(rb'"ledger"\s*:\s*"([^"\\]+)"')


def stored_ids(server, person):
    """The ledger ids in a person's export, as often as they stand there."""
    status, _, body = server.call("GET", f"/v1/people/anonymous:{person}/export", timeout=120)
    if status == 404:
        return []
    if status != 200:
        raise RuntimeError(f"export of {person}: {status} {body[:300]!r}")
    return [found.decode() for found in LEDGER_ID.findall(body)]


def read_ledger(path):
    """{person: {id: status}} of a ledger file."""
    ledger = collections.defaultdict(dict)
    with open(path) as lines:
        for line in lines:
            status, person, name = line.split()
            ledger[person][name] = status
    return ledger


def compare(server, ledger):
    """Counts of acked, stored, lost, twice and ghost over all people of the ledger."""
    counts = collections.Counter()
    examples = collections.defaultdict(list)
    for person, statuses in sorted(ledger.items()):
        stored = collections.Counter(stored_ids(server, person))
        counts["stored"] += sum(stored.values())
        for name, status in statuses.items():
            counts[status] += 1
            if status == "acked" and stored[name] == 0:
                counts["lost"] += 1
                examples["lost"].append(f"{person} {name}")
            if status == "rejected" and stored[name] > 0:
                counts["rejectedButStored"] += 1
                examples["rejectedButStored"].append(f"{person} {name}")
            if status == "unknown" and stored[name] > 0:
                counts["unknownButStored"] += 1
        for name, times in stored.items():
            if times > 1:
                counts["twice"] += 1
                examples["twice"].append(f"{person} {name}")
            if name not in statuses:
                counts["ghost"] += 1
                examples["ghost"].append(f"{person} {name}")
    report = {key: counts[key] for key in ("acked", "rejected", "unknown", "stored", "lost", "twice", "ghost",
                                           "rejectedButStored", "unknownButStored")}
    report["examples"] = {key: names[:5] for key, names in examples.items()}
    return report
