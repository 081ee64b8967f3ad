"""A client that a generator made of the emulator's own document exports two batches to a CSV file (contract K)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from reprompt_mock import RepromptMock

GENERATOR = "openapi-python-client==0.29.1"
CLIENT = """
import csv
import sys

from reprompt_place_enrichment_api_emulated_client import AuthenticatedClient
from reprompt_place_enrichment_api_emulated_client.api.batches import create_batch
from reprompt_place_enrichment_api_emulated_client.api.exports import create_export, download_export, get_export
from reprompt_place_enrichment_api_emulated_client.models import CreateExportRequest, PlaceBatchPayload

url, key, org, step = sys.argv[1:]
client = AuthenticatedClient(base_url=url.removesuffix("/v1"), token=key, follow_redirects=True)
if step == "create":
    for name in ("one", "two"):
        jobs = [{"place_id": f"{name}-{number}", "inputs": {"name": "Shop", "full_address": None, "country_code": None,
                 "latitude": 48.1, "longitude": 11.5, "input_type": "place"}} for number in range(3)]
        body = {"batch_name": name, "batch_id": name, "attribute_set": "core", "jobs": jobs}
        assert create_batch.sync_detailed(org, client=client, body=PlaceBatchPayload.from_dict(body)).status_code == 200
elif step == "export":
    body = CreateExportRequest(batch_ids=["one", "two"])
    made = create_export.sync_detailed(org, client=client, body=body, idempotency_key="k")
    assert (made.status_code, made.parsed.status) == (202, "queued"), made
    again = create_export.sync_detailed(org, client=client, body=body, idempotency_key="k")
    assert again.parsed.id == made.parsed.id
    print(made.parsed.id)
else:
    export = get_export.sync(org, step, client=client)
    assert export.status == "completed", export
    downloaded = download_export.sync_detailed(org, step, client=client)
    with open("places.csv", "wb") as file:
        file.write(downloaded.content)
    with open("places.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["batch_id"], row["place_id"], row["status"]) for row in rows] == [
        (name, f"{name}-{number}", "completed") for name in ("one", "two") for number in range(3)
    ], rows
"""


def test_a_generated_client_exports_two_batches(tmp_path: Path) -> None:
    """Contract K: create with a key, repeat, poll, follow the redirect."""
    packages, folder = tmp_path / "packages", tmp_path / "client"
    run(
        tmp_path, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(packages), GENERATOR
    )
    with RepromptMock(clock="paused", export_inline_rows=1) as mock:
        command = ["generate", "--url", f"{mock.url}/openapi.json", "--output-path", str(folder)]
        run(tmp_path, "-m", "openapi_python_client", *command, path=packages)

        def step(name: str) -> str:
            return run(tmp_path, "-c", CLIENT, mock.base_url, mock.api_key, mock.org_slug, name, path=packages)

        step("create")
        mock.clock.settle()
        export = step("export").strip()
        mock.clock.settle()
        step(export)


def run(folder: Path, *arguments: str, path: Path | None = None) -> str:
    """Run Python in a folder, with the packages of another one and the generated client; gives what it printed."""
    environment = {"PYTHONPATH": f"{path}:{folder / 'client'}", "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment if path else None,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
