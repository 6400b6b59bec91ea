#!/usr/bin/env python3
"""Every route with every role, against the table in routes.txt; and what no table lists, closed.

    route_matrix.py --ante PATH
"""

import argparse
import pathlib
import re
import sys

from ante_server import AnteServer

RANK = {"anybody": 0, "publishable": 1, "secret": 2, "local": 3}
CALLERS = {"none": 0, "public": 1, "secret": 2}


def read_table(path):
    lines = [line.split() for line in path.read_text().split("\n") if line and not line.startswith("#")]
    return {(method, pattern): role for role, method, pattern in lines}


def served_routes(server):
    paths = server.call("GET", "/openapi.json").json()["paths"]
    return {(method.upper(), path): operation["x-ante-role"]
            for path, operations in paths.items() for method, operation in operations.items()}


def wanted_refusal(role, caller):
    """The status that refuses this caller; None when it may enter."""
    if RANK[role] == 0 or CALLERS[caller] >= RANK[role]:
        return None
    return 401 if caller == "none" else 403


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--ante", required=True)
    table = read_table(pathlib.Path(__file__).with_name("routes.txt"))
    failures = []
    settings = {"LIMITS__FAILED_AUTH_COST": 1, "LIMITS__NETWORK_BURST": 100000}
    with AnteServer(arguments.parse_args().ante, settings=settings) as server:
        served = served_routes(server)
        failures += [f"{route} is served and not in routes.txt" for route in served.keys() - table.keys()]
        failures += [f"{route} is in routes.txt and not served" for route in table.keys() - served.keys()]
        failures += [f"{route}: role {served[route]}, expected {table[route]}"
                     for route in served.keys() & table.keys() if served[route] != table[route]]
        for (method, pattern), role in sorted(table.items()):
            target = re.sub(r"\{\w+\}", "unauthorized", pattern)
            for caller in CALLERS:
                status = server.call(method, target, b"{}" if method in ("POST", "PUT", "PATCH") else None,
                                     key=caller).status
                refusal = wanted_refusal(role, caller)
                if status >= 500 or (refusal is not None and status != refusal) or (refusal is None and status == 401):
                    failures.append(f"{method} {target} as {caller}: {status}, expected {refusal or 'to enter'}")
        for target in ("/v1/keys", "/v1/admin", "/v1/people", "/", "/v1/../livez", "//livez", "/livez/"):
            status = server.call("GET", target, key="secret").status
            if status != 404:
                failures.append(f"GET {target}: {status}, expected 404")
    for failure in failures:
        print(f"route_matrix: {failure}")
    print(f"route_matrix: {len(table)} routes, {len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
