#!/usr/bin/env bash
# `sslrootcert=system` trusts nobody with psycopg's binary wheel: its OpenSSL looks for certificates in a folder of the
# machine that built it. A file has to be named: `sslrootcert=/etc/ssl/certs/ca-certificates.crt`, or `SSL_CERT_FILE`.
# Versions: psycopg 3.3.9 with psycopg-binary 3.3.9 (libpq 18), Python 3.11.
# Seen: both default places are below /usr/lib/psycopg-openssl, which no machine has, while Python's own OpenSSL has some.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check psycopg==3.3.9 psycopg-binary==3.3.9 typing_extensions==4.16.0
cat >"$work/try.py" <<'PYTHON'
import ctypes
from pathlib import Path

import psycopg  # which must come first
import psycopg_binary

(file,) = (Path(psycopg_binary.__file__).parents[1] / "psycopg_binary.libs").glob("libcrypto*")
libcrypto = ctypes.CDLL(str(file))
for function in (libcrypto.X509_get_default_cert_file, libcrypto.X509_get_default_cert_dir):
    function.restype = ctypes.c_char_p
    path = Path(function().decode())
    print(path, "exists" if path.exists() else "does not exist")
PYTHON
cat >"$work/expected" <<'EXPECTED'
/usr/lib/psycopg-openssl/cert.pem does not exist
/usr/lib/psycopg-openssl/certs does not exist
EXPECTED
"$work/venv/bin/python" "$work/try.py" >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
