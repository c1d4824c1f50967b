"""Forms that cannot be taken: nothing is stored, and nothing is held beyond the limits."""

from __future__ import annotations

import gzip
import json

import pytest

from django_bgsync.api import multipart
from django_bgsync.models import StoredFile, SyncItem
from tests.deliveries import LIMITS, code_of, make_item, problem_of, read
from tests.uploads import BOUNDARY, MULTIPART, form, parts_of, post_form, render, upload

ITEM = make_item(id="019a9f2e-63f1-7cc1-b1a5-8a4d3d0f2b11")
NAMED = f"{ITEM['id']}/photo"
ENVELOPE = ("envelope", None, json.dumps({"protocol": 1, "client": {"id": ITEM["id"]}, "items": [ITEM]}).encode())
FILE = (NAMED, "photo.png", b"pixels")


@pytest.fixture(autouse=True)
def root(settings, tmp_path):
    settings.BGSYNC = {"FILE_ROOT": tmp_path}
    return tmp_path


def raw(head: str, content: bytes = b"pixels") -> bytes:
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode("latin-1") + content + b"\r\n"


def around(part: bytes) -> bytes:
    return render(ENVELOPE) + part + f"--{BOUNDARY}--\r\n".encode()


DISPOSITION = f'Content-Disposition: form-data; name="{NAMED}"; filename="a.png"'
BROKEN = {
    "only an end": form(),
    "not a form": b"{}",
    "without an envelope": form(FILE),
    "two envelopes": form(ENVELOPE, ENVELOPE),
    "a file twice": form(ENVELOPE, FILE, FILE),
    "a file twice, once in capitals": form(ENVELOPE, FILE, (f"{ITEM['id'].upper()}/photo", "a.png", b"")),
    "envelope not JSON": form(("envelope", None, b"<html>")),
    "an unknown part": form(ENVELOPE, ("photo", "a.png", b"")),
    "an unknown field": form(ENVELOPE, ("csrfmiddlewaretoken", None, b"x")),
    "an unknown item": form(ENVELOPE, ("019a9f2e-63f1-7cc1-b1a5-8a4d3d0f2b12/photo", "a.png", b"")),
    "an id that is none": form(ENVELOPE, ("x/photo", "a.png", b"")),
    "no name behind the id": form(ENVELOPE, (f"{ITEM['id']}/", "a.png", b"")),
    "a name too long": form(ENVELOPE, (f"{ITEM['id']}/{'x' * 101}", "a.png", b"")),
    "NUL in a name": form(ENVELOPE, (f"{NAMED}\0", "a.png", b"")),
    "no end": form(ENVELOPE, FILE, end=b""),
    "cut off in a file": form(ENVELOPE, FILE)[:-25],
    "cut off in its end": form(ENVELOPE, FILE)[:-4],
    "something before": b"hello" + form(ENVELOPE, FILE),
    "something behind": form(ENVELOPE, FILE) + b"hello",
    "no disposition": around(raw("Content-Type: image/png")),
    "a disposition that is not text": around(raw('Content-Disposition: form-data; name="\xff"')),
    "a disposition without name": around(raw("Content-Disposition: form-data")),
    "an unknown charset": around(raw("Content-Disposition: form-data; name*=nonsense''photo")),
    "half a surrogate": around(raw(f"Content-Disposition: form-data; name*=utf-8''{ITEM['id']}%2F%ED%A0%80%00")),
    "endless headers": around(raw(f"X-Long: {'x' * 5000}\r\n{DISPOSITION}")),
    "nothing, a thousand times": f"--{BOUNDARY}\r\n".encode() * 1000 + form(ENVELOPE),
    "base64": around(raw(f"{DISPOSITION}\r\nContent-Transfer-Encoding: base64")),
}


@pytest.fixture(params=[True, False], ids=["debug", "production"])
def debug(request, settings):
    settings.DEBUG = request.param


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_broken_form(device, debug, root, body):
    """What cannot be read as a whole is a 400; a file that came only half would be half for ever."""
    assert code_of(post_form(device, body)) == (400, "invalid_envelope")
    assert not SyncItem.objects.exists()
    assert list(root.iterdir()) == []


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\xff",
        f"multipart/form-data; boundary={'x' * 300}",
    ],
)
def test_no_boundary(device, content_type):
    """Without a boundary a form cannot be read."""
    assert code_of(post_form(device, form(ENVELOPE), content_type)) == (400, "invalid_envelope")


def test_quoted_boundary(device):
    """A boundary may be quoted."""
    assert read(post_form(device, form(ENVELOPE), f'multipart/form-data; boundary="{BOUNDARY}"'))["results"]


def test_other_forms(device):
    """A urlencoded form is none of ours."""
    response = post_form(device, b"envelope={}", "application/x-www-form-urlencoded")

    assert code_of(response) == (415, "unsupported_media_type")


