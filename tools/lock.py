"""Write constraints.txt: the versions of everything that the package and its tests install, as pip resolves them now.

It holds names and versions alone. Whatever another system or Python needs besides is not pinned, and resolved there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = ROOT / "constraints.txt"
HEAD = (
    "# Written by `make lock`: the versions that `make test` and the image install. `make test LOCK=` goes without.\n"
)


def resolved(requirement: str) -> dict[str, str]:
    """Return the versions that pip would install for a requirement in an empty environment, by name."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-"]
    report = subprocess.run([*command, requirement], check=True, capture_output=True, text=True, cwd=ROOT)
    found = (one["metadata"] for one in json.loads(report.stdout)["install"])
    return {one["name"].lower().replace("_", "-"): one["version"] for one in found if one["name"] != "reprompt-mock"}


def main() -> int:
    """Write the file."""
    pins = [f"{name}=={version}\n" for name, version in sorted(resolved(".[test]").items())]
    FILE.write_text(HEAD + "".join(pins), encoding="utf-8")
    print(f"wrote {FILE.name}: {len(pins)} packages")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
