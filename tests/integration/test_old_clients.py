"""What clients of earlier releases send is answered as it was then.

`BGSYNC_RECORD=1` writes down the answers of conversations that have none yet; those that have one are never touched.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.old_clients import RECORDED, Conversation, differences

FILES = sorted(RECORDED.glob("*/*.json"))


@pytest.mark.django_db
@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_conversation(file: Path, settings: Any, django_user_model: Any, tmp_path: Path) -> None:
    """The answers to a recorded conversation are the recorded ones."""
    document = json.loads(file.read_text())
    runner = "django_bgsync.runners.none.NoRunner"
    settings.BGSYNC = {"RUNNER": runner, "FILE_ROOT": tmp_path, **document.get("settings", {})}
    users = {name: django_user_model.objects.create_user(name) for name in ("ada", "bob")}
    answers = Conversation(document, users).play()
    if "BGSYNC_RECORD" in os.environ and not any("answer" in step for step in document["steps"]):
        record(file, document, answers)

    steps = [step for step in document["steps"] if "request" in step]
    assert differences([step["answer"] for step in steps], answers) == []


def record(file: Path, document: dict[str, Any], answers: list[Any]) -> None:
    for step, answer in zip([step for step in document["steps"] if "request" in step], answers, strict=True):
        step["answer"] = answer
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def test_there_are_conversations() -> None:
    """Of the first release there are some; later releases add their own and leave these."""
    assert {file.parent.name for file in FILES} >= {"0.1"}
