"""A server of its own for a bench or a test: initialised, started, watched, killed, restarted."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
READY_TIMEOUT_S = 120
STOP_TIMEOUT_S = 60


def find_program(name, given=None):
    """A built program: the one given, or of the release or dev build."""
    places = [given] if given else [ROOT / "build" / preset / folder / name
                                    for preset in ("release", "dev") for folder in ("", "bench")]
    for place in places:
        if place and pathlib.Path(place).is_file():
            return str(pathlib.Path(place).resolve())
    raise SystemExit(f"{name} is not built: run ./dev build, or say where it is")


def commit_of_tree():
    """The commit that was built, with a + when the tree differs from it."""
    def git(*arguments):
        return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True).stdout.strip()
    commit = git("rev-parse", "--short=12", "HEAD") or "unknown"
    return commit + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class AnteServer:
    """One data directory and the process that serves it. Use as a context manager."""

    def __init__(self, ante, data, clock=None, options=()):
        self.ante, self.data, self.clock, self.options = ante, str(data), clock, list(options)
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.process = None
        self.public_key = self.secret_key = None
        self.log_path = None

    def init(self):
        reply = subprocess.run([self.ante, "init", "--data", self.data, "--json"], capture_output=True, text=True)
        if reply.returncode != 0:
            raise RuntimeError(f"ante init: exit {reply.returncode}: {reply.stderr}")
        keys = json.loads(reply.stdout)
        self.public_key, self.secret_key = keys["publicKey"], keys["secretKey"]
        return self

    def start(self, wait=True):
        """Starts the server; returns the seconds until it was ready."""
        command = [self.ante, "serve", "--data", self.data, "--listen", self.address, *self.options]
        if self.clock:
            command += ["--clock", self.clock]
        if self.log_path is None:
            self.log_path = tempfile.mkstemp(prefix="ante-server-", suffix=".log")[1]
        begin = time.monotonic()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if wait:
            self.wait_ready()
        return time.monotonic() - begin

    def wait_ready(self):
        until = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.log_tail()}")
            with contextlib.suppress(OSError):
                if self.call("GET", "/readyz", timeout=2)[0] == 200:
                    return
            time.sleep(0.005)
        raise RuntimeError(f"not ready after {READY_TIMEOUT_S} s:\n{self.log_tail()}")

    def log_tail(self, size=3000):
        return pathlib.Path(self.log_path).read_text(errors="replace")[-size:]

    def call(self, method, path, body=None, headers=None, timeout=30):
        """(status, headers, body) of one request with the secret key; OSError when there is no answer."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.address}{path}", data=data, method=method)
        request.add_header("Authorization", f"Bearer {self.secret_key}")
        request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as reply:
                return reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.headers, refusal.read()
        except urllib.error.URLError as error:
            raise OSError(str(error)) from error

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """A clean stop; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.kill9()
        return self.process.returncode

    def command(self, *arguments):
        """Runs `ante …` on the data directory; the finished process."""
        return subprocess.run([self.ante, *arguments, "--data", self.data], capture_output=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.kill9()
        if self.log_path:
            os.unlink(self.log_path)
        return False


@contextlib.contextmanager
def scratch_folder(parent=None):
    """A new folder that is gone afterwards; on the disk of `parent` (the build folder) by default."""
    parent = pathlib.Path(parent or ROOT / "build")
    parent.mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="scratch-", dir=parent)
    try:
        yield pathlib.Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_result(name, report):
    """Keeps a report under bench/results and prints where."""
    path = ROOT / "bench" / "results" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(f"wrote {path.relative_to(ROOT)}")


def finish(report, name=None):
    """Prints a report, keeps it as `name` if that is given, and says how the program is to exit."""
    print(json.dumps(report, indent=1))
    if name:
        write_result(name, report)
    return 0 if all(report["verdicts"].values()) else 1
