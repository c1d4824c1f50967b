"""The wheel is what people get: it holds the package, all of it and nothing else, and it works by itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = "django_bgsync/static/django_bgsync"

INDISPENSABLE = {
    "django_bgsync/py.typed",
    "django_bgsync/migrations/0001_initial.py",
    "django_bgsync/templates/django_bgsync/service_worker.js",
    "django_bgsync/templates/admin/django_bgsync/app_index.html",
    *(f"{STATIC}/admin/{name}" for name in ("admin.css", "charts.js", "chart.umd.min.js", "chart.LICENSE.txt")),
    *(
        f"{STATIC}/{name}{end}"
        for name in ("bgsync", "bgsync-engine", "bgsync-worker")
        for end in (".js", ".min.js", ".min.js.map")
    ),
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel as a release builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    run(["-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)], cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_contents(wheel):
    """Every file of the package is in it, and no file from beside the package."""
    packed = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    package = {path for path in (ROOT / "django_bgsync").rglob("*") if path.is_file()}

    assert packed == {path.relative_to(ROOT).as_posix() for path in package if path.suffix != ".pyc"}
    assert INDISPENSABLE - packed == set()


def test_metadata(wheel):
    """It asks for four packages; everything else is an extra."""
    (name,) = (name for name in ZipFile(wheel).namelist() if name.endswith(".dist-info/METADATA"))
    metadata = message_from_bytes(ZipFile(wheel).read(name))
    required = {line.split(">=")[0] for line in metadata.get_all("Requires-Dist") if "extra ==" not in line}

    assert metadata["Name"] == "django-bgsync"
    assert metadata["License-Expression"] == "MIT"
    assert required == {"django", "django-q2", "djangorestframework", "whitenoise"}
    assert set(metadata.get_all("Provides-Extra")) == {"docs", "mysql", "openapi", "postgres", "redis", "test"}


def test_works_by_itself(wheel, tmp_path):
    """Unpacked beside nothing else of this repository, it passes its checks, migrates and serves its worker."""
    site, unpacked = tmp_path / "site", tmp_path / "unpacked"
    shutil.copytree(ROOT / "tests/architecture/wheel_site", site)
    ZipFile(wheel).extractall(unpacked)

    answer = run(["-W", "error", "smoke.py"], cwd=site, PYTHONPATH=str(unpacked))

    assert json.loads(answer) == {
        "home": str(unpacked / "django_bgsync/__init__.py"),
        "status": 200,
        "type": "text/javascript",
        "knows its address": True,
    }


def run(arguments: list[str], *, cwd: Path, **environ: str) -> str:
    """What a Python process prints; its errors if it fails."""
    process = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=os.environ | environ, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    return process.stdout
