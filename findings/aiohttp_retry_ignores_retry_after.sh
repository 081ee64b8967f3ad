#!/usr/bin/env bash
# aiohttp-retry repeats any request after 503, POST included, after 0.2 and 0.4 seconds whatever `Retry-After` says: a
# batch may be created three times, and a rate limit is met three times. Its answer is then still the refusal.
# Versions: aiohttp-retry 2.9.1 with aiohttp 3.14.5; httpx-retries 0.6.0 with httpx 0.28.1, and urllib3 2.8.0, wait as
# told, and repeat a POST only if they are asked to.
# Seen: a server refuses for two seconds and says so; below are the statuses that it answered with.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  aiohttp-retry==2.9.1 aiohttp==3.14.5 httpx-retries==0.6.0 httpx==0.28.1 urllib3==2.8.0
cat >"$work/try.py" <<'PYTHON'
import asyncio
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aiohttp_retry
import httpx
import httpx_retries
import urllib3


class Busy(BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        now = time.monotonic()
        self.server.until = self.server.until or now + 2
        status = 200 if now >= self.server.until else int(self.path[1:])
        self.server.statuses.append(status)
        self.send_response(status)
        if status != 200:
            self.send_header("Retry-After", "2")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


async def with_aiohttp_retry(method, url):
    options = aiohttp_retry.ExponentialRetry(statuses={429})
    async with aiohttp_retry.RetryClient(retry_options=options) as client, client.request(method, url):
        pass


def with_httpx_retries(method, url):
    with httpx.Client(transport=httpx_retries.RetryTransport()) as client:
        client.request(method, url)


def with_urllib3(method, url):
    urllib3.PoolManager().request(method, url)


server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
threading.Thread(target=server.serve_forever, daemon=True).start()
for method, status in (("POST", 503), ("GET", 429)):
    for name, ask in (
        ("aiohttp-retry", lambda *what: asyncio.run(with_aiohttp_retry(*what))),
        ("httpx-retries", with_httpx_retries),
        ("urllib3", with_urllib3),
    ):
        server.until, server.statuses = None, []
        ask(method, f"http://127.0.0.1:{server.server_port}/{status}")
        print(method, f"{name}:", *server.statuses)
PYTHON
cat >"$work/expected" <<'EXPECTED'
POST aiohttp-retry: 503 503 503
POST httpx-retries: 503
POST urllib3: 503
GET aiohttp-retry: 429 429 429
GET httpx-retries: 429 200
GET urllib3: 429 200
EXPECTED
"$work/venv/bin/python" "$work/try.py" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
