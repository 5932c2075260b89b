"""What the settings of several adapters have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BeforeValidator, SecretStr


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


ONE_OR_MANY = BeforeValidator(_one_or_many, json_schema_input_type=SecretStr | tuple[SecretStr, ...])
"""Of ``Annotated[tuple[Secret, ...], ONE_OR_MANY]``: a secret, or a list of them while it is rotated."""
