#!/usr/bin/env bash
# With `allow_playback_repeats`, meant for playing an answer more than once, vcrpy plays only the first of several answers
# to the same request: a client that polls never sees a batch complete, even while it is being recorded.
# Versions: vcrpy 9.4.2, requests 2.34.2, Python 3.11.
# Seen: four polls, of which the third completes, are recorded and played as they were. With repeats all four are pending
# when played, and when recorded, where the server saw a single poll.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check vcrpy==9.4.2 requests==2.34.2
cat >"$work/try.py" <<'PYTHON'
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import requests
import vcr


class Batch(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.polls += 1
        body = b"completed" if self.server.polls > 2 else b"pending"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Batch)
threading.Thread(target=server.serve_forever, daemon=True).start()


def poll(what, cassette, **options):
    server.polls = 0
    with vcr.use_cassette(f"{sys.argv[1]}/{cassette}.yaml", **options):
        seen = [requests.get(f"http://127.0.0.1:{server.server_port}/batches/spring").text for _ in range(4)]
    print(f"{what}:", *seen, "- polls of the server:", server.polls)


poll("recorded", "one")
poll("played", "one")
poll("played with repeats", "one", allow_playback_repeats=True)
poll("recorded with repeats", "two", allow_playback_repeats=True)
PYTHON
cat >"$work/expected" <<'EXPECTED'
recorded: pending pending completed completed - polls of the server: 4
played: pending pending completed completed - polls of the server: 0
played with repeats: pending pending pending pending - polls of the server: 0
recorded with repeats: pending pending pending pending - polls of the server: 1
EXPECTED
"$work/venv/bin/python" "$work/try.py" "$work" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
