#!/usr/bin/env bash
# Parameters that are passed to httpx replace the query of the address instead of joining it, even if they are empty: a
# filter in the address is lost in silence, and everything comes back.
# Versions: httpx 0.28.1, httpx2 2.16.2; requests 2.34.2 and niquests 3.21.2 join both.
# Seen: `/jobs?batchId=spring` becomes `/jobs?limit=10` with a limit, of the request or the client, and `/jobs` with {}.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  httpx==0.28.1 httpx2==2.16.2 requests==2.34.2 niquests==3.21.2
cat >"$work/try.py" <<'PYTHON'
import httpx
import httpx2
import niquests
import requests

ADDRESS = "http://example.com/jobs?batchId=spring"


def asked(library, params, of_client):
    if library in (requests, niquests):
        session = library.Session()
        session.params = of_client
        return session.prepare_request(library.Request("GET", ADDRESS, params=params)).path_url
    return library.Client(params=of_client).build_request("GET", ADDRESS, params=params).url.raw_path.decode()


for library in (httpx, httpx2, requests, niquests):
    seen = asked(library, {"limit": 10}, {}), asked(library, {}, {}), asked(library, None, {"limit": 10})
    print(library.__name__, *seen)
PYTHON
cat >"$work/expected" <<'EXPECTED'
httpx /jobs?limit=10 /jobs /jobs?limit=10
httpx2 /jobs?limit=10 /jobs /jobs?limit=10
requests /jobs?batchId=spring&limit=10 /jobs?batchId=spring /jobs?batchId=spring&limit=10
niquests /jobs?batchId=spring&limit=10 /jobs?batchId=spring /jobs?batchId=spring&limit=10
EXPECTED
"$work/venv/bin/python" "$work/try.py" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
