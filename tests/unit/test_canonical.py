"""Canonical JSON: one text for one payload, and the faults that forbid to store it."""

from __future__ import annotations

import contextlib
import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_bgsync.canonical import canonical, read_json, write_json, writer
from django_bgsync.exceptions import InvalidEnvelope

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
payloads = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20)


def check(payload, *, max_depth=64):
    return canonical(payload, max_depth=max_depth)


def fault_of(payload, **limits):
    fault = check(payload, **limits)[2]
    return fault and (fault.code, fault.detail)


@given(payloads)
def test_text_says_the_same(payload):
    """The canonical text is the payload, and its bytes are the text."""
    text, encoded, fault = check(payload)

    assert fault is None
    assert json.loads(text) == payload
    assert encoded.decode() == text


@given(payloads)
def test_text_is_canonical(payload):
    """The text does not change when it is read and written once more: a replay has the same fingerprint."""
    assert check(json.loads(check(payload)[0]))[0] == check(payload)[0]


@given(st.dictionaries(texts, scalars, min_size=2))
def test_order_of_keys_does_not_matter(payload):
    """The same members in another order are the same text."""
    turned = dict(reversed(payload.items()))

    assert check(turned)[0] == check(payload)[0]


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ({"ü": "é"}, '{"ü":"é"}'),
        ("e\u0301", '"e\u0301"'),
        (1.0, "1.0"),
        (1, "1"),
        (10**30, "1" + "0" * 30),
        (1e22, "1e+22"),
        ("\u2028", '"\u2028"'),
    ],
)
def test_known_texts(payload, text):
    """Compact, sorted, as UTF-8; numbers and accents stay as they were sent."""
    assert check(payload) == (text, text.encode(), None)


@pytest.mark.parametrize(("levels", "fault"), [(63, False), (64, False), (65, True), (900, True), (100_000, True)])
@pytest.mark.parametrize("shape", ["lists", "objects"])
@pytest.mark.parametrize("core", [None, "empty"])
def test_depth(levels, fault, shape, core):
    """Sixty-four levels of lists or objects may be stored, and no more."""
    payload = ([] if shape == "lists" else {}) if core else None
    for _ in range(levels - (core is not None)):
        payload = [payload] if shape == "lists" else {"x": payload}
    found = fault_of(payload)

    assert found == (("unstorable_payload", "payload is nested deeper than 64 levels.") if fault else None)


def test_width_is_not_depth():
    """Many lists beside each other are no depth."""
    assert fault_of([[[]]] * 1000, max_depth=3) is None


@pytest.mark.parametrize("payload", ["\0", {"\0": 1}, {"a": [{"b": "x\0"}]}])
def test_nul(payload):
    """NUL, which PostgreSQL cannot store, is found in values and keys."""
    assert fault_of(payload) == ("unstorable_payload", "payload holds a NUL character.")


@pytest.mark.parametrize("payload", ["\ud800", {"\udfff": 1}, ["x\udc00\ud800"]])
def test_surrogates(payload):
    """Half a surrogate pair, which UTF-8 cannot hold, is found in values and keys."""
    assert fault_of(payload) == ("unstorable_payload", "payload holds half of a surrogate pair.")


@pytest.mark.parametrize("payload", [float("inf"), [-float("inf")], {"a": float("inf")}])
def test_infinity(payload):
    """What 1e400 becomes is not JSON."""
    assert fault_of(payload) == ("unstorable_payload", "payload holds a number too large for a double.")


@pytest.mark.parametrize("payload", ["\\u0000", "\\ud800", "Infinity", "-Infinity"])
def test_look_alikes(payload):
    """Text that only looks like a fault is none."""
    assert fault_of(payload) is None


@given(payloads)
def test_reading_what_was_written(payload):
    """A document is read as it was written."""
    assert read_json(json.dumps({"payload": payload}).encode(), max_depth=64) == {"payload": payload}


@given(st.binary(max_size=200))
def test_reading_rubbish(body):
    """Whatever the bytes, the answer is a document or InvalidEnvelope."""
    with contextlib.suppress(InvalidEnvelope):
        read_json(body, max_depth=64)


JSON_LIKE = st.lists(
    st.sampled_from(
        [*'[]{},:" \\', "[" * 1200, "]" * 1200, '{"a":' * 1200, "}" * 1200, '"a"', '\\"', "\\u0000", "1e400", "é", "\n"]
    )
)


@given(JSON_LIKE.map("".join))
def test_reading_what_looks_like_json(text):
    """Brackets, quotes and escapes in any order, and in any depth, are read or refused."""
    with contextlib.suppress(InvalidEnvelope):
        read_json(text.encode(), max_depth=64)


@given(st.lists(payloads, max_size=5), st.integers(0, 5))
def test_reading_around_a_payload_that_is_too_deep(others, place):
    """A payload that is too deep for the parser is left out, and its neighbours are read as they are."""
    documents = [json.dumps(other) for other in others]
    place = min(place, len(documents))
    documents.insert(place, '["]", ' * 3000 + '"[{"' + "]" * 3000)
    items = ",".join(f'{{"payload": {text}}}' for text in documents)
    read = read_json(f'{{"items": [{items}]}}'.encode(), max_depth=64)["items"]

    assert [item["payload"] for item in read[:place] + read[place + 1 :]] == others
    assert fault_of(read[place]["payload"])[0] == "unstorable_payload"


@pytest.mark.parametrize(
    "body", [b'{"a":"\\u0000"}', b'{"\\ud800":1}', b'{"items":[{"lane":"\\udfff"}]}', b'["\\u0000"]']
)
def test_poison_in_the_envelope(body):
    """NUL and half a surrogate pair outside the payloads refuse the document."""
    with pytest.raises(InvalidEnvelope, match=r"The envelope holds a NUL character or half of a surrogate pair\."):
        read_json(body, max_depth=64)


@pytest.mark.parametrize("payload", ["\0", ["\ud800"], {"\0": {"deep": "\0"}}])
def test_poison_in_a_payload(payload):
    """In a payload they are left to the item."""
    document = {"items": [{"payload": payload}]}

    assert read_json(json.dumps(document).encode(), max_depth=64) == document


def test_own_order_of_keys():
    """Answers are compact and keep the order in which they were made."""
    assert write_json({"z": 1, "a": ["ü", None]}) == '{"z":1,"a":["ü",null]}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x", [10**5000]])
def test_what_json_does_not_know(value):
    """NaN, sets and bytes are errors, not texts."""
    with pytest.raises((TypeError, ValueError)):
        write_json(value)


@pytest.mark.parametrize("encoder", [None, lambda: None])
def test_without_the_fast_encoder(monkeypatch, encoder):
    """A Python whose `json` has no encoder in C, or one that is called otherwise, writes the same texts."""
    value = {"z": [1, 1.5, None, True], "a": {"ü": '"\\\n\x1f😀'}}
    fast = writer(sort_keys=True)
    module = SimpleNamespace(c_make_encoder=encoder, encode_basestring=str)
    monkeypatch.setattr("django_bgsync.canonical.json_encoder", module)
    slow = writer(sort_keys=True)

    assert slow(value) == fast(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def test_what_holds_itself():
    """It has no text."""
    value = []
    value.append(value)

    with pytest.raises((ValueError, RecursionError)):
        write_json(value)
