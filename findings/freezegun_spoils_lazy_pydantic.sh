#!/usr/bin/env bash
# A freeze that begins after a bare `import pydantic` leaves pydantic unable to make a model with a datetime, for good.
# Versions: freezegun 1.5.5, pydantic 2.14.4, Python 3.11.
# Seen: freezegun looks through the attributes of all modules, at which pydantic loads its parts, then under the false
# classes; its table of types has those for keys after the freeze, too. With `from pydantic import BaseModel` it has not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check freezegun==1.5.5 pydantic==2.14.4
cat >"$work/try.py" <<'PYTHON'
import sys

if sys.argv[1] == "bare":
    import pydantic
else:
    from pydantic import BaseModel  # noqa: F401
    import pydantic

from freezegun import freeze_time

with freeze_time("2020-02-02"):
    pass

from datetime import datetime

try:
    pydantic.create_model("Visit", at=datetime)
    print("a model with a datetime is made")
except pydantic.errors.PydanticSchemaGenerationError as error:
    print(str(error).partition(". ")[0])
PYTHON
cat >"$work/expected" <<'EXPECTED'
Unable to generate pydantic-core schema for <class 'datetime.datetime'>
a model with a datetime is made
EXPECTED
for import in bare used; do "$work/venv/bin/python" "$work/try.py" "$import"; done >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
