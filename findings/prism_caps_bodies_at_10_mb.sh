#!/usr/bin/env bash
# A mock server of an API without a limit answers 413 to a valid body above 10 MB, and no option changes the limit.
# Versions: @stoplight/prism-cli 5.14.2, Python 3.11, any supported Node.js.
# Seen: 200 to a valid body of 9 MB, 413 "Body exceeded 10mb limit" to one of 11 MB; `mock --help` names no limit.
set -euo pipefail
command -v npm >/dev/null || { echo "npm is needed: apt-get install npm" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-fund --no-audit --prefix "$work" @stoplight/prism-cli@5.14.2 >/dev/null
cat >"$work/api.json" <<'JSON'
{
  "openapi": "3.0.3",
  "info": {"title": "Notes", "version": "1"},
  "paths": {
    "/notes": {
      "post": {
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"type": "object", "properties": {"text": {"type": "string"}}}}}
        },
        "responses": {
          "200": {
            "description": "Stored.",
            "content": {"application/json": {"schema": {"type": "object"}, "example": {"stored": true}}}
          }
        }
      }
    }
  }
}
JSON
cat >"$work/try.py" <<'PYTHON'
import http.client
import json
import socket
import subprocess
import sys
import time

prism, document = sys.argv[1:]
with socket.create_server(("127.0.0.1", 0)) as probe:
    port = probe.getsockname()[1]
process = subprocess.Popen(
    [prism, "mock", "--host", "127.0.0.1", "--port", str(port), document],
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
    for megabytes in (9, 11):
        body = json.dumps({"text": "x" * megabytes * 10**6})
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/notes", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        print(megabytes, "MB:", answer.status, told["error"]["message"] if "error" in told else told)
finally:
    process.terminate()
    process.wait()
usage = subprocess.run([prism, "mock", "--help"], capture_output=True, text=True, check=True)
words = ("limit", "size", "body")
print("options:", *(word for word in words if word in (usage.stdout + usage.stderr).lower()))
PYTHON
cat >"$work/expected" <<'EXPECTED'
9 MB: 200 {'stored': True}
11 MB: 413 Body exceeded 10mb limit
options:
EXPECTED
python3 "$work/try.py" "$work/node_modules/.bin/prism" "$work/api.json" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
