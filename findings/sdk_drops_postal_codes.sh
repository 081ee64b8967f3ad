#!/usr/bin/env bash
# The vendor's SDK lower-cases a data frame's columns and then looks for `postalCode`: postal codes are never sent, in silence.
# Versions: reprompt 0.0.12.0 with pandas 3.1.1, Python 3.11.
# Seen: the job has street and city, and no postal code.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'reprompt[pandas]==0.0.12.0' pandas==3.1.1
cat >"$work/try.py" <<'PYTHON'
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pandas
from reprompt import RepromptClient

ANSWER = {"id": "b", "batch_name": "b", "status": "pending", "created_at": "2026-01-01T00:00:00Z", "metadata": None}
ANSWER["jobs"] = {"pending": [], "queued": [], "in_progress": [], "completed": [], "failed": []}
sent = []


class Capture(BaseHTTPRequestHandler):
    def do_POST(self):
        sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Capture)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/v1"
client = RepromptClient(api_key="k", org_slug="acme", base_url=url, allow_writes=True)

frame = pandas.read_csv(io.StringIO("""place_id,name,street,city,postalCode\nstore-1,Shop,Main St,Boston,02134\n"""), dtype=str)
try:
    client.batches.create_from_dataframe(frame, batch_name="Stores", attributes=["websites"])
    for job in sent[0]["jobs"]:
        print(json.dumps(job))
except ValueError as error:
    print(error)
PYTHON
cat >"$work/expected" <<'EXPECTED'
{"place_id": "store-1", "inputs": {"name": "Shop", "street": "Main St", "city": "Boston"}}
EXPECTED
"$work/venv/bin/python" -W ignore "$work/try.py" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
