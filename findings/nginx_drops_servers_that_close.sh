#!/usr/bin/env bash
# Two servers close one connection each without an answer, and are well otherwise. nginx repeats the GET on the second,
# so that one request uses up both faults, and then answers 502 to everything for ten seconds without asking any server.
# Versions: nginx 1.22.1 from Debian 12, Python 3.11.
# Seen: by default four GETs get 502 and each server saw one request; with `proxy_next_upstream off` and `max_fails=0`
# the first two get 502, the others 200, and each server saw two.
set -euo pipefail
nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || { echo "nginx is needed: apt-get install nginx-light" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/try.py" <<'PYTHON'
import http.client
import itertools
import socket
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

nginx, folder = sys.argv[1:]


class Closing(BaseHTTPRequestHandler):
    """Closes the first connection without an answer, then answers."""

    def do_GET(self):
        self.server.seen += 1
        if self.server.seen > 1:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_):
        pass


def started():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Closing)
    server.seen = 0
    Thread(target=server.serve_forever, daemon=True).start()
    return server


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def status(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    return connection.getresponse().status


def tried(name, location, server):
    servers, port = [started(), started()], free_port()
    upstream = " ".join(f"server 127.0.0.1:{one.server_port} {server};" for one in servers)
    config = f"{folder}/{name}.conf"
    with open(config, "w") as file:
        file.write(
            f"daemon off; pid {config}.pid; error_log /dev/null; worker_processes 1; events {{}}\n"
            f"http {{ access_log off; upstream both {{ {upstream} }}\n"
            f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://both; {location} }} }} }}\n"
        )
    process = subprocess.Popen([nginx, "-c", config], stderr=subprocess.DEVNULL)
    for _ in itertools.repeat(None, 100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.05)
    print(name, *(status(port) for _ in range(4)), "seen", *(one.seen for one in servers))
    process.terminate()
    process.wait()


tried("default", "", "")
tried("off", "proxy_next_upstream off;", "max_fails=0")
PYTHON
cat >"$work/expected" <<'EXPECTED'
default 502 502 502 502 seen 1 1
off 502 502 200 200 seen 2 2
EXPECTED
python3 "$work/try.py" "$nginx" "$work" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
