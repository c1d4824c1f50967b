"""The scripts that are generated from `client/src`."""

from __future__ import annotations


def static_name(bundle: str, *, readable: bool) -> str:
    """Under which name `{% static %}` knows it: readable for those who look into it, else minified."""
    return f"django_bgsync/{bundle}{'' if readable else '.min'}.js"
