import os
import secrets
from contextlib import suppress
from pathlib import Path


def read_or_make(path: Path) -> str:
    """The key kept in `path`, made on first use.

    Every process needs the same one: sessions end and django-q2 throws tasks away when the key changes.
    """
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        with suppress(FileExistsError):  # another process was first: a link, unlike a rename, leaves its key alone
            os.link(draft, path)
        draft.unlink()
    return path.read_text()
