"""One `ante` in a temporary directory, and raw HTTP to it. No product code: the binary is the subject."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class AnteServer:
    """A data directory and the process that serves it; a context manager."""

    def __init__(self, ante, clock="system", settings=None):
        self.ante, self.clock, self.settings = ante, clock, settings or {}
        self.folder = tempfile.mkdtemp(prefix="ante-api-")
        self.data = os.path.join(self.folder, "data")
        self.process = None
        self.port = None

    def __enter__(self):
        made = self.command("init", "--json")
        if made.returncode != 0:
            raise RuntimeError(f"ante init: {made.returncode}: {made.stderr}")
        self.keys = json.loads(made.stdout)
        self.start()
        return self

    def __exit__(self, *_):
        try:
            code = self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        if code != 0:
            raise RuntimeError(f"the server ended with {code}: {self.log}")

    def command(self, *arguments, data=None):
        return subprocess.run([self.ante, *arguments, "--data", data or self.data], capture_output=True, text=True,
                              check=False)

    def start(self):
        self.log_path = pathlib.Path(self.folder, "log")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = dict(os.environ, **{f"ANTE_{name}": str(value) for name, value in self.settings.items()})
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.ante, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", "--clock", self.clock],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)
        until = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}: {self.log}")
            try:
                if self.call("GET", "/readyz").status == 200:
                    return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"not ready after {READY_TIMEOUT_S} s: {self.log}")

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")[-3000:]

    def stop(self, how=signal.SIGTERM):
        if self.process is None or self.process.poll() is not None:
            return 0 if self.process is None else self.process.returncode
        self.process.send_signal(how)
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def kill(self):
        self.stop(signal.SIGKILL)

    def key_header(self, key):
        named = {"secret": self.keys["secretKey"], "public": self.keys["publicKey"]}
        return {} if key == "none" else {"Authorization": f"Bearer {named.get(key, key)}"}

    def call(self, method, target, body=None, headers=None, key="none", timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, target, body=body, headers={**self.key_header(key), **(headers or {})})
            reply = connection.getresponse()
            return Reply(reply.status, reply.headers, reply.read())
        finally:
            connection.close()

    def raw(self, data, more=(), timeout=30):
        """Sends bytes as they are, then the pieces of `more` until the server answers; all it says."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            try:
                connection.sendall(data)
                for piece in more:
                    connection.sendall(piece)
            except OSError:
                pass  # it refused and closed: what it said is what counts
            answer = b""
            try:
                while piece := connection.recv(65536):
                    answer += piece
            except OSError:
                pass
            return answer
