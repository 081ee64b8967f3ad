#!/usr/bin/env bash
# A sequence of answers, as for a batch that is polled, belongs to the route in Mockoon: all batches share one count, so
# that polling one moves the others on, and after the last answer the first follows.
# Versions: @mockoon/cli 9.9.0, Python 3.11, any supported Node.js.
# Seen: the very first poll of a batch is answered with in_progress, that of a batch that had completed with pending.
set -euo pipefail
command -v npm >/dev/null || { echo "npm is needed: apt-get install npm" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-fund --no-audit --prefix "$work" @mockoon/cli@9.9.0 >/dev/null
cat >"$work/places.json" <<'JSON'
{
  "name": "Places",
  "routes": [
    {
      "uuid": "poll",
      "type": "http",
      "method": "get",
      "endpoint": "batches/:batch_id",
      "responseMode": "SEQUENTIAL",
      "responses": [
        {"uuid": "first", "statusCode": 200, "bodyType": "INLINE", "body": "pending", "default": true},
        {"uuid": "second", "statusCode": 200, "bodyType": "INLINE", "body": "in_progress"},
        {"uuid": "third", "statusCode": 200, "bodyType": "INLINE", "body": "completed"}
      ]
    }
  ],
  "rootChildren": [{"type": "route", "uuid": "poll"}]
}
JSON
cat >"$work/try.py" <<'PYTHON'
import http.client
import socket
import subprocess
import sys
import time

mockoon, file = sys.argv[1:]
with socket.create_server(("127.0.0.1", 0)) as probe:
    port = probe.getsockname()[1]
options = ["--hostname", "127.0.0.1", "--port", str(port), "--repair", "--disable-log-to-file"]
process = subprocess.Popen(
    [mockoon, "start", "--data", file, *options],
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
)
try:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)
    for batch in ("spring", "autumn", "spring", "spring"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", f"/batches/{batch}")
        print(batch, connection.getresponse().read().decode())
finally:
    process.terminate()
    process.wait()
PYTHON
cat >"$work/expected" <<'EXPECTED'
spring pending
autumn in_progress
spring completed
spring pending
EXPECTED
python3 "$work/try.py" "$work/node_modules/.bin/mockoon-cli" "$work/places.json" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
