"""Run programs, each in a process that is forked from one that has loaded pytest and the emulator already.

A session of pytest that starts from nothing takes more than a second for imports alone.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

OPTIONS = (
    *("-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:faker", "-p", "no:anyio", "-p", "no:pytest_cov"),
    *("-p", "no:hypothesispytest", "-p", "no:schemathesis"),
)
"""The order of the tests is that of the file; what is not needed is not loaded, which takes two seconds."""
_WARM = "import httpx2\n\ndef test_that_loads_everything(reprompt_mock): reprompt_mock.clock.settle()\n"


def _load_everything() -> None:
    # By a session, since pytest warns of modules that were loaded before it could rewrite their assertions.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_warm.py").write_text(_WARM, encoding="utf-8")
        code = pytest.main([*OPTIONS, "-q", "--rootdir", folder, "-c", os.devnull, folder])
    if code:
        sys.exit(code)
    del sys.modules["test_warm"]
    gc.collect()
    gc.freeze()


def _become_a_program(order: dict[str, Any]) -> None:
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    for number, file in enumerate((os.devnull, *order["outputs"])):
        os.dup2(os.open(file, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.path.insert(0, order["folder"])
    sys.argv = ["program", *order["arguments"]]
    exec(compile(order["program"], "program", "exec"), {"__name__": "__main__"})


def _main() -> int:
    with open(os.dup(1), "w", encoding="utf-8") as answers:  # noqa: PTH123 - a descriptor, not a path
        os.dup2(2, 1)
        _load_everything()
        print("ready", file=answers, flush=True)
        for line in sys.stdin:
            child = os.fork()
            if not child:
                _become_a_program(json.loads(line))
                return 0
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
