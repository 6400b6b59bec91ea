#!/usr/bin/env python3
"""Bytes that no polite client sends: framing, sizes, slowness, pipelining, files and exit codes.

    raw_http.py --ante PATH
"""

import argparse
import concurrent.futures
import gzip
import json
import os
import socket
import stat
import subprocess
import sys
import time

from ante_server import AnteServer

GIGABYTE = 1 << 30
PIECE = b"x" * (1 << 20)


def status_of(answer):
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0


def head(server, request, *lines, key="secret"):
    auth = [f"{name}: {value}" for name, value in server.key_header(key).items()]
    return "\r\n".join([request, "Host: localhost", *auth, *lines, "", ""]).encode()


def check_framing(server, check):
    both = head(server, "POST /v1/track HTTP/1.1", "Content-Length: 2", "Transfer-Encoding: chunked") + b"0\r\n\r\n"
    answer = server.raw(both)
    check("CL and TE together are refused", status_of(answer), 400)
    check("and the connection closes", b"Connection: close" in answer, True)
    check("the refusal is a problem", b"/problems/bad-request" in answer, True)
    check("two lengths", status_of(server.raw(
        head(server, "POST /v1/track HTTP/1.1", "Content-Length: 2", "Content-Length: 3") + b"{}")), 400)
    check("no Host", status_of(server.raw(b"GET /livez HTTP/1.1\r\n\r\n")), 400)
    check("two Hosts", status_of(server.raw(b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")), 400)
    check("Transfer-Encoding gzip", status_of(server.raw(
        head(server, "POST /v1/track HTTP/1.1", "Transfer-Encoding: gzip") + b"{}")), 400)
    check("a folded header", status_of(server.raw(
        b"GET /livez HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\nConnection: close\r\n\r\n")), 400)
    check("no HTTP at all", status_of(server.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")), 400)
    check("a chunk of nonsense", status_of(server.raw(
        head(server, "POST /v1/track HTTP/1.1", "Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n")), 400)
    check("a long head", status_of(server.raw(
        head(server, "GET /livez HTTP/1.1", "X-Long: " + "x" * 20000))), 431)
    check("many headers", status_of(server.raw(
        head(server, "GET /livez HTTP/1.1", *[f"X-{i}: 1" for i in range(150)]))), 431)


def check_sizes(server, check):
    length = head(server, "POST /v1/batch HTTP/1.1", f"Content-Length: {GIGABYTE}")
    check("1 GB by Content-Length", status_of(server.raw(length, [PIECE] * 4)), 413)
    chunk = b"100000\r\n" + PIECE + b"\r\n"
    chunked = head(server, "POST /v1/batch HTTP/1.1", "Transfer-Encoding: chunked")
    check("1 GB in chunks", status_of(server.raw(chunked, (chunk for _ in range(GIGABYTE >> 20)))), 413)
    bomb = gzip.compress(b"0" * (256 << 20), 9)
    packed = head(server, "POST /v1/batch HTTP/1.1", "Content-Encoding: gzip", f"Content-Length: {len(bomb)}")
    check("a gzip bomb", status_of(server.raw(packed + bomb)), 413)
    large = head(server, "POST /v1/items:import HTTP/1.1", f"Content-Length: {32 << 20}", key="public")
    check("a large import without the right key", status_of(server.raw(large, [PIECE])), 413)
    lines = b"".join(b'{"id":"big-%d","title":"t"}\n' % i for i in range(60000))
    reply = server.call("POST", "/v1/items:import", lines, key="secret")
    check("a large import with it", reply.json().get("accepted"), 60000)


def check_connections(server, check):
    one = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
    last = b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answer = server.raw(one * 500 + last)
    check("500 requests in one write", answer.count(b"HTTP/1.1 200 OK"), 501)
    event = json.dumps({"event": "e", "anonymousId": "p", "messageId": "pipe"}).encode()
    post = head(server, "POST /v1/track HTTP/1.1", f"Content-Length: {len(event)}") + event
    answer = server.raw(post + one + last)
    check("answers come in the order of the requests", answer.index(b"accepted") < answer.index(b"alive"), True)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as slow:
        slow.sendall(b"GET /livez HTTP/1.1\r\nHost:")
        began = time.monotonic()
        answer = slow.recv(65536)
        check("a head that never ends", status_of(answer), 408)
        check("within the header timeout", time.monotonic() - began < 10, True)
    check("HEAD has no body", server.raw(b"HEAD /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
          .endswith(b"\r\n\r\n"), True)
    check("HTTP/1.0 closes", server.raw(b"GET /livez HTTP/1.0\r\n\r\n").count(b"HTTP/1.1 200"), 1)


def check_duplicates(server, check):
    body = json.dumps({"event": "e", "anonymousId": "dup", "messageId": "same"}).encode()

    def send(_):
        return server.call("POST", "/v1/track", body, key="public").json()

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(send, range(64)))
    check("one of 64 connections stores it", sum(reply["accepted"] for reply in replies), 1)
    check("the others are duplicates", sum(reply.get("duplicates", 0) for reply in replies), 63)


def check_files(server, check):
    check("the secrets are the owner's", stat.S_IMODE(os.stat(f"{server.data}/secrets").st_mode), 0o600)
    check("and the socket", stat.S_IMODE(os.stat(f"{server.data}/ante.sock").st_mode), 0o600)
    with open(f"{server.data}/secrets", "rb") as secrets:
        check("no key is stored as text", server.keys["secretKey"].encode() in secrets.read(), False)
    found = subprocess.run(["grep", "-rlF", server.keys["secretKey"], server.data], capture_output=True, check=False)
    check("nowhere in the directory", found.stdout, b"")


def check_commands(server, check):
    slots = json.loads(server.command("slot", "list", "--json").stdout)
    check("slots made by init", [slot["name"] for slot in slots["data"]], ["article-end", "cart", "home"])
    decided = server.command("decide", "--as", "nobody", "--slot", "home", "--explain")
    check("decide", decided.returncode, 0)
    check("an unknown slot ends with 3", server.command("decide", "--as", "x", "--slot", "hom").returncode, 3)
    wrong = server.command("sevre")
    check("a wrong word ends with 2", wrong.returncode, 2)
    check("and a suggestion", "serve" in wrong.stderr, True)
    check("init again is refused", server.command("init").returncode, 4)
    check("no directory ends with 3", server.command("slot", "list", data=server.folder + "/none").returncode, 3)
    check("rebuild beside a server is refused", server.command("verify", "--rebuild").returncode, 4)
    check("verify beside a server", server.command("verify").returncode, 0)
    copy = server.folder + "/copy"
    check("backup of a running server", server.command("backup", copy).returncode, 0)
    check("the copy folds to the same", server.command("verify", "--rebuild", data=copy).returncode, 0)
    check("a message is found in it", server.command("verify", "--find", "dup/same", data=copy).returncode, 0)
    check("another is not", server.command("verify", "--find", "dup/other", data=copy).returncode, 3)
    os.unlink(f"{server.data}/ante.sock")
    check("locked and no socket ends with 5", server.command("slot", "list").returncode, 5)
    check("config has bounds", server.command("config", "set", "http.threads", "9999").returncode, 1)
    check("config suggests", "http.threads" in server.command("config", "set", "http.thread", "2").stderr, True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--ante", required=True)
    failures = []

    def check(what, found, wanted):
        if found != wanted:
            failures.append(what)
            print(f"raw_http: {what}: expected {wanted!r}, found {found!r}")

    with AnteServer(arguments.parse_args().ante, settings={"HTTP__HEADER_TIMEOUT_MS": 1000}) as server:
        for part in (check_framing, check_sizes, check_connections, check_duplicates, check_files, check_commands):
            part(server, check)
    print(f"raw_http: {len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
