"""The committed bundles are made from the sources beside them. Node is not needed to notice that they are not."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "client"
STATIC = ROOT / "django_bgsync/static/django_bgsync"

BANNER = "/*! django-bgsync: generated from client/src, do not edit. sha256 {} */"
SHORT_BANNER = "/*! django-bgsync {} */"
PARTS = {"bgsync": CLIENT / "src/page-parts", "bgsync-worker": CLIENT / "src/worker-parts"}
BUNDLES = [
    *PARTS,
    *(f"{core}-{part.name}" for core, parts in PARTS.items() for part in parts.iterdir() if part.is_dir()),
]
SCRIPTS = [name + end for name in BUNDLES for end in (".js", ".min.js")]


@pytest.mark.parametrize("name", SCRIPTS)
def test_bundle_is_fresh(name):
    """The first line holds the hash of what the bundle was made from, and nothing that changes without that."""
    with (STATIC / name).open(encoding="utf-8") as bundle:
        banner = next(bundle).rstrip("\n")

    made_from = source_hash(CLIENT)
    expected = SHORT_BANNER.format(made_from[:12]) if ".min." in name else BANNER.format(made_from)
    assert banner == expected, 'client/src has changed: run "npm run build" in client/'


@pytest.mark.parametrize("name", [name for name in SCRIPTS if ".min." in name])
def test_source_map_is_beside_its_bundle(name):
    """A comment that names a map which is not there makes `collectstatic` fail; it names files of the client only."""
    sources = json.loads((STATIC / f"{name}.map").read_text(encoding="utf-8"))["sources"]

    assert (STATIC / name).read_text(encoding="utf-8").rstrip().endswith(f"//# sourceMappingURL={name}.map")
    assert [path for path in sources if "client/src/" not in path and "node_modules/idb-keyval/" not in path] == []


def test_no_other_bundle():
    """A bundle whose sources are gone is gone too."""
    assert {path.name for path in STATIC.glob("bgsync*.js")} == set(SCRIPTS)


def test_hash_sees_content_and_path(tmp_path):
    """Every byte and every path counts; how a checkout ends its lines does not."""
    (tmp_path / "src/page").mkdir(parents=True)
    (tmp_path / "package-lock.json").write_bytes(b"{}\n")
    module = tmp_path / "src/page/index.ts"

    module.write_bytes(b"start();\n")
    first = source_hash(tmp_path)
    module.write_bytes(b"start();\r\n")
    assert source_hash(tmp_path) == first

    module.write_bytes(b"stop();\n")
    assert source_hash(tmp_path) != first

    module.write_bytes(b"start();\n")
    module.rename(tmp_path / "src/page/api.ts")
    assert source_hash(tmp_path) != first


def source_hash(client: Path) -> str:
    """The same as `sourceHash` in client/build/bundles.mjs."""
    inside = [path.relative_to(client).as_posix() for path in (client / "src").rglob("*") if path.is_file()]
    digest = sha256()
    for path in sorted(["package-lock.json", *inside]):
        text = (client / path).read_bytes().replace(b"\r\n", b"\n")
        digest.update(path.encode() + b"\0" + text + b"\0")
    return digest.hexdigest()
