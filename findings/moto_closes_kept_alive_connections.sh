#!/usr/bin/env bash
# The server of moto answers as HTTP/1.1 but closes the connection after every answer, whatever its client asks for:
# clients that keep connections alive connect anew for each call.
# Versions: moto[server] 5.2.5, Python 3.11.
# Seen: each of three answers is HTTP/1.1 with `Connection: close`, and is the last one on its connection.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'moto[server]==5.2.5'
cat >"$work/try.py" <<'PYTHON'
import http.client
import socket
import subprocess
import sys
import time

with socket.create_server(("127.0.0.1", 0)) as probe:
    port = probe.getsockname()[1]
process = subprocess.Popen(
    [sys.argv[1], "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
)
try:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    addresses = set()
    for _ in range(3):
        connection.request("GET", "/moto-api/data.json", headers={"Connection": "keep-alive"})
        addresses.add(connection.sock.getsockname())
        answer = connection.getresponse()
        answer.read()
        print(answer.status, "HTTP/1.1" if answer.version == 11 else answer.version, answer.getheader("Connection"))
    print("connections", len(addresses))
finally:
    process.terminate()
    process.wait()
PYTHON
cat >"$work/expected" <<'EXPECTED'
200 HTTP/1.1 close
200 HTTP/1.1 close
200 HTTP/1.1 close
connections 3
EXPECTED
python3 "$work/try.py" "$work/venv/bin/moto_server" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
