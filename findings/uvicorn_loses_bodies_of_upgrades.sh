#!/usr/bin/env bash
# A POST that offers an upgrade, as Java's HttpClient does with every request, reaches an app under uvicorn without its body.
# Versions: uvicorn 0.54.0 with httptools 0.9.0 and with h11 0.16.0, Python 3.11.
# Seen: with httptools the app gets an empty body and answers as if nothing had been sent; with h11 it gets the body.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check uvicorn==0.54.0 httptools==0.9.0 h11==0.16.0
cat >"$work/try.py" <<'PYTHON'
import socket
import sys
import threading
import time

import uvicorn


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(str(size)))]})
    await send({"type": "http.response.body", "body": str(size).encode()})


def ask(port, *headers):
    lines = ["POST / HTTP/1.1", "Host: localhost", "Content-Length: 11", *headers, "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode() + b'{"a": "bc"}')
        answer = b""
        while not answer.partition(b"\r\n\r\n")[2]:
            answer += connection.recv(65536)
        return answer.decode().splitlines()[-1]


server = uvicorn.Server(uvicorn.Config(app, port=0, http=sys.argv[1], log_level="critical", lifespan="off"))
threading.Thread(target=server.run, daemon=True).start()
while not server.started:
    time.sleep(0.01)
port = server.servers[0].sockets[0].getsockname()[1]
upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAB")
print(sys.argv[1], "plain:", ask(port), "bytes, with an upgrade:", ask(port, *upgrade), "bytes")
PYTHON
cat >"$work/expected" <<'EXPECTED'
httptools plain: 11 bytes, with an upgrade: 0 bytes
h11 plain: 11 bytes, with an upgrade: 11 bytes
EXPECTED
for parser in httptools h11; do "$work/venv/bin/python" -W ignore "$work/try.py" "$parser"; done >"$work/seen" 2>/dev/null
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
