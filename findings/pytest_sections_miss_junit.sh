#!/usr/bin/env bash
# What a plugin adds to a report's sections is shown in the terminal, and is missing from the JUnit file that CI shows.
# Versions: pytest 9.2.0, Python 3.11.
# Seen: the section is printed; the XML has none of it. A section added to the failure itself reaches both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pytest==9.2.0
cat >"$work/conftest.py" <<'PYTHON'
import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        report.sections.append(("requests", "added to the sections"))
        report.longrepr.addsection("requests", "added to the failure")
    return report
PYTHON
printf 'def test_that_fails():\n    assert False\n' >"$work/test_it.py"
cat >"$work/expected" <<'EXPECTED'
terminal: sections yes, failure yes
junit: sections no, failure yes
EXPECTED
(cd "$work" && "$work/venv/bin/python" -m pytest -p no:cacheprovider --junitxml=report.xml test_it.py >terminal 2>&1) || true
has() { grep -q "$2" "$work/$1" && echo yes || echo no; }
{
  echo "terminal: sections $(has terminal 'added to the sections'), failure $(has terminal 'added to the failure')"
  echo "junit: sections $(has report.xml 'added to the sections'), failure $(has report.xml 'added to the failure')"
} >"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "It behaves otherwise now." >&2; exit 1; }