def test_envelope_as_a_file(device):
    """The envelope may come with a file name, as `curl -F envelope=@…` sends it, and after the files."""
    response = post_form(device, form(FILE, ("envelope", "envelope.json", ENVELOPE[2])))

    assert read(response)["results"][0]["status"] == "applied"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("photo.png", "photo.png"),
        ("C:\\fakepath\\photo.png", "photo.png"),
        ("../../etc/passwd", "passwd"),
        ("..", ""),
        (".", ""),
        ("", ""),
        ("a\0b\x07.png", "ab.png"),
        ("ünï ☃.png", "ünï ☃.png"),
        ("x" * 300 + ".png", "x" * 251 + ".png"),
    ],
)
def test_file_names(device, sent, kept):
    """A device's name for a file is kept as far as it is a name; the storage has one of its own."""
    read(post_form(device, form(ENVELOPE, (NAMED, sent, b"pixels"))))
    row = StoredFile.objects.get()

    assert row.filename == kept
    assert str(row.pk) in row.file.name


def test_capitals(device):
    """An id is one in capitals too."""
    read(post_form(device, form(ENVELOPE, (f"{ITEM['id'].upper()}/Photo", "a.png", b"pixels"))))

    assert StoredFile.objects.get().name == "Photo"


def test_file_without_a_type(device):
    """Neither file name nor type is needed."""
    read(post_form(device, form(ENVELOPE, (NAMED, None, b"pixels"))))

    assert StoredFile.objects.values_list("name", "filename", "content_type").get() == ("photo", "", "")


class TestLimits:
    LIMITS = {"MAX_BYTES": 2000, "MAX_FILES": 2, "MAX_FILE_BYTES": 100_000, "MAX_DELIVERY_FILE_BYTES": 150_000}

    @pytest.fixture(autouse=True)
    def small(self, settings):
        settings.BGSYNC |= self.LIMITS

    @pytest.mark.parametrize("sizes", [[100_000], [75_000, 75_000], [100_000, 50_000], [0, 0]])
    def test_just_enough(self, device, sizes):
        """Limits are what is allowed."""
        item = make_item()
        files = [(item, f"f{number}", b"x" * size) for number, size in enumerate(sizes)]

        assert read(upload(device, item, files=files))["results"][0]["status"] == "applied"

    @pytest.mark.parametrize("sizes", [[100_001], [75_000, 75_001], [0, 0, 0], [10**6]])
    @pytest.mark.parametrize("announced", [True, False], ids=["announced", "streamed"])
    def test_too_much(self, device, root, monkeypatch, sizes, announced):
        """One file, all files, or too many of them: a 413 that says how many are allowed."""
        if not announced:
            monkeypatch.setattr("django_bgsync.api.body._announced", lambda request: 0)
        item = make_item()
        files = [(item, f"f{number}", b"x" * size) for number, size in enumerate(sizes)]
        response = upload(device, item, files=files)

        assert code_of(response) == (413, "too_large")
        assert problem_of(response)["limits"] == LIMITS | {name.lower(): value for name, value in self.LIMITS.items()}
        assert list(root.iterdir()) == []

    def test_large_envelope(self, device):
        """The envelope is held to its own limit."""
        assert code_of(upload(device, make_item(payload="x" * 2000))) == (413, "too_large")

    def test_no_more_is_read_than_allowed(self, device, monkeypatch):
        """A file that is too large is not read to its end, and its bytes are dropped."""
        counted = []
        reading = multipart._Counted.read
        monkeypatch.setattr(multipart._Counted, "read", lambda self, size: counted.append(size) or reading(self, size))
        monkeypatch.setattr("django_bgsync.api.body._announced", lambda request: 0)
        item = make_item()
        upload(device, item, files=[(item, "photo", b"x" * 10**7)])

        assert sum(counted) < 4 * 100_000

    def test_endless_nothing(self, device, monkeypatch):
        """Parts without anything in them cost more than they weigh: a form with more than two is refused at once."""
        monkeypatch.setattr("django_bgsync.api.body._announced", lambda request: 0)
        nothing = f"--{BOUNDARY}\r\n\r\n".encode()

        assert code_of(post_form(device, nothing * 50_000 + form(ENVELOPE))) == (400, "invalid_envelope")

    def test_many_parts(self, device):
        """Parts without content are counted too."""
        item = make_item()
        body = form(*parts_of(device.envelope(item), *((item, str(number), b"") for number in range(1000))))

        assert code_of(post_form(device, body)) == (413, "too_large")


def test_files_are_closed(device, monkeypatch):
    """Whatever comes of a delivery, its temporary files are closed."""
    opened = []
    spool = multipart._spool
    monkeypatch.setattr(multipart, "_spool", lambda: opened.append(spool()) or opened[-1])
    for body in (form(ENVELOPE, FILE), form(ENVELOPE, FILE, FILE), form(FILE)):
        post_form(device, body)

    assert len(opened) == 3
    assert all(file.closed for file in opened)


def test_compressed_form(device):
    """A form may be compressed as JSON may."""
    response = post_form(device, gzip.compress(form(ENVELOPE, FILE)), MULTIPART, Content_Encoding="gzip")

    assert read(response)["results"][0]["status"] == "applied"
    assert StoredFile.objects.get().size == len(b"pixels")
